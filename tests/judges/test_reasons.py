"""Every reason for an unscored verdict has words in both languages."""

import ast
from pathlib import Path

import pytest

import graders
from graders.core.messages import read_catalogue
from leaderboard.judges.protocol import PASSING

ROOM = Path(__file__).parents[2] / "leaderboard" / "judges"
REASONS = {
    *("no_verdict", "empty", "reasoning", "truncated", "refusal", "request", "not_json"),
    *("too_large", "timeout", "unreachable", "rate_limited", "server", "budget", "split"),
}


@pytest.mark.parametrize("lang", ["ru", "en"])
def test_every_reason_has_words(lang):
    path = Path(graders.__file__).parent / "locale" / f"judge.{lang}.po"
    keys = {str(message.id) for message in read_catalogue(path, lang)}
    known = {key.removeprefix("judge.unscored.") for key in keys if "unscored" in key}
    assert known == REASONS


def test_the_reasons_are_those_that_the_sources_give():
    given = set()
    for name in ("reply", "transport", "endpoint", "panel"):
        for node in ast.walk(ast.parse((ROOM / f"{name}.py").read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and node.value in REASONS:
                given.add(node.value)
    assert given == REASONS
    assert PASSING <= REASONS
