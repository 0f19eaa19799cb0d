"""The rules of a competition: what a right file means, and every mistake with its line."""

from decimal import Decimal
from pathlib import Path

import pytest

from graders.core.config_checks import ConfigError
from graders.core.errors import CourseError
from leaderboard.competition.config import from_plain, load
from tests.competition.arena import RULES

ROOT = Path(__file__).parents[2]


def rules_of(tmp_path, text):
    (tmp_path / "competition.toml").write_text(text, encoding="utf-8")
    return load(tmp_path)


def told(tmp_path, old, new):
    assert old in RULES
    with pytest.raises(ConfigError) as caught:
        rules_of(tmp_path, RULES.replace(old, new))
    return [(problem.line, problem.key, problem.message) for problem in caught.value.problems]


def line_of(text):
    return RULES.split(text)[0].count("\n") + 1


def test_the_rules_of_hw2a_are_right_and_their_weights_sum_to_one():
    rules = load(ROOT / "assignments" / "hw2a")
    assert sum(column.weight for column in rules.columns) == 1
    assert rules.columns[0].key == "win_rate"
    assert rules.competition.coverage == Decimal("0.98")
    assert len(rules.grades.milestones) == 3


def test_rules_survive_being_sealed_and_read_back(tmp_path):
    rules = rules_of(tmp_path, RULES)
    assert from_plain(rules.as_plain()) == rules
    with pytest.raises(CourseError, match="cannot be read"):
        from_plain({"competition": {}})


@pytest.mark.parametrize(
    ("old", "new", "key", "part"),
    [
        ("per_day = 2", "per_day = 0", "competition.per_day", "greater than"),
        ("per_day = 2", "per_days = 2", "competition.per_days", "did you mean 'per_day'"),
        ('weight = "0.75"', "weight = 0.75", "columns.0.weight", "a float is not exact"),
        ('weight = "0.75"', 'weight = "0.7"', "columns", "must sum to 1"),
        ('key = "rouge_l"', 'key = "composite"', "columns.2.key", "added by itself"),
        ('key = "rouge_l"', 'key = "win_rate"', "columns.2.key", "listed twice"),
        ('["0.4", "0.6", "0.8"]', '["0.6", "0.4", "0.8"]', "grades.milestones", "lowest up"),
        ('["0.4", "0.6", "0.8"]', '["0.4", "0.6"]', "grades.milestones", "at least 3"),
        ('["1", "0.5"]', '["0.5", "1"]', "grades.tiers", "best tier down"),
        ('kind = "trained"', 'kind = "oracle"', "judge", "expected tags"),
    ],
)
def test_a_mistake_is_told_with_its_key_and_line(tmp_path, old, new, key, part):
    found = told(tmp_path, old, new)
    mine = [(line, message) for line, where, message in found if where == key]
    assert len(mine) == 1, found
    assert part in mine[0][1]
    if key not in {"columns", "judge"}:
        assert mine[0][0] == line_of(old)


def test_a_controlled_column_has_no_weight_because_it_has_no_value_of_a_question(tmp_path):
    found = told(tmp_path, 'key = "length_controlled"', 'key = "length_controlled"\nweight = "0.1"')
    assert any("no value of a single question" in message for _, _, message in found)


def test_the_first_column_is_the_main_score(tmp_path):
    text = RULES.replace('key = "win_rate"', 'key = "chrf"')
    with pytest.raises(ConfigError, match="first column is the main score"):
        rules_of(tmp_path, text)


def test_a_missing_or_broken_file_is_told(tmp_path):
    with pytest.raises(CourseError, match="has no competition"):
        load(tmp_path)
    with pytest.raises(ConfigError, match=r"competition\.toml:2"):
        rules_of(tmp_path, "[competition]\nseed = = 1\n")
    (tmp_path / "competition.toml").write_bytes(b"# \xff\n")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load(tmp_path)
