"""The options that several commands share, and how a command finds the course and workspace."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graders.core.errors import CourseError

if TYPE_CHECKING:
    from graders.core.config import Course
    from graders.core.messages import Messages
    from graders.pipeline.workspace import Workspace

AssignmentName = Annotated[str, typer.Argument(metavar="ASSIGNMENT", help="For example hw1.")]
HomeworkId = Annotated[str, typer.Argument(metavar="HOMEWORK", help="For example hw1.")]
StudentId = Annotated[str, typer.Argument(metavar="STUDENT", help="An id of the class list.")]
Home = Annotated[
    Path,
    typer.Option("--home", envvar="ZACHETKA_HOME", help="The workspace's folder."),
]
CourseFile = Annotated[
    Path | None,
    typer.Option(
        "--course",
        envvar="ZACHETKA_COURSE",
        help="The course's file; by default assignments/course.toml here or in a folder above.",
    ),
]
Jobs = Annotated[
    int,
    typer.Option(
        "--jobs",
        "-j",
        min=1,
        show_default="the number of processors",
        help="How much is tested at one time.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a machine.")]
Lang = Annotated[
    str | None,
    typer.Option("--lang", envvar="ZACHETKA_LANG", help="ru or en; by default the course's."),
]

ALL_PROCESSORS = os.cpu_count() or 1
DEFAULT_HOME = Path(".zachetka")
COURSE_PLACE = Path("assignments/course.toml")


def find_course(given: Path | None) -> Path:
    """Return the course file that is meant.

    Raises:
        CourseError: There is none.
    """
    if given is not None:
        if not given.is_file():
            raise CourseError("there is no such file", where=str(given), todo="Check --course")
        return given
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / COURSE_PLACE).is_file():
            return folder / COURSE_PLACE
    raise CourseError(
        f"there is no {COURSE_PLACE} here or in a folder above",
        where=str(here),
        todo="Go to the course's folder, or name the file with --course",
    )


def repository(given: Path | None) -> Path:
    """Return the folder around `assignments/`: the staff's repository, or a student's bundle."""
    return find_course(given).resolve().parent.parent


def load(given: Path | None) -> Course:
    """Return the course that is meant."""
    from graders.core.config import load_course

    return load_course(find_course(given))


@contextmanager
def workspace(home: Path) -> Iterator[Workspace]:
    """Open the workspace that is meant."""
    from graders.pipeline.workspace import opened

    with opened(home) as found:
        yield found


def speaker(lang: str | None, course: Course, *catalogues: Path) -> Messages:
    """Return the messages in the language that is meant.

    Raises:
        CourseError: The platform does not speak it.
    """
    from graders.core.messages import Messages

    return Messages.load(catalogues, lang or course.language)


def author(given: str | None) -> str:
    """Return who signs a mark or an extension: --by, or the login's name.

    Raises:
        CourseError: Neither is known.
    """
    name = (given or os.environ.get("USER") or os.environ.get("LOGNAME") or "").strip()
    if not name:
        raise CourseError("nobody signs this", where="--by", todo="Name yourself with --by")
    return name
