"""Wrong solutions: `assignments/<name>/mutants.toml`, each the reference with one edit.

A mutant edits one file of what a student would hand in:

| keys | the edit |
|---|---|
| `file`, `find`, `replace` | the text, which stands exactly once in the file, becomes another |
| `file`, `append` | the text is added at the end |
| `file`, `content` | the file, which may be new, gets this text |
| `file`, `set` | the values of a JSON object's keys change; tables inside it are merged |
| `file`, `remove = true` | the file is taken away |
| `edit` | a function of `mutants.py` beside the TOML file edits the folder that it is given |
"""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from graders.core.config_checks import Problem, located, shape_findings
from graders.core.config_models import Strict
from graders.core.config_values import DottedKey, SafePath
from graders.core.errors import CourseError
from graders.core.toml_lines import TomlSyntaxError, parse

EDITS = (
    {"file", "find", "replace"},
    {"file", "append"},
    {"file", "content"},
    {"file", "set"},
    {"file", "remove"},
    {"edit"},
)
Keys = Annotated[tuple[DottedKey, ...], Field(min_length=1)]


class Mutant(Strict):
    """One wrong solution, the cases that must fail on it and the diagnosis that one must give."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    kills: Keys
    message: DottedKey | None = None
    file: SafePath | None = None
    find: Annotated[str, Field(min_length=1)] | None = None
    replace: str | None = None
    append: Annotated[str, Field(min_length=1)] | None = None
    content: str | None = None
    set: Mapping[str, Any] | None = None
    remove: bool = False
    edit: str | None = None


class _File(Strict):
    mutant: Annotated[tuple[Mutant, ...], Field(min_length=1)]


class MutantsError(CourseError):
    """`mutants.toml` is wrong; `problems` are all that was found."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("the mutants cannot be used:\n" + "\n".join(f"  {p}" for p in problems))
        self.problems = tuple(problems)


def read_mutants(path: Path, reference: Path, messages: frozenset[str]) -> tuple[Mutant, ...]:
    """Read a file of mutants, and try that each can be applied.

    Args:
        path: `mutants.toml`.
        reference: Folder of the assembled reference.
        messages: Keys of the assignment's catalogue.

    Raises:
        CourseError: There is no such file, or something in it is wrong.
    """
    try:
        document = parse(path.read_text("utf-8-sig"))
        mutants = TypeAdapter(_File).validate_python(document.data).mutant
    except FileNotFoundError:
        raise CourseError(
            "there are no mutants", where=str(path), todo="Write wrong solutions into this file"
        ) from None
    except UnicodeDecodeError as error:
        raise CourseError("the file is not UTF-8", where=str(path)) from error
    except TomlSyntaxError as error:
        raise MutantsError([Problem(str(path), error.line, "", error.what)]) from None
    except ValidationError as error:
        raise MutantsError(located(shape_findings(error), document, path)) from None
    problems = []
    seen: set[str] = set()
    for index, mutant in enumerate(mutants):
        for what in _problems(mutant, path, reference, messages, seen):
            line = document.line(("mutant", index))
            problems.append(Problem(str(path), line, mutant.id, what))
        seen.add(mutant.id)
    if problems:
        raise MutantsError(problems)
    return mutants


def _problems(
    mutant: Mutant, path: Path, reference: Path, messages: frozenset[str], seen: set[str]
) -> Iterator[str]:
    """Tell what keeps a mutant from being applied."""
    if mutant.id in seen:
        yield "this id is used twice"
    if mutant.message and mutant.message not in messages:
        yield f"the catalogue has no message {mutant.message!r}"
    given = mutant.model_fields_set - {"id", "kills", "message"}
    if given not in EDITS:
        ways = "; ".join(", ".join(sorted(way)) for way in EDITS)
        yield f"it needs the keys of exactly one edit: {ways}"
    elif mutant.edit is not None:
        if mutant.edit not in _functions(path):
            yield f"{path.with_suffix('.py').name} has no function {mutant.edit!r}"
    elif mutant.content is None:
        yield from _file_problems(mutant, reference)


def _file_problems(mutant: Mutant, reference: Path) -> Iterator[str]:
    assert mutant.file is not None
    file = reference / mutant.file
    if not file.is_file():
        yield f"the reference has no file {mutant.file}"
        return
    if mutant.find is not None:
        found = file.read_text("utf-8").count(mutant.find)
        if found != 1:
            yield f"`find` must stand exactly once in {mutant.file}, and stands {found} times"
        if mutant.find == mutant.replace:
            yield "`replace` changes nothing"
    if mutant.set is not None and not isinstance(_json(file), dict):
        yield f"{mutant.file} is no JSON object"


def apply(mutant: Mutant, folder: Path, home: Path) -> None:
    """Edit a copy of the reference.

    Args:
        mutant: A mutant that `read_mutants` returned.
        folder: The copy.
        home: The assignment's folder.

    Raises:
        CourseError: The edit changed nothing, or its function failed.
    """
    before = _contents(folder)
    if mutant.edit is not None:
        try:
            _functions(home / "mutants.toml")[mutant.edit](folder)
        except Exception as error:  # whatever the course's own code raises, its place is told
            raise CourseError(
                f"the edit of {mutant.id} failed: {type(error).__name__}: {error}",
                where=str(home / "mutants.py"),
            ) from error
    else:
        assert mutant.file is not None
        _edit_file(mutant, folder / mutant.file)
    if _contents(folder) == before:
        raise CourseError(
            f"the mutant {mutant.id} changes nothing", where=str(home / "mutants.toml")
        )


def _edit_file(mutant: Mutant, file: Path) -> None:
    if mutant.remove:
        file.unlink()
    elif mutant.content is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(mutant.content, "utf-8")
    elif mutant.append is not None:
        file.write_text(file.read_text("utf-8") + mutant.append, "utf-8")
    elif mutant.set is not None:
        file.write_text(json.dumps(_merged(_json(file), mutant.set), ensure_ascii=False), "utf-8")
    else:
        assert mutant.find is not None
        assert mutant.replace is not None
        file.write_text(file.read_text("utf-8").replace(mutant.find, mutant.replace), "utf-8")


def _merged(old: Any, new: Any) -> Any:
    if not (isinstance(old, dict) and isinstance(new, Mapping)):
        return new
    return old | {name: _merged(old.get(name), value) for name, value in new.items()}


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text("utf-8"))
    except ValueError:
        return None


def _functions(path: Path) -> Mapping[str, Any]:
    code = path.with_suffix(".py")
    return runpy.run_path(str(code)) if code.is_file() else {}


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
