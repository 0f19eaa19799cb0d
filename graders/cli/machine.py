"""What prepares and proves the machine: models, data, the jail's tier, mutants, the demo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graders.cli import console
from graders.cli.options import (
    ALL_PROCESSORS,
    AssignmentName,
    CourseFile,
    Jobs,
    Json,
    load,
    repository,
)
from graders.core.errors import CourseError

if TYPE_CHECKING:
    from graders.pipeline.survival import Survival

data_app = typer.Typer(help="Data sets that arrive inside packages.", no_args_is_help=True)
model_app = typer.Typer(help="The base model.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    for command in (certify, doctor, demo):
        app.command()(command)
    app.add_typer(data_app, name="data")
    app.add_typer(model_app, name="model")


@data_app.command("prepare")
def data_prepare(assignment: AssignmentName, course: CourseFile = None) -> None:
    """Bring an assignment's data into the cache and print where; skipped when done."""
    from graders.assets import ensure_data

    name = load(course).assignment(assignment).data
    if not name:
        console.tell(f"{assignment} needs no data")
        return
    console.say(str(ensure_data(name, console.tell, near=repository(course))))


@model_app.command("prepare")
def model_prepare(course: CourseFile = None) -> None:
    """Bring the course's base model into the cache and print where; skipped when done."""
    from graders.assets import ensure_model

    spec = load(course).base_model
    console.say(str(ensure_model(spec, console.tell, near=repository(course))))


def doctor(as_json: Json = False) -> None:
    """Try short attacks on this host's jail and say which tier it has, and why.

    Only the tier strict writes grades. Exit status 1 when the tier is below it.
    """
    from graders.sandbox.doctor import examine

    diagnosis = examine()
    if as_json:
        console.print_json(diagnosis.as_plain())
    else:
        console.print_table(
            f"tier: {diagnosis.tier}",
            ("check", "result", "why, and what to do"),
            [(one.name, "ok" if one.ok else "no", one.reason) for one in diagnosis.checks()],
        )
    if diagnosis.tier != "strict":
        raise typer.Exit(1)


def certify(
    assignment: AssignmentName,
    jobs: Jobs = ALL_PROCESSORS,
    only: Annotated[
        list[str] | None, typer.Option(metavar="MUTANT", help="Only this one; may be repeated.")
    ] = None,
    generated: Annotated[
        bool, typer.Option("--generated", help="Try mutants made by cosmic-ray as well.")
    ] = False,
    per_function: Annotated[
        int, typer.Option(min=1, help="Generated mutants of each function, at most.")
    ] = 8,
    function: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODULE:FUNCTION",
            help="Only generated mutants of this function; may be repeated.",
        ),
    ] = None,
    course: CourseFile = None,
    as_json: Json = False,
) -> None:
    """Show that each hidden test is failed by the wrong solutions that it is there for.

    Exit status 1 when a wrong solution survives, a test fails none, the reference fails, or too
    few of the generated mutants are killed.
    """
    from graders.pipeline.certify import Sample
    from graders.pipeline.certify import certify as run

    opened = load(course)
    package = opened.assignment(assignment).package
    with console.progress() as bar:
        task = bar.add_task("mutants", total=None)
        report = run(
            opened,
            assignment,
            reference=repository(course) / "reference" / package,
            jobs=jobs,
            only=[] if function and only is None else only,
            step=lambda done, total: bar.update(task, completed=done, total=total),
            sample=Sample(per_function, tuple(function or ())) if generated or function else None,
        )
    if as_json:
        console.print_json(report.as_plain())
    else:
        console.print_table(
            f"{assignment}: {report.killed} of {report.total} mutants killed",
            ("test", "killed by"),
            [(key, ", ".join(ids)) for key, ids in sorted(report.tests.items())],
        )
        if report.generated:
            _tell_of_generated(report.generated)
        for line in report.problems:
            console.tell(line)
    if not report.passed:
        raise typer.Exit(1)


def _tell_of_generated(report: Survival) -> None:
    """Print how generated mutants fared, and the diff of each that survived."""
    total = len(report.outcomes)
    console.print_table(
        f"generated: {report.killed} of {total} killed, {report.explained} explained",
        ("function", "killed", "of"),
        [(name, str(killed), str(of)) for name, (killed, of) in report.functions.items()],
    )
    for one in report.survivors:
        why = f"explained: {one.why}" if one.why else "survives"
        console.say(f"\n{one.mutant.function} {one.mutant.operator}: {why}\n{one.diff}")
    for line in report.notes:
        console.tell(line)


def demo(
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where everything is written.")
    ] = Path("build/demo"),
    jobs: Jobs = ALL_PROCESSORS,
    course: CourseFile = None,
) -> None:
    """Play a whole homework on the sample class: release, collect, grade, publish.

    Exit status 1 when the machine failed some of the work; the next call goes on.
    """
    root = repository(course)
    if not (root / "tests" / "classroom").is_dir():
        raise CourseError(
            "the sample class is not here",
            where=str(root / "tests" / "classroom"),
            todo="Run the demo in a clone of the whole repository",
        )
    from graders.cli.demo import play

    play(root, out, jobs)
