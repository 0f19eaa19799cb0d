"""What reaches a terminal, and what must not."""

from __future__ import annotations

import json
import unicodedata

import pytest

from graders.cli import console

HOSTILE = "=Фёдор <b>[red] \x1b[2J\x07\x9b31m\u202eгод\u2066\u200f\udc9b"


def is_tame(text: str) -> bool:
    """Say whether nothing in the text moves a cursor or turns the reading direction."""
    return all(
        unicodedata.category(char) not in {"Cc", "Cf", "Cs"} for char in text.replace("\n", "")
    )


@pytest.mark.parametrize(
    "show",
    [
        console.say,
        console.tell,
        console.print_json,
        lambda text: console.print_table(text, ("name",), [(text,)]),
    ],
    ids=["say", "tell", "json", "table"],
)
def test_a_hostile_name_reaches_no_terminal(capsys, show):
    show(HOSTILE)
    said = "".join(capsys.readouterr())
    assert is_tame(said)
    assert "=Фёдор <b>[red]" in said


def test_json_reads_back_as_what_it_was(capsys):
    console.print_json({"name": HOSTILE, "at": ["\u2028", "\xad", "ё"]})
    assert json.loads(capsys.readouterr().out) == {"name": HOSTILE, "at": ["\u2028", "\xad", "ё"]}


def test_names_of_every_script_stay_as_they_are():
    for name in ("Фёдор", "José", "李雷", "नमस्\u200dते", "محمد", "👩\u200d💻"):
        assert console.clean(name) == name


def test_line_breaks_stay_only_where_lines_are_meant():
    assert console.clean("a\nb\r\tc", lines=True) == "a\nb\\r\\tc"
    assert console.clean("a\nb") == "a\\nb"


def test_a_table_in_a_file_is_not_folded_to_a_terminals_width(capsys, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    console.print_table("", ("why",), [("x" * 120,)])
    assert "x" * 120 in capsys.readouterr().out


def test_in_a_log_every_tested_submission_is_a_line(capsys):
    with console.progress() as shown:
        bar = console.Bar(shown)
        bar.planned(2)
        bar.waiting("loading the model")
        bar.tested("s01", "completed")
        bar.tested("s02\x1b[2J", "student_fault")
    assert capsys.readouterr().err.splitlines() == [
        "loading the model",
        "1/2 s01: completed",
        "2/2 s02\\x1b[2J: student_fault",
    ]
