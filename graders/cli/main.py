"""The command `zachetka`: one Typer application, one place where errors become exit codes.

Exit codes:

==== ======================================================================================
0    done
1    a check did not pass: public tests, `certify`, `replay`, `doctor`, `release --check`, `demo`
2    wrong usage: an unknown command or option, a missing argument
3    the course or the command's input is at fault; nothing was done in part
4    the machine is at fault: no jail, no database, no room on the disk; mend it and run again
5    the submitted work is at fault (`pack` refuses what the grader would refuse)
70   a fault of the program itself; the details are in the file that the message names
130  interrupted; what was finished is stored, the same command goes on from there
==== ======================================================================================

A reader that closes the pipe early (``zachetka grades | head``) is no error: 0. Nothing heavy is
imported here, so that ``--help`` answers at once; each command imports what it uses.
"""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from typing import Annotated, TextIO

import typer
from typer.main import get_command

from graders import __version__
from graders.cli import (
    competition,
    console,
    decide,
    instructor,
    judge,
    kaggle,
    machine,
    publish,
    rank,
    student,
)
from graders.core.errors import ZachetkaError

DONE, MACHINE, FAULT, INTERRUPTED = 0, 4, 70, 130
# Typer exports one usage error only; its parent is the class of all of them.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]

app = typer.Typer(
    name="zachetka",
    help="Auto-graded homework and competitions for courses on modern language models.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"zachetka {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Auto-graded homework and competitions for courses on modern language models."""


for room in (instructor, decide, student, publish, machine, rank, competition, kaggle, judge):
    room.register(app)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the process's exit status, as documented above.

    Args:
        arguments: Words after the command's name; those of the process when None.
    """
    os.environ.setdefault("TQDM_DISABLE", "1")  # progress is ours to show, not the libraries'
    for stream in (sys.stdout, sys.stderr):
        _never_fail_on_a_character(stream)
    try:
        status = _run(list(sys.argv[1:] if arguments is None else arguments))
        sys.stdout.flush()
    except BrokenPipeError:
        _let_go_of_stdout()
        return DONE
    except OSError as error:
        _let_go_of_stdout()
        _tell_of_the_machine(error)
        return MACHINE
    return status


def _run(arguments: list[str]) -> int:
    try:
        command = get_command(app)
        with command.make_context("zachetka", arguments) as context:
            command.invoke(context)
    except typer.Exit as done:
        return done.exit_code
    except ZachetkaError as error:
        where = f"{console.clean(error.where)}: " if error.where else ""
        todo = f"\n  {error.todo}" if error.todo else ""
        console.tell(f"error: {where}{error.what.rstrip()}{todo}")
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        console.tell(
            "interrupted: what was finished is stored; run the same command again to go on"
        )
        return INTERRUPTED
    except OSError:
        raise
    except Exception as error:  # the outermost loop: a traceback is no message for a user
        if isinstance(error, UsageError):
            error.show()  # type: ignore[attr-defined]  # every usage error has it
            return 2
        _tell_of_a_fault(error)
        return FAULT
    return DONE


def _tell_of_the_machine(error: OSError) -> None:
    """Tell of a full disk or a missing right, met where no room could say more about it."""
    where = f"{console.clean(os.fsdecode(error.filename))}: " if error.filename else ""
    console.tell(f"error: {where}{error.strerror or error}\n  Mend that and run the command again")


def _tell_of_a_fault(error: Exception) -> None:
    details = "".join(traceback.format_exception(error))
    try:
        with tempfile.NamedTemporaryFile(
            "w",
            prefix="zachetka-fault-",
            suffix=".txt",
            delete=False,
            encoding="utf-8",
            errors="backslashreplace",
        ) as file:
            file.write(details)
        place = f"the details are in {file.name}"
    except OSError as problem:
        place = f"the details could not be written ({problem.strerror})"
    console.tell(
        f"error: this is a fault of the program ({type(error).__name__}); {place}\n"
        "  Report it with that file; nothing that was stored before is lost"
    )


def _never_fail_on_a_character(stream: TextIO) -> None:
    """Make a terminal that cannot show a character show its escape instead."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")


def _let_go_of_stdout() -> None:
    """Keep the interpreter from failing once more when it flushes at exit."""
    stream = sys.__stdout__
    if stream is not None and sys.stdout is stream:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


if __name__ == "__main__":
    sys.exit(main())
