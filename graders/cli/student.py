"""What a student runs on their own work: `check` and `pack`.

Nothing here needs a workspace, the jail or Linux. What is printed is in the student's language.
"""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graders.cli import console
from graders.cli.forecast import policy
from graders.cli.options import AssignmentName, CourseFile, Json, Lang, load, repository, speaker
from graders.core.errors import CourseError, InfraError

if TYPE_CHECKING:
    from graders.core.messages import Messages
    from graders.tester.local import LocalCase

Work = Annotated[
    Path | None,
    typer.Argument(metavar="[FOLDER]", help="The folder of your work; by default ./ASSIGNMENT."),
]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    for command in (check, pack, policy):
        app.command()(command)


def check(
    assignment: AssignmentName,
    work: Work = None,
    course: CourseFile = None,
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    """Run the public tests on your own work, on your own machine.

    Exit status 1 when a test does not pass. Hidden tests ask for more: this is no grade.
    """
    from graders.core.records import CaseStatus
    from graders.tester.local import run_public

    opened = load(course)
    asked = opened.assignment(assignment)
    words = speaker(lang, opened, asked.catalogues)
    folder = _folder(work, asked.package, words)
    with redirect_stdout(sys.stderr):  # what the student's code prints is not our output
        if spec := opened.model_of(assignment):
            _load_tokenizer(spec, repository(course), words)
        cases = run_public(asked.folder, folder, words.lang)
    passed = sum(case.case.status is CaseStatus.PASSED for case in cases)
    told = [_told(words, case) for case in cases]
    if as_json:
        console.print_json(told)
    else:
        console.print_table(
            words.text("cli.check.title", passed=passed, total=len(cases)),
            [words.text(f"cli.check.{name}") for name in ("result", "test", "diagnosis")],
            [
                (words.text(f"cli.check.{one['status']}"), one["test"], one["diagnosis"])
                for one in told
            ],
        )
        console.say(words.text("cli.check.note"))
    if passed < len(cases):
        raise typer.Exit(1)


def pack(
    assignment: AssignmentName,
    work: Work = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="ZIP", help="The archive; by default ./ASSIGNMENT.zip."
        ),
    ] = None,
    course: CourseFile = None,
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    """Make the archive that you hand in, after checking that it will be accepted.

    Exit status 5 when it would not be; the message says what to mend. A file that is asked for
    and not there is a warning only: what needs it earns nothing.
    """
    from graders.exchange import pack as make

    opened = load(course)
    asked = opened.assignment(assignment)
    words = speaker(lang, opened, asked.catalogues)
    target = out or Path(f"{assignment}.zip")
    packed = make(_folder(work, asked.package, words), asked, target, words)
    if as_json:
        console.print_json(
            {
                "archive": str(packed.path),
                "sha256": packed.sha256,
                "files": list(packed.files),
                "missing": list(packed.missing),
            }
        )
        return
    if packed.missing:
        console.tell(words.text("cli.pack.missing", files=", ".join(packed.missing)))
    size = -(-packed.path.stat().st_size // 1024)
    console.say(words.text("cli.pack.done", archive=packed.path, size=size))
    for name in packed.files:
        console.say(f"  {name}")
    console.say(f"SHA-256 {packed.sha256}")
    console.say(words.text("cli.pack.next"))


def _folder(work: Path | None, package: str, words: Messages) -> Path:
    folder = (work or Path(package)).resolve()
    if not folder.is_dir():
        raise CourseError(
            words.text("cli.no_folder"), where=str(folder), todo=words.text("cli.name_folder")
        )
    return folder


def _load_tokenizer(spec: str, near: Path, words: Messages) -> None:
    """Make the base model's tokenizer ready for public tests that need it.

    Raises:
        InfraError: The model cannot be brought here, or a package is not installed.
    """
    from graders.assets import ensure_model
    from graders.sandbox import warm

    try:
        warm.load_tokenizer(ensure_model(spec, console.tell, near=near))
    except ImportError as error:
        raise InfraError(
            words.text("cli.no_package"),
            where=error.name or str(error),
            todo=words.text("cli.install"),
        ) from None


def _told(words: Messages, case: LocalCase) -> dict[str, str]:
    key = case.case.key
    return {
        "key": key,
        "test": words.text(key) if words.has(key) else key,
        "status": str(case.case.status),
        "diagnosis": case.text,
    }
