"""Releasing an assignment: one archive with all that students need and no secret.

The archive holds one folder. From inside it `zachetka check`, `pack` and `policy` work without an
option, and nothing is downloaded but Python packages.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from graders.assets import ensure_data, hidden_values, model_source, student_files
from graders.core.config import Assignment, Course
from graders.core.errors import CourseError
from graders.release import (
    Cut,
    SecretLine,
    Secrets,
    build_wheel,
    cut,
    generate_starter,
    has_tour,
    is_stale,
    manifest,
    notebook,
    require_no_leaks,
    secret_lines,
    shared_modules,
    starter_files,
    zip_bytes,
)

Say = Callable[[str], None]

# The students' platform grades nothing: the competition's page and the drawing of the hidden parts
# stay here.
STAFF_ONLY = ("leaderboard", "graders/assets/division.py", "graders/assets/summaries")
_DRIVEN = re.compile(r"""\bdrive\(\s*["'](\w+)["']""")
_SOURCES = (".py", ".toml", ".md", ".csv", ".json", ".jsonl", ".txt")


@dataclass(frozen=True, slots=True)
class Bundle:
    """A released archive."""

    path: Path
    sha256: str


def release(
    course: Course,
    root: Path,
    assignment: str,
    out: Path,
    say: Say,
    with_model: bool = True,
) -> Bundle:
    """Build ``<out>/<assignment>-bundle.zip``.

    Args:
        course: The course.
        root: The repository, with ``reference/`` and ``starter_code/``.
        assignment: Name of the assignment.
        out: Folder for the archive.
        say: Receives one line per step.
        with_model: Whether the base model's file goes with it.

    Raises:
        CourseError: A secret would leak, the starter is stale, or a text is missing.
        InfraError: Data, model or wheel cannot be brought here.
    """
    asked = course.assignment(assignment)
    stale = stale_files(course, root, asked)
    if stale:
        raise CourseError(
            f"the starter is not the one that the reference gives: {', '.join(stale)}",
            where=str(root / "starter_code" / asked.package),
            todo=f"Run: zachetka release {assignment} --starter",
        )
    say("building the platform's wheel")
    wheel = build_wheel(root, STAFF_ONLY)
    files = _texts(course, asked, root)
    files[f"platform/{wheel.name}"] = wheel.data
    extra = "[ml]" if course.model_of(assignment) else ""
    if assignment in course.seminars:
        extra = "[seminars]"
    files["requirements.txt"] = f"./platform/{wheel.name}{extra}\n".encode()
    files |= _data(asked, say)
    say("looking for leaks")
    read = {
        **readable(files),
        **{f"platform/{wheel.name}/{k}": v for k, v in wheel.members().items()},
    }
    del read[f"platform/{wheel.name}"]
    require_no_leaks(read, *_secrets(course, asked, root, say))
    model = course.model_of(assignment)
    if with_model and model.startswith("package:"):
        source = model_source(model, say)
        files[f"model/{source.name}"] = source.read_bytes()
    about = {"assignment": assignment, "model": model}
    files["manifest.json"] = manifest(files, about)
    say("writing the archive")
    name = f"{assignment}-bundle"
    return _write(out / f"{name}.zip", zip_bytes(files, name))


def require_released(course: Course, root: Path, asked: Assignment) -> None:
    """Fail when the texts and data of a bundle hold a secret; without building it.

    Raises:
        CourseError: A secret would leak, or a text is missing.
        InfraError: Data cannot be brought here.
    """
    files = readable(_texts(course, asked, root) | _data(asked, _quiet))
    require_no_leaks(files, *_secrets(course, asked, root, _quiet))


def write_starter(course: Course, root: Path, asked: Assignment) -> None:
    """Write ``starter_code/<package>`` again.

    Raises:
        CourseError: The reference's markers are wrong.
    """
    reference, starter = (root / name / asked.package for name in ("reference", "starter_code"))
    generate_starter(reference, starter, _notebooks(course, root, asked))


def stale_files(course: Course, root: Path, asked: Assignment) -> list[str]:
    """Return the starter's files that are not what the reference gives now.

    Raises:
        CourseError: The reference's markers are wrong.
    """
    reference, starter = (root / name / asked.package for name in ("reference", "starter_code"))
    found = is_stale(reference, starter, _notebooks(course, root, asked))
    return sorted({*found.missing, *found.changed, *found.unexpected})


def _notebooks(course: Course, root: Path, asked: Assignment) -> dict[str, str]:
    """Return the starter's notebooks by file name: one in every language, when there is a tour."""
    reference = root / "reference" / asked.package
    if not has_tour(reference):
        return {}
    return {
        f"notebook.{lang}.ipynb": notebook(
            reference, _required(asked.folder / f"handout.{lang}.md").decode("utf-8")
        )
        for lang in course.languages
    }


def _texts(course: Course, asked: Assignment, root: Path) -> dict[str, bytes]:
    """Return everything but data, model and wheel."""
    folder, inside = asked.folder, f"assignments/{asked.name}"
    files = {
        f"{asked.package}/{name}": text.encode()
        for name, text in starter_files(root / "reference" / asked.package).items()
    }
    for name, text in _notebooks(course, root, asked).items():
        files[f"{asked.package}/{name}"] = text.encode()
    for lang in course.languages:
        files[f"handout.{lang}.md"] = _required(folder / f"handout.{lang}.md")
    files["README.md"] = _required(folder / "README.md")
    files["platform/constraints.txt"] = _required(root / "constraints.txt")
    files["assignments/course.toml"] = _course_file(course, asked)
    files[f"{inside}/assignment.toml"] = _cut(folder / "assignment.toml").public.encode()
    drivers = _public_drivers(folder)
    for path in (*_files(folder / "public_tests"), *drivers, *_files(folder / "locale")):
        files[f"{inside}/{path.relative_to(folder).as_posix()}"] = path.read_bytes()
    return files


def readable(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return the files as the leak check reads them: a notebook is the text of its cells."""
    shown = dict(files)
    for path, content in files.items():
        if path.endswith(".ipynb"):
            cells = json.loads(content)["cells"]
            shown[path] = "\n".join("".join(cell["source"]) for cell in cells).encode()
    return shown


def _data(asked: Assignment, say: Say) -> dict[str, bytes]:
    """Return the students' parts of the data: the assignment's own, and each that its run reads."""
    places = {f"data/{name}": name for name in asked.run.data}
    if asked.data:
        places["data"] = asked.data
    return {
        f"{place}/{path}": content
        for place, name in places.items()
        for path, content in student_files(name, ensure_data(name, say)).items()
    }


def _course_file(course: Course, asked: Assignment) -> bytes:
    """Return `course.toml` for a bundle, where one assignment lies beside it and no other does."""
    import tomlkit

    document = tomlkit.parse(_required(course.path).decode("utf-8"))
    document["course"]["assignments_root"] = "."
    document["course"]["seminars"] = [asked.name] if asked.name in course.seminars else []
    for homework in document["homeworks"].values():
        if homework["assignments"] != [asked.name]:
            homework["planned"] = True  # the other folders may be missing
    return tomlkit.dumps(document).encode()


def _secrets(course: Course, asked: Assignment, root: Path, say: Say) -> tuple[Secrets, list[str]]:
    """Return what must not be released, and the lines that are released on purpose."""
    folder, reference = asked.folder, root / "reference" / asked.package
    lines: list[SecretLine] = [*_cut(folder / "assignment.toml").secret]
    free: list[str] = []
    for path in (*sorted(reference.glob("*.py")), *shared_modules(reference)):
        piece = _cut(path)
        lines += piece.secret
        free += piece.public.splitlines()
    public = _public_drivers(folder)
    for path in public:
        free += path.read_text(encoding="utf-8").splitlines()
    staff = [path for path in _files(folder / "drivers") if path not in public]
    staff += [
        *_files(folder / "hidden_tests"),
        *folder.glob("mutants*"),
        *_files(reference / "artefacts"),
    ]
    for path in staff:
        if path.suffix in _SOURCES and path.is_file():
            text = path.read_text(encoding="utf-8")
            lines += secret_lines(text, f"{path.parent.name}/{path.name}", "staff-only line")
    hidden = [hidden_values(name, ensure_data(name, say)) for name in _examined(course, asked)]
    texts = frozenset[str]().union(*(one.texts for one in hidden))
    ids = frozenset[str]().union(*(one.ids for one in hidden))
    return Secrets(tuple(lines), texts, ids), free


def _examined(course: Course, asked: Assignment) -> list[str]:
    """Return the data sets whose hidden parts must not be in the bundle.

    A seminar may read the data that a homework examines: the hidden parts of all of them count.
    """
    names = {asked.data, *asked.run.data}
    if asked.name in course.seminars:
        names |= {one.data for name, one in course.assignments.items()}
    return sorted(names - {""})


def _public_drivers(folder: Path) -> list[Path]:
    """Return the drivers that the public tests use; all others stay with the staff."""
    used: set[str] = set()
    for path in _files(folder / "public_tests"):
        used |= set(_DRIVEN.findall(path.read_text(encoding="utf-8")))
    found = {name: folder / "drivers" / f"{name}.py" for name in sorted(used)}
    for name, path in found.items():
        if not path.is_file():
            raise CourseError(
                f"the public tests use a driver {name!r} that is not there", where=str(path)
            )
    return list(found.values())


def _cut(path: Path) -> Cut:
    return cut(path.read_text(encoding="utf-8"), path.name)


def _files(folder: Path) -> list[Path]:
    """Return the files of a folder, without caches and other hidden things."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not any(
            part.startswith((".", "__pycache__")) for part in path.relative_to(folder).parts
        )
    )


def _required(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise CourseError(
            "a file that students receive is missing", where=str(path), todo="Write it"
        ) from None


def _write(path: Path, data: bytes) -> Bundle:
    """Write the archive whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(partial).chmod(0o644)
        Path(partial).replace(path)
    except BaseException:  # Ctrl-C too: no half-written archive is left
        Path(partial).unlink(missing_ok=True)
        raise
    return Bundle(path, hashlib.sha256(data).hexdigest())


def _quiet(line: str) -> None:
    """Say nothing."""
    del line
