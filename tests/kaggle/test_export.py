"""The host's folder: nothing private for participants, and commands that Kaggle's program takes."""

import csv
import io
import json
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from graders.core.errors import CourseError
from leaderboard.kaggle import metric
from leaderboard.kaggle.export import Host, export
from leaderboard.records import Part
from tests.competition.arena import write_data

HOST = Host(
    slug="one-line-summaries",
    title={"ru": "Описания", "en": "Summaries"},
    deadline=datetime(2026, 12, 1, 20, 59, 59, tzinfo=UTC),
    per_day=3,
    weights={"win_rate": Decimal("0.6"), "rouge_l": Decimal("0.4")},
    commitment="ab" * 32,
    languages=("ru", "en"),
)

# Kaggle's program, stopped when it has understood its arguments.
PARSE = """
import argparse, json, sys
import kaggle.cli
real = argparse.ArgumentParser.parse_args
def understood(self, *args, **more):
    found = vars(real(self, *args, **more))
    print(json.dumps({key: value for key, value in found.items() if isinstance(value, str)}))
    sys.exit(0)
argparse.ArgumentParser.parse_args = understood
kaggle.cli.main()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Export an invented competition; return the folder and its data set."""
    data = write_data(tmp_path_factory.mktemp("data"))
    out = tmp_path_factory.mktemp("out")
    export(HOST, data, {part: data / f"{part}.jsonl" for part in Part}, out)
    return out, data


def rows_of(path):
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"), newline="")))


def test_the_solution_has_every_item_once_with_its_part_in_the_order_of_the_test_set(folder):
    out, data = folder
    solution, test = rows_of(out / "solution.csv"), rows_of(out / "data" / "test.csv")
    sample = rows_of(out / "data" / "sample_submission.csv")
    ids = [json.loads(line)["id"] for line in (data / "test.jsonl").read_text().splitlines()]
    assert [row["id"] for row in solution] == [row["id"] for row in test] == ids
    assert [row["id"] for row in sample] == ids
    assert [row["Usage"] for row in solution].count("Public") == 200
    assert [row["Usage"] for row in solution].count("Private") == 400
    public = {json.loads(line)["id"] for line in (data / "public.jsonl").read_text().splitlines()}
    assert {row["id"] for row in solution if row["Usage"] == "Public"} == public


def test_participants_get_no_reference_of_the_test_set(folder):
    out, data = folder
    shown = "".join(path.read_text("utf-8") for path in (out / "data").iterdir())
    for part in Part:
        for line in (data / f"{part}.jsonl").read_text("utf-8").splitlines():
            assert json.loads(line)["summary"] not in shown
    assert "summary" in rows_of(out / "data" / "train.csv")[0]


def test_pages_are_written_in_both_languages_with_the_numbers(folder):
    out, _ = folder
    for lang, title in HOST.title.items():
        assert (out / f"pages/description.{lang}.md").read_text("utf-8").startswith(f"# {title}")
        text = (out / f"pages/evaluation.{lang}.md").read_text("utf-8")
        for part in ("200", "400", "3", "0.6", HOST.commitment):
            assert part in text
        assert "{" not in text


def test_the_same_competition_gives_the_same_bytes(folder, tmp_path):
    out, data = folder
    files = export(HOST, data, {part: data / f"{part}.jsonl" for part in Part}, tmp_path)
    for name in files:
        assert (tmp_path / name).read_bytes() == (out / name).read_bytes()


def test_a_name_that_kaggle_does_not_take_is_refused(folder, tmp_path):
    from dataclasses import replace

    for slug in ("Toy", "a", "-toys-", "too_low"):
        with pytest.raises(CourseError, match="cannot be a competition"):
            export(replace(HOST, slug=slug), folder[1], {}, tmp_path)


def test_the_metric_is_rouge_l_of_words():
    assert metric.rouge_l("Return the sorted list.", "return sorted list") == pytest.approx(6 / 7)
    assert metric.rouge_l("...", "a") == 0
    assert metric.rouge_l("a", "b") == 0
    solution = {"id": ["q1", "q2"], "answer": ["a b", "c"]}
    given = {"id": ["q1", "q2"], "answer": ["a b", "d"]}
    assert metric.score(solution, given, "id") == 0.5
    with pytest.raises(ValueError, match="ids"):
        metric.score(solution, {"id": ["q2", "q1"], "answer": ["x", "y"]}, "id")
    with pytest.raises(ValueError, match="answer"):
        metric.score(solution, {"id": ["q1", "q2"], "answer": [None, "y"]}, "id")


@pytest.mark.slow
def test_the_metric_agrees_with_the_board_and_works_on_data_frames():
    import pandas as pd

    from leaderboard.metrics import METRICS

    pairs = [("Return the sum of a and b.", "Sum of two numbers a, b"), ("x", "y"), ("", "z")]
    answers, references = zip(*pairs, strict=True)
    mine = [metric.rouge_l(*pair) for pair in pairs]
    assert mine == pytest.approx(list(METRICS["rouge_l"].score(answers, references)))
    frame = {"id": range(3), "answer": references}
    given = {"id": range(3), "answer": answers}
    assert metric.score(pd.DataFrame(frame), pd.DataFrame(given), "id") == pytest.approx(
        sum(mine) / 3
    )


@pytest.mark.slow
def test_kaggles_own_program_takes_the_hosts_commands_and_settings(folder):
    out, _ = folder
    text = (out / "HOST.md").read_text("utf-8")
    commands = [line.strip() for line in text.splitlines() if line.startswith("    kaggle ")]
    assert len(commands) == 8
    for command in commands:
        done = subprocess.run(
            [sys.executable, "-c", PARSE, *shlex.split(command)[1:]],
            capture_output=True,
            text=True,
            check=False,
            cwd=out,
        )
        assert done.returncode == 0, (command, done.stderr)
        told = json.loads(done.stdout.splitlines()[-1])
        assert HOST.slug in told.values() or told["folder"] == "."
        for key in ("path", "file_path"):
            assert key not in told or (out / told[key]).exists()
    from kaggle.api.kaggle_api_extended import KaggleApi

    known = KaggleApi._competition_settings_field_map()
    settings = json.loads((out / "settings.json").read_text("utf-8"))
    for key, value in settings.items():
        name = KaggleApi._normalize_setting_key(key, known)
        assert name is not None, key
        KaggleApi._coerce_setting_value(name, known[name][1], value)
