"""Data sets in parts: some for students, some for the grader alone.

`sarcasm`: news headlines, 1 when the headline is a satirical paper's; train and public are the
students', hidden is the grader's. `summaries`: one-line summaries of Python documentation;
students have train and test (public and private, mixed and without answers). How they are divided
stands in `division` and `summaries`, which students' wheels are built without: there the bundle's
folder is the only source.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from graders.assets import benchmark, hub, safety
from graders.assets.cache import MANIFEST, Say, cache_root, manifest_of, once, quiet, sha256_of
from graders.assets.models import describe
from graders.assets.sources import DATASETS, DOCUMENTATION, SUMMARIES, Made, Source
from graders.assets.wheels import take_member
from graders.core.errors import CourseError, InfraError

if TYPE_CHECKING:
    from graders.assets.division import Row

PARTS: Mapping[str, int] = {"hidden": 1000, "public": 500, "train": 3000}


@dataclass(frozen=True, slots=True)
class Layout:
    """Who may know what of a data set.

    Args:
        student: The parts that a bundle has.
        beside: Other files that go with them.
        secret: The parts that the grader alone has...
        telling: ...and the field that gives one of their rows away.
        ids_secret: Whether their ids are unknown to students, too.
        open_manifest: Whether the manifest may be passed on as it is.
    """

    student: tuple[str, ...]
    beside: tuple[str, ...]
    secret: tuple[str, ...]
    telling: str
    ids_secret: bool
    open_manifest: bool


@dataclass(frozen=True, slots=True)
class HiddenValues:
    """What must not stand anywhere in a bundle."""

    texts: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()


_THREE_PARTS = Layout(("train", "public"), (), ("hidden",), "headline", True, True)
_LAYOUTS: Mapping[str, Layout] = MappingProxyType(
    {
        "benchmark": Layout(("dev", "test"), ("LICENSES.md",), (), "question", False, True),
        "summaries": Layout(
            ("train", "test"), ("LICENSES.txt",), ("private", "public"), "summary", False, False
        ),
        "safety": Layout(safety.PARTS, (safety.LICENCES,), (), "", False, True),
        "documentation": Layout(
            ("documents", "train", "test"), ("LICENSES.txt",), (), "query", False, True
        ),
    }
)


def student_parts(name: str) -> tuple[str, ...]:
    """Return the parts of a data set that a student's bundle has."""
    return _layout(name).student


def student_files(name: str, folder: Path) -> dict[str, bytes]:
    """Return what goes into a bundle's `data/`: file names and contents.

    Args:
        name: The data set.
        folder: What `ensure_data` returned for it.
    """
    layout = _layout(name)
    names = [*(f"{part}.jsonl" for part in layout.student), *layout.beside]
    files = {one: (folder / one).read_bytes() for one in names}
    if layout.open_manifest:
        return {**files, MANIFEST: (folder / MANIFEST).read_bytes()}
    # SECURITY: the whole manifest says which packages are examined in which part
    # (test_a_students_manifest_does_not_say_what_stands_in_which_part).
    told = manifest_of(folder) or {}
    open_facts = {
        "packages": told["packages"],
        "counts": {part: files[f"{part}.jsonl"].count(b"\n") for part in layout.student},
        "files": {one: told["files"][one] for one in names},
    }
    text = json.dumps(open_facts, ensure_ascii=False, indent=2) + "\n"
    return {**files, MANIFEST: text.encode()}


def hidden_values(name: str, folder: Path) -> HiddenValues:
    """Return the texts and ids of a data set that students must not find in a bundle.

    Args:
        name: The data set.
        folder: What `ensure_data` returned for it.
    """
    layout = _layout(name)
    rows = [
        json.loads(line)
        for part in layout.secret
        for line in (folder / f"{part}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    texts = [row[layout.telling] for row in rows]
    written = [json.dumps(text, ensure_ascii=False)[1:-1] for text in texts]
    ids = frozenset(row["id"] for row in rows) if layout.ids_secret else frozenset()
    return HiddenValues(frozenset((*texts, *written)), ids)


def _layout(name: str) -> Layout:
    return _LAYOUTS.get(name, _THREE_PARTS)


def ensure_data(name: str, say: Say = quiet, near: Path | None = None) -> Path:
    """Return the folder of a data set, brought into the cache when it is not there.

    `sarcasm` holds `train.jsonl`, `public.jsonl`, `hidden.jsonl` with rows `{"id", "headline",
    "label"}`. `summaries` holds `train.jsonl`, `public.jsonl`, `private.jsonl` with rows `{"id",
    "package", "name", "signature", "document", "summary"}`, and `test.jsonl`: the rows of public
    and private in one order, without `package` and `summary`. Each has a `manifest.json`; a
    bundle's folder has only `student_parts`. `documentation` holds `documents.jsonl` with rows
    `{"id", "name", "signature", "document"}`, and `train.jsonl` and `test.jsonl` with rows `{"id",
    "query", "document", "package"}`; all of it is the students'. So is all of `safety`, whose
    files `graders.assets.safety` describes.

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
        return _checked(near / "data", student_parts(name))
    if (remote := hub.parse(name)) is not None:
        folder = cache_root() / "data" / remote.folder
        return once(folder, lambda part: _from_hub(remote, part, say), say)
    several = _made()
    if name not in DATASETS and name not in several:
        known = ", ".join(sorted([*DATASETS, *several]))
        raise CourseError(
            "no such data set is pinned",
            where=name,
            todo=f"Use one of {known}, or hub:OWNER/NAME@REVISION",
        )
    if name in several:
        made, prepare = several[name]
        folder = cache_root() / "data" / f"{name}-{made.version}"

        def make(part: Path) -> Mapping[str, Any]:
            facts = prepare(part, say)
            _require_prepared(part, made.prepared)
            return facts

        return once(folder, make, say, room_mb=made.room_mb)
    source = DATASETS[name]
    folder = cache_root() / "data" / f"{name}-{source.version}"
    return once(folder, lambda part: _prepare(source, part, say), say, room_mb=source.room_mb)


def _checked(folder: Path, parts: Iterable[str]) -> Path:
    """Return a bundle's data folder if its files are what its manifest says."""
    told = manifest_of(folder)
    if told is None:
        raise InfraError(
            "the bundle's data have no manifest",
            where=str(folder / MANIFEST),
            todo="Unpack the bundle again",
        )
    for part in parts:
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
        raise _staffs(source.requirement) from error
    raw = part / source.file
    take_member(source, raw, say)
    say(f"{source.file}: dividing into {', '.join(PARTS)}")
    rows = read_samples(raw)
    raw.unlink()
    parts = divide(rows, PARTS)
    for name, chosen in parts.items():
        _write(part / f"{name}.jsonl", chosen)
    _require_prepared(part, source.prepared)
    counts = {
        name: {"rows": len(chosen), "sarcastic": sum(row.label for row in chosen)}
        for name, chosen in sorted(parts.items())
    }
    return {**describe(source), "unique": len(rows), "counts": counts}


def _summaries(part: Path, say: Say) -> Mapping[str, Any]:
    """Write the parts of "summaries"."""
    # SECURITY: as for `_prepare` (test_a_students_copy_cannot_draw_the_hidden_part).
    try:
        from graders.assets.summaries import prepare
    except ModuleNotFoundError as error:
        raise _staffs("summaries") from error
    return prepare(part, say)


def _documentation(part: Path, say: Say) -> Mapping[str, Any]:
    """Write the parts of "documentation", out of the summaries."""
    try:
        from graders.assets.documentation import prepare
    except ModuleNotFoundError as error:
        raise _staffs("documentation") from error
    return prepare(part, say, ensure_data)


def _made() -> Mapping[str, tuple[Made, Callable[[Path, Say], Mapping[str, Any]]]]:
    """Return the sets of several files: what is pinned, and what writes them.

    The function writes the files into a folder and returns the manifest's facts.
    """
    return {
        "benchmark": (benchmark.BENCHMARK, benchmark.prepare),
        "summaries": (SUMMARIES, _summaries),
        "documentation": (DOCUMENTATION, _documentation),
        "safety": (safety.SAFETY, safety.prepare),
    }


def _staffs(where: str) -> CourseError:
    """Return the error of a student's copy of the platform that is asked for all the data."""
    return CourseError(
        "the hidden part is the staff's, this copy of the platform cannot draw it",
        where=where,
        todo="Run the command inside the unpacked bundle: its data/ has all that you need",
    )


def _require_prepared(folder: Path, pinned: Mapping[str, str]) -> None:
    """Check that the files are those that everybody else has.

    Raises:
        InfraError: A file differs from the pinned one.
    """
    for name, expected in pinned.items():
        if sha256_of(folder / name) != expected:
            raise InfraError(
                "the division gave another file than the pinned one",
                where=name,
                todo="Report it together with the Python version: grades would not compare",
            )


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
