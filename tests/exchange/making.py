"""Uploads for tests, harmless and hostile, and what becomes of them."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from graders.core.config import Assignment, Files, Limits
from graders.core.messages import Messages
from graders.core.records import Intake
from graders.exchange import collect

NOW = datetime(2026, 10, 21, 9, 0, tzinfo=UTC)
WORK = {"data.py": b"x = 1\n", "report.md": "# Отчёт\n".encode()}


def assignment(**rules) -> Assignment:
    """Return an assignment that takes modules, a report and an adapter."""
    told = {
        "required": ("data.py", "report.md"),
        "allowed": ("*.py", "claims.json", "adapter/*.json", "adapter/*.safetensors"),
        "max_file_kb": 64,
        "max_total_kb": 4096,
        "max_files": 20,
        "sizes": ({"pattern": "adapter/*", "max_kb": 3072},),
    }
    return Assignment(
        name="hw1",
        package="hw1",
        title={"ru": "ДЗ1", "en": "HW1"},
        data="",
        model="none",
        parts=(),
        rubric=(),
        files=Files.model_validate(told | rules),
        limits=Limits(),
        settings={},
        folder=Path("hw1"),
    )


def zipped(
    files: Mapping[str, bytes] | list[tuple[str | zipfile.ZipInfo, bytes]],
    compression: int = zipfile.ZIP_DEFLATED,
) -> bytes:
    """Return a zip archive; pairs may repeat a name and may carry a whole ZipInfo."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", compression) as archive:
        for name, content in files.items() if isinstance(files, Mapping) else files:
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name)
            info.compress_type = compression
            archive.writestr(info, content)
    return memory.getvalue()


def moded(name: str, mode: int) -> zipfile.ZipInfo:
    """Return an entry that claims to be of a Unix file type."""
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = (mode | 0o644) << 16
    return info


LINK, DEVICE, PIPE = stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO


def safetensors(
    tensors: Mapping[str, tuple[str, list[int], list[int]]], data: bytes, **metadata: str
) -> bytes:
    """Return a safetensors file that says exactly this, right or wrong."""
    header: dict = {
        name: {"dtype": dtype, "shape": shape, "data_offsets": offsets}
        for name, (dtype, shape, offsets) in tensors.items()
    }
    if metadata:
        header["__metadata__"] = metadata
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


GOOD_TENSORS = safetensors(
    {"a": ("F32", [2, 3], [0, 24]), "b": ("BF16", [4], [24, 32]), "c": ("F32", [0], [32, 32])},
    bytes(32),
    format="pt",
)


def lay(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files into a folder."""
    for path, content in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return folder


def collected(inbox: Path, asked: Assignment | None = None, manifest: Path | None = None):
    """Return all intakes of an inbox."""
    return list(collect(inbox, asked or assignment(), now=NOW, manifest=manifest))


def one(inbox: Path, asked: Assignment | None = None) -> Intake:
    """Return the only intake of an inbox."""
    (intake,) = collected(inbox, asked)
    return intake


def uploaded(inbox: Path, content: bytes, asked: Assignment | None = None) -> Intake:
    """Return what becomes of one archive."""
    inbox.mkdir(exist_ok=True)
    (inbox / "s01.zip").write_bytes(content)
    return one(inbox, asked)


def reason(intake: Intake) -> str:
    """Return the key of a refusal, having made sure that both languages can tell it."""
    assert intake.refusal is not None, f"accepted with {sorted(intake.files)}"
    assert intake.files == {}
    for lang in ("ru", "en"):
        text = Messages.load(lang=lang, strict=True).text(intake.refusal.key, **intake.refusal.args)
        assert text.isprintable()
        assert not text.endswith(".")
    return intake.refusal.key.removeprefix("refused.")
