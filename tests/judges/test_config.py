"""What a `[judge]` table may say."""

from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from graders.core.errors import CourseError
from leaderboard.judges import JudgeConfig, from_config
from leaderboard.judges.config import EndpointTable, LocalTable, PanelTable, TrainedTable

ADAPTER = TypeAdapter(JudgeConfig)
ENDPOINT = {
    "kind": "endpoint",
    "name": "remote",
    "family": "fam",
    "base_url": "https://judge.example/v1",
    "model": "m",
    "budget": {"tokens": 1000},
}
LOCAL = {"kind": "local", "name": "small", "family": "smol", "folder": "model"}
SALT = b"a salt of sixteen bytes or more"


@pytest.mark.parametrize(
    ("told", "table"),
    [
        (ENDPOINT, EndpointTable),
        (LOCAL, LocalTable),
        ({"kind": "trained"}, TrainedTable),
        ({"kind": "panel", "judges": [ENDPOINT, {"kind": "trained"}]}, PanelTable),
    ],
)
def test_kind_tells_judges_apart_and_each_reads_back(told, table):
    config = ADAPTER.validate_python(told)
    assert isinstance(config, table)
    assert ADAPTER.validate_python(config.model_dump()) == config


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "oracle"}, "kind"),
        ({"base_url": "judge.example"}, "https://"),
        ({"base_url": "https://user:pass@judge.example/v1"}, "no key"),
        ({"base_url": "https://judge.example/v1?key=1"}, "no key"),
        ({"budget": {}}, "a budget is needed"),
        ({"budget": {"money": "5"}}, "needs a price"),
        ({"budget": {"tokens": 0}}, "greater than 0"),
        ({"api_key_env": "A", "api_key_file": "b"}, "not from both"),
        ({"api_key_env": "sk-1234"}, "pattern"),
        ({"api_key": "sk-1234"}, "Extra inputs"),
        ({"extra": {"messages": []}}, "may not hold messages"),
        ({"concurrency": 1000}, "less than or equal"),
    ],
)
def test_wrong_tables_are_refused_with_a_reason(change, message):
    with pytest.raises(ValidationError, match=message):
        ADAPTER.validate_python(ENDPOINT | change)


def test_key_does_not_travel_in_the_clear():
    clear = ENDPOINT | {"base_url": "http://judge.example/v1"}
    assert ADAPTER.validate_python(clear).api_key_env is None
    with pytest.raises(ValidationError, match="over https only"):
        ADAPTER.validate_python(clear | {"api_key_env": "KEY"})
    for host in ("localhost", "127.0.0.1", "[::1]"):
        ours = {"base_url": f"http://{host}:8000/v1", "api_key_env": "KEY"}
        assert ADAPTER.validate_python(ENDPOINT | ours).is_local
    assert not ADAPTER.validate_python(ENDPOINT).is_local


def test_local_judge_has_a_model_or_a_folder():
    for wrong in ({"folder": None}, {"model": "package:a==1"}):
        with pytest.raises(ValidationError, match="one of the two"):
            ADAPTER.validate_python(LOCAL | wrong)


def test_temperature_can_be_left_out():
    assert ADAPTER.validate_python(ENDPOINT).temperature == 0
    assert ADAPTER.validate_python(ENDPOINT | {"temperature": "none"}).temperature is None


def test_everything_that_can_change_a_verdict_is_on_the_card():
    def card(**change):
        return from_config(ADAPTER.validate_python(ENDPOINT | change), salt=SALT).card

    changes = (
        {"model": "other"},
        {"temperature": "0.7"},
        {"max_tokens": 5},
        {"seed": 1},
        {"format": "text"},
        {"logprobs": True},
        {"max_answer": 10},
        {"extra": {"top_p": 0.5}},
    )
    assert all(card(**change) != card() for change in changes)
    assert card(base_url="https://mirror.example/v1", concurrency=9) == card()


def test_panel_of_contestants_own_family_is_refused():
    told = {"kind": "panel", "judges": [ENDPOINT], "contestants": ["fam"]}
    with pytest.raises(CourseError, match="no judge is left"):
        from_config(ADAPTER.validate_python(told), salt=SALT)


@pytest.mark.parametrize("table", [EndpointTable, LocalTable, TrainedTable, PanelTable])
def test_every_key_is_documented(table):
    text = (Path(__file__).parents[2] / "docs" / "judge-configuration.md").read_text("utf-8")
    for name, field in table.model_fields.items():
        inner = getattr(field.annotation, "model_fields", {})
        keys = [f"{name}.{key}" for key in inner] or [name]
        assert all(f"`{key}`" in text or f"`{key} =" in text for key in keys), keys
