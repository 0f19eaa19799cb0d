"""Arrays and tensors across the wire, and documents that lie about theirs."""

import json

import msgpack
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from graders.core import wire
from graders.core.wire import Caps, WireError, WireFault

NUMPY, TORCH = 3, 4
DTYPES = ["bool", "uint8", "int8", "int16", "uint16", "float16", "int32", "uint32", "float32"]
DTYPES += ["int64", "uint64", "float64"]


def arrive(value):
    return wire.decode(wire.encode(value))


def fault_of(do, *args):
    with pytest.raises(WireError) as caught:
        do(*args)
    return caught.value.fault


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (3,), (2, 0, 4), (2, 3, 4)])
@pytest.mark.parametrize("cross", [arrive, wire.copy_plain])
def test_arrays_arrive_with_their_values_shape_and_dtype(cross, dtype, shape):
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    found = cross({"x": array})["x"]
    assert type(found) is np.ndarray
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert np.array_equal(found, array)
    assert not np.shares_memory(found, array)


@pytest.mark.parametrize("dtype", [*DTYPES, "bfloat16"])
@pytest.mark.parametrize("shape", [(), (3,), (2, 0, 4), (2, 3, 4)])
@pytest.mark.parametrize("cross", [arrive, wire.copy_plain])
def test_tensors_arrive_with_their_values_shape_and_dtype(cross, dtype, shape):
    count = int(np.prod(shape, dtype=int))
    tensor = torch.arange(count).reshape(shape).to(getattr(torch, dtype))
    found = cross([tensor])[0]
    assert type(found) is torch.Tensor
    assert (found.dtype, found.shape) == (tensor.dtype, tensor.shape)
    assert torch.equal(found, tensor)
    assert count == 0 or found.data_ptr() != tensor.data_ptr()


@pytest.mark.parametrize("cross", [arrive, wire.copy_plain])
def test_views_arrive_as_what_they_show(cross):
    array = np.arange(24).reshape(4, 6)
    assert np.array_equal(cross(array.T[::2]), array.T[::2])
    tensor = torch.arange(24).reshape(4, 6)
    assert torch.equal(cross(tensor.t()[::2]), tensor.t()[::2])
    assert cross(tensor.t()).is_contiguous()


@pytest.mark.parametrize("cross", [arrive, wire.copy_plain])
def test_a_tensor_with_a_gradient_arrives_without_it(cross):
    tensor = torch.ones(2, requires_grad=True) * 2
    assert torch.equal(cross(tensor), torch.full((2,), 2.0))
    assert not cross(tensor).requires_grad


@pytest.mark.parametrize("cross", [arrive, wire.copy_plain])
def test_a_lazily_negated_tensor_arrives_negated(cross):
    negated = torch.tensor([1 + 2j]).conj().imag
    assert negated.is_neg()
    assert cross(negated).tolist() == [-2]
    assert not cross(negated).is_neg()


def test_nan_and_infinity_arrive():
    array = np.array([np.nan, np.inf, -0.0])
    assert arrive(array).tobytes() == array.tobytes()


class Wrapped(np.ndarray):
    pass


@pytest.mark.parametrize(
    "value",
    [
        np.float32(1),
        np.array(["x"]),
        np.array([object()]),
        np.array([1j]),
        np.array([1], dtype=">i4"),
        np.zeros(2, dtype=[("a", "i4")]),
        np.zeros(2).view(Wrapped),
        np.ma.masked_array([1]),
        torch.nn.Parameter(torch.ones(1)),
        torch.ones(1, dtype=torch.complex64),
        torch.ones(2, 2).to_sparse(),
        torch.ones(1, device="meta"),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("cross", [wire.encode, wire.copy_plain])
def test_arrays_that_are_not_plain_are_refused(cross, value):
    assert fault_of(cross, value) is WireFault.NOT_PLAIN


@pytest.mark.parametrize("cross", [wire.encode, wire.copy_plain])
def test_an_expanded_array_is_refused_before_it_is_copied(cross):
    huge = np.broadcast_to(np.zeros(1), (2**20, 2**20))
    assert fault_of(cross, huge) is WireFault.NOT_PLAIN


@pytest.mark.parametrize("cross", [wire.encode, wire.copy_plain])
def test_an_expanded_tensor_is_refused_before_it_is_copied(cross):
    assert fault_of(cross, torch.zeros(1).expand(2**20, 2**20)) is WireFault.NOT_PLAIN


@pytest.mark.parametrize("make", [np.zeros, torch.zeros])
@pytest.mark.parametrize("cross", [wire.encode, wire.copy_plain])
def test_one_array_many_times_counts_each_time(cross, make):
    array = make(2**20)  # eight or four megabytes
    assert fault_of(cross, [array] * 20) is WireFault.TOO_LARGE


def document(header, body=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def entry(dtype="F32", shape=(1,), offsets=(0, 4)):
    return {"x": {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}}


def decode_document(data, code):
    return wire.decode(msgpack.packb(msgpack.ExtType(code, data)))


def test_the_honest_document_of_these_tests_loads():
    data = document(entry(), np.float32(1.5).tobytes())
    assert decode_document(data, NUMPY).tolist() == [1.5]
    assert decode_document(data, TORCH).tolist() == [1.5]


@pytest.mark.parametrize("code", [NUMPY, TORCH])
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x01",
        (2**63).to_bytes(8, "little"),
        document(json.dumps(entry()).encode() + b" " * 1_000_000, b"1234"),
        document(b"{"),
        document(b"[" * 100_000),
        document(b'{"x": ' + b"9" * 5000 + b"}"),
        document(b"\xff\xfe"),
        document([]),
        document({}),
        document({"x": 1}),
        document({"y": entry()["x"]}, b"1234"),
        document(entry() | {"y": entry()["x"]}, b"1234"),
        document(entry() | {"__metadata__": {"a": "b"}}, b"1234"),
        document(entry(), b"123"),
        document(entry(), b"12345"),
        document(entry(shape=[2**40 - 1]), b"1234"),
        document(entry(shape=[2**40] * 3), b"1234"),
        document(entry(shape=[-1]), b"1234"),
        document(entry(shape=[True]), b"1234"),
        document(entry(shape=[1.0]), b"1234"),
        document(entry(shape=[1] * 17), b"1234"),
        document(entry(offsets=[0, 8]), b"1234"),
        document(entry(offsets=[4, 8]), b"1234"),
        document(entry(dtype="F128"), b"1234"),
        document(entry(dtype=["F32"]), b"1234"),
        document({"x": {"dtype": "F32"}}, b"1234"),
    ],
    ids=lambda data: ascii(data[8:48]),
)
def test_a_document_that_lies_about_its_tensor_is_malformed(code, data):
    assert fault_of(decode_document, data, code) is WireFault.MALFORMED


def test_bfloat16_is_not_an_array_of_numpys():
    data = document(entry("BF16", offsets=(0, 2)), b"\x00\x00")
    assert fault_of(decode_document, data, NUMPY) is WireFault.MALFORMED
    assert decode_document(data, TORCH).tolist() == [0]


def test_a_document_over_the_cap_is_refused():
    data = wire.encode(np.zeros(100))
    assert fault_of(wire.decode, data, Caps(frame_bytes=500)) is WireFault.TOO_LARGE


@given(st.sampled_from([NUMPY, TORCH]), st.integers(0, 10**6), st.integers(0, 255))
def test_a_spoiled_document_is_an_array_or_a_wire_error(code, place, byte):
    value = np.arange(6.0).reshape(2, 3)
    data = bytearray(wire.encode(value if code == NUMPY else torch.from_numpy(value)))
    data[place % len(data)] = byte
    found, fault = value_or_fault(data)
    assert fault in {None, WireFault.MALFORMED, WireFault.TOO_LARGE}
    assert wire.encode(found)


def value_or_fault(data):
    try:
        return wire.decode(data), None
    except WireError as error:
        return None, error.fault
