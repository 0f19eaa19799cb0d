"""Whatever is handed in, the class goes on: an intake comes of it, and nothing else."""

from __future__ import annotations

import tempfile
import warnings
import zipfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graders.core.messages import Messages
from graders.exchange.contents import MAX_HEADER, refuse_content
from graders.exchange.faults import RefusedError
from tests.exchange.making import (
    DEVICE,
    GOOD_TENSORS,
    LINK,
    WORK,
    assignment,
    collected,
    moded,
    safetensors,
    zipped,
)

RU = Messages.load(lang="ru", strict=True)
COMMON = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])

parts = st.sampled_from(
    ["hw1", "data.py", "Data.py", "..", ".", "", "adapter", "report.md", "й", "и\u0306", ".git"]
) | st.text(max_size=6)
names = st.lists(parts, min_size=1, max_size=4).map("/".join)
contents = st.sampled_from([b"", b"x = 1\n", GOOD_TENSORS, bytes(70_000)]) | st.binary(max_size=40)
kinds = st.sampled_from([0, 0, 0, LINK, DEVICE])
archives = st.lists(st.tuples(names, kinds, contents), max_size=6)


def archive_of(entries) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a name twice is the point
        return zipped(
            [
                (moded(name, kind) if kind else zipfile.ZipInfo(name), content)
                for name, kind, content in entries
                if not any("\ud800" <= char <= "\udfff" for char in name)
            ]
        )


def check(content: bytes, folder: Path) -> None:
    """Collect a class of this upload and a good one, and hold it to the promises."""
    (folder / "s01.zip").write_bytes(content)
    (folder / "s02.zip").write_bytes(zipped(WORK))
    asked = assignment()

    first, second = collected(folder, asked)

    assert second.files == WORK
    assert (first.refusal is None) == bool(first.files)
    if first.refusal is not None:
        assert RU.text(first.refusal.key, **first.refusal.args).isprintable()
    assert all(asked.files.allows(path) for path in first.files)
    assert all(".." not in path.split("/") for path in first.files)
    assert len({path.casefold() for path in first.files}) == len(first.files)
    assert sum(map(len, first.files.values())) <= asked.files.max_total_bytes
    assert sorted(path.name for path in folder.iterdir()) == ["s01.zip", "s02.zip"]


@COMMON
@given(archives)
def test_any_archive_is_an_intake(entries):
    with tempfile.TemporaryDirectory() as folder:
        check(archive_of(entries), Path(folder))


@COMMON
@given(st.data())
def test_any_damage_to_an_archive_is_an_intake(data):
    whole = bytearray(zipped({f"hw1/{name}": content for name, content in WORK.items()}))
    places = st.integers(0, len(whole) - 1)
    for place, byte in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=6)):
        whole[place] = byte
    cut = data.draw(st.just(len(whole)) | places)
    with tempfile.TemporaryDirectory() as folder:
        check(bytes(whole[:cut]), Path(folder))


@COMMON
@given(st.binary(max_size=200), st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06"]))
def test_any_bytes_are_an_intake(tail, start):
    with tempfile.TemporaryDirectory() as folder:
        check(start + tail, Path(folder))


numbers = st.integers(-2, 40) | st.integers() | st.booleans() | st.none() | st.text(max_size=3)
tensors = st.dictionaries(
    st.text(max_size=4),
    st.tuples(
        st.sampled_from(["F32", "BF16", "U8", "O", 4, None]),
        st.lists(numbers, max_size=3) | numbers,
        st.lists(numbers, max_size=3) | numbers,
    ),
    max_size=3,
)


def refused(content: bytes) -> bool:
    try:
        refuse_content("adapter/adapter_model.safetensors", content)
    except RefusedError:
        return True
    return False


@COMMON
@given(tensors, st.binary(max_size=40))
def test_a_header_that_is_let_through_is_one_that_safetensors_reads(told, data):
    from safetensors import SafetensorError, deserialize

    content = safetensors(told, data)
    if refused(content):
        return
    try:
        read = deserialize(content)
    except SafetensorError as error:  # pragma: no cover - this is the failure
        raise AssertionError(f"let through: {content!r}") from error
    assert {name for name, _ in read} == set(told)


@COMMON
@given(st.binary(max_size=100), st.integers(0, 2 * MAX_HEADER) | st.integers(0, 2**64 - 1))
def test_any_safetensors_file_is_judged(tail, length):
    assert refused(length.to_bytes(8, "little") + tail) in (True, False)
    assert refused(tail) in (True, False)
