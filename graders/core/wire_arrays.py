"""Arrays and tensors on the wire: one safetensors document each, checked before it is loaded.

numpy and torch are imported only when a value of theirs is at hand, so that a process that
never meets a tensor never pays for torch.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from graders.core.wire_types import EXT_NUMPY, malformed

HEADER_CAP = 1_000_000
MAX_DIMENSIONS = 16
# safetensors' names, with their sizes in bytes
_SIZES = {
    "BOOL": 1, "U8": 1, "I8": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2,
    "I32": 4, "U32": 4, "F32": 4, "I64": 8, "U64": 8, "F64": 8,
}  # fmt: skip
_NUMPY = {
    "bool", "uint8", "int8", "int16", "uint16", "float16",
    "int32", "uint32", "float32", "int64", "uint64", "float64",
}  # fmt: skip
_TORCH = {
    "bool", "uint8", "int8", "int16", "uint16", "float16", "bfloat16",
    "int32", "uint32", "float32", "int64", "uint64", "float64",
}  # fmt: skip


def inspect(value: Any, code: int) -> tuple[str, int]:
    """Say why an array may not cross (empty when it may) and how many bytes it takes."""
    return _inspect_numpy(value) if code == EXT_NUMPY else _inspect_torch(value)


def _inspect_numpy(value: Any) -> tuple[str, int]:
    import numpy as np

    if value.dtype.name not in _NUMPY or not value.dtype.isnative:
        return f"numpy array of dtype {value.dtype.name}"[:120], 0
    low, high = np.lib.array_utils.byte_bounds(value)
    # SECURITY: test_an_expanded_array_is_refused_before_it_is_copied
    if value.nbytes > high - low:
        return "numpy array whose elements share memory (broadcast)", 0
    return "", value.nbytes


def _inspect_torch(value: Any) -> tuple[str, int]:
    import torch

    name = str(value.dtype).removeprefix("torch.")
    if value.layout is not torch.strided or value.is_quantized or value.device.type == "meta":
        return "torch tensor that is sparse, quantized or without data", 0
    if name not in _TORCH:
        return f"torch tensor of dtype {name}", 0
    size = value.numel() * value.element_size()
    # SECURITY: test_an_expanded_tensor_is_refused_before_it_is_copied
    if size > value.untyped_storage().nbytes():
        return "torch tensor whose elements share memory (expand)", 0
    return "", size


def to_bytes(value: Any, code: int) -> bytes:
    """Return the safetensors document of one array that `inspect` let pass."""
    if code == EXT_NUMPY:
        import numpy as np
        from safetensors.numpy import save as save_numpy

        # ascontiguousarray makes a vector of a scalar
        return bytes(save_numpy({"x": np.ascontiguousarray(value).reshape(value.shape)}))
    from safetensors.torch import save as save_torch

    plain = value.detach().resolve_conj().resolve_neg().cpu().contiguous()
    return bytes(save_torch({"x": plain}))


def from_bytes(data: bytes, code: int) -> Any:
    """Return the array in an untrusted safetensors document.

    Raises:
        WireError: MALFORMED.
    """
    _check_document(data, code)
    load: Callable[[bytes], Mapping[str, Any]]
    if code == EXT_NUMPY:
        from safetensors.numpy import load
    else:
        from safetensors.torch import load
    try:
        return load(data)["x"]
    except Exception as error:  # whatever the loader raises, the bytes are to blame
        raise malformed(f"a tensor that does not load: {type(error).__name__}") from None


def _check_document(data: bytes, code: int) -> None:
    """Check that the header is small and promises exactly the bytes that follow it."""
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or size > HEADER_CAP or 8 + size > len(data):
        raise malformed("a tensor's header is cut short or too long")
    try:
        header = json.loads(data[8 : 8 + size])
    except (ValueError, RecursionError):
        raise malformed("a tensor's header is not JSON") from None
    if not isinstance(header, dict) or set(header) != {"x"} or not isinstance(header["x"], dict):
        raise malformed("a tensor's header must hold exactly one tensor")
    entry = header["x"]
    shape, dtype = entry.get("shape"), entry.get("dtype")
    if not isinstance(shape, list) or len(shape) > MAX_DIMENSIONS or type(dtype) is not str:
        raise malformed("a tensor's header has a wrong shape or dtype")
    if dtype not in _SIZES or (code == EXT_NUMPY and dtype == "BF16"):  # numpy has no bfloat16
        raise malformed("a tensor of an unknown dtype")
    if not all(type(n) is int and 0 <= n < 2**40 for n in shape):
        raise malformed("a tensor's header has a wrong shape")
    expected = math.prod(shape) * _SIZES[dtype]
    if len(data) - 8 - size != expected or entry.get("data_offsets") != [0, expected]:
        raise malformed("a tensor's size does not match its shape")
