"""What a file holds, judged by its first bytes and without loading it.

Pickles run code when they are loaded, and `torch.load(weights_only=True)` was broken twice, so
no checkpoint format but safetensors is accepted, and of that the header is checked here in
plain Python. Values of tensors are the tests' business.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from graders.core import strictjson
from graders.exchange.faults import RefusedError
from graders.exchange.names import shown

MAX_HEADER = 1024 * 1024
MAX_TENSORS = 10_000
_MAX_RANK = 16

PICKLES = (
    ".pt",
    ".pth",
    ".pkl",
    ".pickle",
    ".bin",
    ".ckpt",
    ".joblib",
    ".dill",
    ".npz",
)
ARCHIVES = (
    ".zip",
    ".rar",
    ".7z",
    ".tar",
    ".tar.gz",
    ".tgz",
    ".gz",
    ".tar.bz2",
    ".bz2",
    ".tar.xz",
    ".xz",
    ".zst",
)

_ITEM_BYTES = {
    "BOOL": 1,
    "U8": 1,
    "I8": 1,
    "F8_E5M2": 1,
    "F8_E4M3": 1,
    "F8_E8M0": 1,
    "U16": 2,
    "I16": 2,
    "F16": 2,
    "BF16": 2,
    "U32": 4,
    "I32": 4,
    "F32": 4,
    "U64": 8,
    "I64": 8,
    "F64": 8,
}
_NPY = b"\x93NUMPY"
_OBJECTS = re.compile(rb"['\"][<>=|]?O\d*['\"]")


def is_pickle(path: str) -> bool:
    """Say whether a file's name is one of a format that may hold pickled objects."""
    return path.lower().endswith(PICKLES)


def is_archive(path: str) -> bool:
    """Say whether a file's name is one of an archive."""
    return path.lower().endswith(ARCHIVES)


def without_archive_suffix(name: str) -> str:
    """Return an upload's file name without the suffix of its archive format."""
    found = max((s for s in ARCHIVES if name.lower().endswith(s)), key=len, default="")
    return name.removesuffix(name[len(name) - len(found) :]) if found else name


def refuse_content(path: str, content: bytes) -> None:
    """Refuse a file that is dangerous to load, or that is not what its name says.

    Raises:
        RefusedError: It is.
    """
    name = path.lower()
    if name.endswith(".safetensors"):
        _check_safetensors(path, content)
    elif name.endswith(".npy") or content.startswith(_NPY):
        _check_npy(path, content)


def _check_npy(path: str, content: bytes) -> None:
    """Refuse arrays of objects, which numpy keeps as a pickle."""
    # The header is a Python literal in front of the data; version 1 states its length in two
    # bytes, later ones in four.
    width = 2 if content[6:7] == b"\x01" else 4
    length = int.from_bytes(content[8 : 8 + width], "little")
    header = content[8 + width : 8 + width + length]
    if not content.startswith(_NPY) or len(header) != length or length > MAX_HEADER:
        raise RefusedError("damaged_file", path=shown(path))
    if _OBJECTS.search(header):
        raise RefusedError("object_array", path=shown(path))


def _check_safetensors(path: str, content: bytes) -> None:
    """Check a safetensors file as the format's own reader does, but under limits.

    The format: eight bytes of the header's length, the header in JSON, and the tensors' bytes
    without holes between them (github.com/huggingface/safetensors, "Format").
    """
    name = shown(path)
    if content[:2] == b"PK" or content[:1] == b"\x80":
        raise RefusedError("renamed_pickle", path=name)
    length = int.from_bytes(content[:8], "little")
    # SECURITY: the length is compared before the header is cut or parsed
    # (test_a_safetensors_header_bomb_is_refused).
    if len(content) < 8 or length > max(MAX_HEADER, len(content) - 8):
        raise RefusedError("safetensors_damaged", path=name)
    if length > MAX_HEADER:
        raise RefusedError("safetensors_header", path=name, limit=MAX_HEADER // 1024)
    if length > len(content) - 8 or content[8:9] != b"{":
        raise RefusedError("safetensors_damaged", path=name)
    try:
        header = strictjson.loads(content[8 : 8 + length], max_bytes=MAX_HEADER, max_depth=4)
    except strictjson.StrictJsonError:
        raise RefusedError("safetensors_damaged", path=name) from None
    tensors = {key: told for key, told in header.items() if key != "__metadata__"}
    if len(tensors) > MAX_TENSORS:
        raise RefusedError("safetensors_tensors", path=name, limit=MAX_TENSORS)
    if not _metadata_is_plain(header.get("__metadata__", {})) or not _tiles(
        tensors, len(content) - 8 - length
    ):
        raise RefusedError("safetensors_damaged", path=name)


def _metadata_is_plain(told: Any) -> bool:
    return isinstance(told, dict) and all(isinstance(value, str) for value in told.values())


def _tiles(tensors: Mapping[str, Any], size: int) -> bool:
    """Say whether tensors cover `size` bytes exactly, each as many as its shape needs."""
    spans = []
    for told in tensors.values():
        if not isinstance(told, dict) or told.keys() != {"dtype", "shape", "data_offsets"}:
            return False
        dtype, shape, offsets = told["dtype"], told["shape"], told["data_offsets"]
        if not isinstance(dtype, str) or dtype not in _ITEM_BYTES:
            return False
        if not _counts(shape) or not _counts(offsets) or len(offsets) != 2:
            return False
        if offsets[1] - offsets[0] != math.prod(shape) * _ITEM_BYTES[dtype]:
            return False
        spans.append((offsets[0], offsets[1]))
    end = 0
    for start, stop in sorted(spans):
        if start != end:
            return False
        end = stop
    return end == size


def _counts(told: Any) -> bool:
    return (
        isinstance(told, list)
        and len(told) <= _MAX_RANK
        and all(type(item) is int and item >= 0 for item in told)
    )
