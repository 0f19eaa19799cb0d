"""Data sets in three parts: train and public for students, hidden for the grader.

`sarcasm`: news headlines, 1 when the headline is a satirical paper's. How it is divided stands in
`division`, which students' wheels are built without: there the bundle's folder is the only source.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graders.assets import hub
from graders.assets.cache import MANIFEST, Say, cache_root, manifest_of, once, quiet, sha256_of
from graders.assets.models import describe
from graders.assets.sources import DATASETS, Source
from graders.assets.wheels import take_member
from graders.core.errors import CourseError, InfraError

if TYPE_CHECKING:
    from graders.assets.division import Row

PARTS: Mapping[str, int] = {"hidden": 1000, "public": 500, "train": 3000}
STUDENT_PARTS = ("train", "public")


def ensure_data(name: str, say: Say = quiet, near: Path | None = None) -> Path:
    """Return the folder of a data set, brought into the cache when it is not there.

    It holds `train.jsonl`, `public.jsonl`, `hidden.jsonl` (a bundle's folder has no hidden part)
    with rows `{"id", "headline", "label"}`, and `manifest.json`.

    Args:
        name: A data set that is pinned here, or `hub:OWNER/NAME[@REVISION]`.
        say: Receives one line per step.
        near: An unpacked bundle; its `data/` is used where it lies.

    Raises:
        CourseError: There is no such data set, or this is a student's copy of the platform and
            `near` holds no data.
        InfraError: It cannot be brought here, or is not what was pinned.
    """
    if near is not None and (near / "data" / "train.jsonl").is_file():
        return _checked(near / "data")
    if (remote := hub.parse(name)) is not None:
        folder = cache_root() / "data" / remote.folder
        return once(folder, lambda part: _from_hub(remote, part, say), say)
    if name not in DATASETS:
        raise CourseError(
            "no such data set is pinned",
            where=name,
            todo=f"Use one of {', '.join(sorted(DATASETS))}, or hub:OWNER/NAME@REVISION",
        )
    source = DATASETS[name]
    folder = cache_root() / "data" / f"{name}-{source.version}"
    return once(folder, lambda part: _prepare(source, part, say), say, room_mb=source.room_mb)


def _checked(folder: Path) -> Path:
    """Return a bundle's data folder if its files are what its manifest says."""
    told = manifest_of(folder)
    if told is None:
        raise InfraError(
            "the bundle's data have no manifest",
            where=str(folder / MANIFEST),
            todo="Unpack the bundle again",
        )
    for part in STUDENT_PARTS:
        path = folder / f"{part}.jsonl"
        expected = told.get("files", {}).get(path.name, {}).get("sha256")
        if not path.is_file() or sha256_of(path) != expected:
            raise InfraError(
                "the file is not what the bundle's manifest says",
                where=str(path),
                todo="Unpack the bundle again; measure on its data as they are",
            )
    return folder


def _prepare(source: Source, part: Path, say: Say) -> Mapping[str, Any]:
    """Write the three parts; what is left over is not kept."""
    # SECURITY: whoever can draw the parts knows the hidden one; a student's wheel has no such
    # module (test_a_students_copy_cannot_draw_the_hidden_part).
    try:
        from graders.assets.division import divide, read_samples
    except ModuleNotFoundError as error:
        raise CourseError(
            "the hidden part is the staff's, this copy of the platform cannot draw it",
            where=source.requirement,
            todo="Run the command inside the unpacked bundle: its data/ has all that you need",
        ) from error
    raw = part / source.file
    take_member(source, raw, say)
    say(f"{source.file}: dividing into {', '.join(PARTS)}")
    rows = read_samples(raw)
    raw.unlink()
    parts = divide(rows, PARTS)
    for name, chosen in parts.items():
        _write(part / f"{name}.jsonl", chosen)
    for name, expected in source.prepared.items():
        if sha256_of(part / name) != expected:
            raise InfraError(
                "the division gave another file than the pinned one",
                where=name,
                todo="Report it together with the Python version: grades would not compare",
            )
    counts = {
        name: {"rows": len(chosen), "sarcastic": sum(row.label for row in chosen)}
        for name, chosen in sorted(parts.items())
    }
    return {**describe(source), "unique": len(rows), "counts": counts}


def _write(path: Path, rows: Iterable[Row]) -> None:
    lines = (
        json.dumps({"id": row.id, "headline": row.headline, "label": row.label}, ensure_ascii=False)
        for row in rows
    )
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def _from_hub(spec: hub.HubSpec, part: Path, say: Say) -> Mapping[str, Any]:
    say(f"{spec.repo}: downloading from the hub")
    hub.download(spec, part, data=True)
    missing = [name for name in PARTS if not (part / f"{name}.jsonl").is_file()]
    if missing:
        raise CourseError(
            f"the data set has no {missing[0]}.jsonl",
            where=f"hub:{spec.repo}@{spec.revision}",
            todo="It must hold train.jsonl, public.jsonl and hidden.jsonl",
        )
    return {"hub": spec.repo, "revision": spec.revision}
