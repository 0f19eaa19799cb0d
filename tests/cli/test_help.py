"""Every command explains itself, and the documentation lists the same commands and options."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from graders.cli.main import app

DOCUMENT = Path(__file__).parents[2] / "docs" / "cli.md"


def _commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", {})
    if not inner:
        yield " ".join(words), command
    for name, one in inner.items():
        yield from _commands(one, (*words, name))


COMMANDS = dict(_commands(get_command(app)))
WANTED = [
    *("init", "collect", "grade", "grades", "mark", "extend", "choose", "replay"),
    *("check", "pack", "policy", "release", "feedback", "leaderboard"),
    *("certify", "doctor", "demo", "data prepare", "model prepare"),
    *("rank", "winrate"),
    *(f"competition {name}" for name in ("build", "validate", "select", "score", "board")),
    *(f"competition {name}" for name in ("replay", "rerun", "grade", "reveal", "verify")),
    *("kaggle export", "kaggle import", "kaggle sync"),
    *("judge exam", "judge train", "judge compare", "judge label", "judge agreement"),
]

SHARED = {"--home", "--course", "--lang", "--jobs", "--json"}


def _sections() -> dict[str, str]:
    """Return the text of each command's section of docs/cli.md."""
    parts = re.split(r"^## `zachetka ([a-z ]+)`$", DOCUMENT.read_text(encoding="utf-8"), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_commands_are_those_that_were_promised():
    assert sorted(COMMANDS) == sorted(WANTED)


@pytest.mark.parametrize("name", WANTED)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_every_command_has_help_that_names_each_option(zachetka, name, flag):
    said = zachetka(*name.split(), flag)
    assert said.code == 0
    for parameter in COMMANDS[name].params:
        assert parameter.name == "help" or parameter.help, parameter.name
        for option in parameter.opts if parameter.param_type_name == "option" else ():
            assert option in said.out


def test_the_document_has_a_section_for_each_command_and_for_no_other():
    assert sorted(_sections()) == sorted(WANTED)


@pytest.mark.parametrize("name", WANTED)
def test_the_document_lists_the_same_arguments_and_options_as_the_help(name):
    text = _sections()[name].split("\n# ")[0]
    also = re.search(r"^Also: (.*)\.$", text, flags=re.M)
    shared = re.findall(r"--[a-z-]+", also[1]) if also else []
    listed = set(re.findall(r"^\| `(--[a-z-]+)", text, flags=re.M))
    known = {max(one.opts, key=len) for one in _of(name, "option")} - {"--help"}
    assert listed.isdisjoint(shared)
    assert listed | set(shared) == known
    assert set(shared) <= SHARED
    for one in _of(name, "argument"):
        assert f"`{one.metavar}`" in text


def _of(name: str, kind: str) -> list[Any]:
    return [one for one in COMMANDS[name].params if one.param_type_name == kind]
