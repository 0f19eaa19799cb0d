"""The documents name only what exists: files, make targets, commands and their options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from graders.cli.main import main

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), flags=re.M))


def _commands() -> Iterator[tuple[str, str]]:
    """Yield every command line that a document shows, with the document's name."""
    for document in DOCUMENTS:
        for line in document.read_text(encoding="utf-8").splitlines():
            shown = re.findall(r"^(?: {4})?(zachetka .*)$", line)
            quoted = re.findall(r"`(zachetka [a-z]+ [^`]*)`", line)
            for command in shown + quoted:
                yield document.name, command


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_to_a_file(document):
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        assert "://" in target or (document.parent / target).exists(), target


def test_every_make_target_is_in_the_readme_and_no_other():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `make ([a-z-]+)` \|", readme, flags=re.M))
    assert listed == TARGETS - {"help"}
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        assert set(re.findall(r"`make ([a-z-]+)`|^make ([a-z-]+)$", text, flags=re.M)) <= {
            pair for target in TARGETS for pair in ((target, ""), ("", target))
        }


def _source_folders() -> set[str]:
    """Return the folders at the top that hold sources."""
    built = {"build", "dist"}
    return {
        path.name
        for path in ROOT.iterdir()
        if path.is_dir() and re.fullmatch(r"[a-z_]+", path.name) and path.name not in built
    }


def test_the_fixtures_of_hidden_tests_are_all_listed():
    sources = (ROOT / "graders" / "tester").glob("*.py")
    pattern = r"@pytest\.fixture(?:\(.*\))?\n +def (\w+)"
    known = {name for path in sources for name in re.findall(pattern, path.read_text("utf-8"))}
    text = (ROOT / "docs" / "adding-an-assignment.md").read_text(encoding="utf-8")
    table = text.split("| fixture |")[1].split("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, flags=re.M)) == known


def test_every_folder_at_the_top_is_in_the_readme():
    listed = _source_folders()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert listed <= set(re.findall(r"^\| `([a-z_]+)/` \|", readme, flags=re.M))


@pytest.mark.parametrize(("document", "line"), sorted(set(_commands())))
def test_every_command_line_shown_can_be_parsed(document, line, capsys):
    words = shlex.split(line.split(" | ")[0])[1:]
    name = 2 if words[0] in {"competition", "data", "judge", "kaggle", "model"} else 1
    # With --help nothing is run, but an unknown command or option is still an error.
    assert main([*words[:name], "--help", *words[name:]]) == 0, capsys.readouterr().err
