"""What an instructor runs on a workspace: from the class list to replayed grades."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from graders.cli import console
from graders.cli.console import Bar
from graders.cli.options import (
    ALL_PROCESSORS,
    DEFAULT_HOME,
    CourseFile,
    Home,
    HomeworkId,
    Jobs,
    Json,
    find_course,
    workspace,
)
from graders.cli.tables import show_history, show_works
from graders.core.errors import CourseError

if TYPE_CHECKING:
    from graders.core.messages import Messages
    from graders.core.records import Student, Submission


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    for command in (init, collect, grade, grades, replay):
        app.command()(command)


def init(
    home: Home = DEFAULT_HOME,
    course: CourseFile = None,
    database: Annotated[
        str,
        typer.Option(
            metavar="URL", help="postgresql+psycopg://...; by default SQLite in the folder."
        ),
    ] = "",
    students: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="The class list, with the columns id, name[, email]."),
    ] = None,
) -> None:
    """Make a workspace, or add students to one."""
    from graders.core.clock import utc_now
    from graders.pipeline.decisions import enrol
    from graders.pipeline.workspace import create

    listed = read_class_list(students) if students else []
    create(home, find_course(course), database)
    with workspace(home) as found:
        enrol(found, listed, utc_now())
        count = len(found.store.students())
    console.say(f"workspace {home}: {count} students")


def collect(
    homework: HomeworkId,
    source: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="With one folder or zip per student.")
    ],
    receipts: Annotated[
        Path | None,
        typer.Option(
            metavar="MANIFEST", help="When each was received: CSV or JSON of student, received."
        ),
    ] = None,
    assignment: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The variant, when the homework has several."),
    ] = None,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Take submissions in; what cannot be accepted is kept with its reason.

    Without --receipts the receipt time is now: file times are the student's and are not believed.
    """
    from graders.core.clock import utc_now
    from graders.pipeline.intake import take_in
    from graders.pipeline.publish import course_words

    with workspace(home) as found:
        taken = take_in(found, homework, source, receipts, assignment, now=utc_now())
        words = course_words(found, found.course.language)
    if as_json:
        console.print_json([_receipt(one) for one in taken])
        return
    refused = [one for one in taken if one.refusal]
    console.say(f"{len(taken)} taken in, {len(refused)} of them refused")
    for one in refused:
        console.say(f"  {one.student} ({one.source}): {_why(one, words)}")


def grade(
    homework: HomeworkId,
    jobs: Jobs = ALL_PROCESSORS,
    student: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this student; may be repeated.")
    ] = None,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Test what has not been tested yet, apply the policy, record the grades.

    Ctrl-C loses nothing: the same command goes on where it stopped. Exit status 4 when the
    machine failed somebody's work: it costs no points, and the next call tries it again.
    """
    from graders.core.records import GradeStatus
    from graders.pipeline.publish import grade_homework

    with workspace(home) as found:
        with console.progress() as bar:
            graded = grade_homework(found, homework, jobs=jobs, students=student, watch=Bar(bar))
        console.tell(f"{graded.tested} tested, {graded.kept} already tested before")
        show_works(found, graded.works, homework, as_json=as_json)
    held = [one.student for one in graded.works if one.grade.status is GradeStatus.NEEDS_ATTENTION]
    if held:
        console.tell(
            f"the machine failed the work of: {', '.join(held)}\n"
            "  See the log (zachetka grades HOMEWORK --history STUDENT), mend it, run this again"
        )
        raise typer.Exit(4)


def grades(
    homework: Annotated[
        str | None, typer.Argument(metavar="[HOMEWORK]", help="By default all of them.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write gradebook.csv, .json and .xlsx into it."),
    ] = None,
    history: Annotated[
        str | None,
        typer.Option(metavar="STUDENT", help="Every grade this student was given, and the log."),
    ] = None,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Show the gradebook, or write it, or show the history of one grade."""
    from graders.pipeline.publish import all_works, write_gradebook

    with workspace(home) as found:
        if history is not None:
            if homework is None:
                raise CourseError("of which homework?", where="--history", todo="Name it first")
            show_history(found, homework, history, as_json=as_json)
            return
        works = all_works(found, homework)
        if out is not None:
            for path in write_gradebook(found, works, out):
                console.tell(f"wrote {path}")
        if as_json or out is None:
            show_works(found, works, homework or "all homeworks", as_json=as_json)


def replay(home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """Recompute every grade ever given from stored facts; exit status 1 when one differs."""
    from graders.pipeline.replay import replay as recompute

    with workspace(home) as found:
        result = recompute(found)
    if as_json:
        console.print_json({"grades": result.grades, "differences": list(result.differences)})
    else:
        for line in result.differences:
            console.tell(line)
        console.say(f"{result.grades} grades recomputed, {len(result.differences)} differ")
    if result.differences:
        raise typer.Exit(1)


def _receipt(one: Submission) -> dict[str, Any]:
    from graders.core.clock import iso_utc

    return {
        "student": one.student,
        "source": one.source,
        "received": iso_utc(one.received),
        "files": len(one.files),
        "refused": one.refusal.key if one.refusal else None,
    }


def _why(one: Submission, words: Messages) -> str:
    return words.text(one.refusal.key, **one.refusal.args) if one.refusal else ""


def read_class_list(path: Path) -> list[Student]:
    """Read a class list.

    Raises:
        CourseError: It cannot be read, a column or a value is missing, or an id stands twice.
    """
    import csv

    from graders.core.records import Student

    form = "Write it as CSV in UTF-8, for example: id,name,email"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CourseError(
            f"the class list cannot be read ({error})", where=str(path), todo=form
        ) from None
    if not rows or not {"id", "name"} <= rows[0].keys():
        raise CourseError(
            "a class list needs the columns id and name, and at least one student",
            where=str(path),
            todo=form,
        )
    listed: list[Student] = []
    for line, row in enumerate(rows, start=2):
        person = Student(*((row.get(key) or "").strip() for key in ("id", "name", "email")))
        if not person.id or not person.name:
            raise CourseError("the id or the name is missing", where=f"{path}:{line}", todo=form)
        if person.id in {other.id for other in listed}:
            raise CourseError(f"the id {person.id} stands there twice", where=f"{path}:{line}")
        listed.append(person)
    return [Student(one.id, one.name, one.email or None) for one in listed]
