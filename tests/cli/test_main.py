"""Exit codes, errors that speak, and a quick start."""

from __future__ import annotations

import errno
import re
import subprocess
import sys
from pathlib import Path

import pytest

from graders.cli import student
from graders.core.errors import CourseError, InfraError, StudentError


def process(*arguments: str, folder: Path, **how) -> subprocess.CompletedProcess[str]:
    """Run the real program."""
    return subprocess.run(
        [sys.executable, "-m", "graders.cli.main", *arguments],
        cwd=folder,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=60,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **how},
    )


@pytest.fixture
def broken(monkeypatch):
    """Make `check` raise something."""

    def by(error: BaseException) -> None:
        def load(given):
            raise error

        monkeypatch.setattr(student, "load", load)

    return by


def test_starting_imports_nothing_heavy():
    heavy = ("pydantic", "rich", "babel", "sqlalchemy", "torch", "pytest", "jinja2", "numpy")
    code = f"import sys, graders.cli.main; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_a_forecast_imports_neither_torch_nor_a_database(course):
    code = (
        "import sys; from graders.cli.main import main;"
        "code = main(['policy', 'hw1', '--json']);"
        "print(code, [m for m in ('torch', 'sqlalchemy', 'pytest') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        cwd=course.parents[1],
    )
    assert done.stdout.splitlines()[-1] == "0 []"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CourseError("the file is odd", where="course.toml", todo="Mend it"), 3),
        (InfraError("the file is odd", where="course.toml", todo="Mend it"), 4),
        (StudentError("the file is odd", where="course.toml", todo="Mend it"), 5),
    ],
)
def test_the_exit_code_says_whose_fault_it_is(zachetka, broken, error, code):
    broken(error)
    said = zachetka("check", "hw1")
    assert said.code == code
    assert said.err == "error: course.toml: the file is odd\n  Mend it\n"
    assert said.out == ""


def test_a_full_disk_is_one_clear_line(zachetka, broken):
    broken(OSError(errno.ENOSPC, "No space left on device", "build/x.zip"))
    said = zachetka("check", "hw1")
    assert said.code == 4
    assert said.err.startswith("error: build/x.zip: No space left on device\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the Linux device /dev/full")
def test_output_that_cannot_be_written_is_told(course):
    with open("/dev/full", "w") as full:
        done = process("policy", "hw1", "--json", folder=course.parents[1], stdout=full)
    assert done.returncode == 4
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_has_seen_enough_is_no_error(course):
    words = (sys.executable, "-m", "graders.cli.main", "policy", "hw1", "--json")
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=course.parents[1]
    ) as running:
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait(60) == 0


def test_an_interruption_says_that_nothing_is_lost(zachetka, broken):
    broken(KeyboardInterrupt())
    said = zachetka("check", "hw1")
    assert said.code == 130
    assert "run the same command again" in said.err


def test_a_fault_of_the_program_is_one_message_and_a_file_with_the_details(zachetka, broken):
    broken(ZeroDivisionError("a secret detail"))
    said = zachetka("check", "hw1")
    assert said.code == 70
    assert "fault of the program" in said.err
    assert "Traceback" not in said.err
    assert "a secret detail" not in said.err
    place = Path(re.search(r"details are in (\S+)", said.err)[1])
    assert "ZeroDivisionError: a secret detail" in place.read_text()
    place.unlink()


@pytest.mark.parametrize(
    "words",
    [("polcy",), ("policy",), ("policy", "hw1", "--scor", "3"), ("grade", "hw1", "--jobs", "0")],
)
def test_wrong_usage_is_2_and_names_the_help(zachetka, words):
    said = zachetka(*words)
    assert said.code == 2
    assert "--help" in said.err


def test_the_program_itself_gives_these_codes(tmp_path):
    for words, code in ((("--version",), 0), (("policy",), 2), (("policy", "hw1"), 3)):
        done = process(*words, folder=tmp_path)
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr


def test_a_terminal_without_cyrillic_gets_escapes_and_no_failure(course):
    import os

    done = process(
        "policy",
        "hw1",
        folder=course.parents[1],
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )
    assert done.returncode == 0, done.stderr
    assert "\\u041c" in done.stdout


def test_a_missing_course_is_told_with_the_way_to_name_it(zachetka, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = zachetka("policy", "hw1")
    assert said.code == 3
    assert "--course" in said.err
    named = zachetka("policy", "hw1", "--course", tmp_path / "no.toml")
    assert named.code == 3
    assert "no.toml" in named.err


def test_every_mistake_of_a_course_is_told_at_once(zachetka, course):
    text = course.read_text(encoding="utf-8")
    text = text.replace("per_day = 1", "per_day = 0.5").replace(
        '"Europe/Moscow"', '"Europe/Moskow"'
    )
    course.write_text(text.replace("hw1 = ", "hw7 = "), encoding="utf-8")
    said = zachetka("policy", "hw1")
    assert said.code == 3
    for place in ("policy.per_day", "course.time_zone", "final.weights"):
        assert place in said.err
    assert re.search(r"course\.toml:\d+: ", said.err)


def test_a_course_is_found_from_a_folder_below(zachetka, course, monkeypatch):
    monkeypatch.chdir(course.parent / "toy")
    assert zachetka("policy", "hw1", "--json").code == 0
