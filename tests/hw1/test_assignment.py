"""HW1 says the same everywhere: points, messages, mutants, handouts, starter."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from graders.core.catalogues import catalogue_problems
from graders.core.config import load_course
from graders.core.messages import PLATFORM_LOCALE, Messages
from graders.pipeline import releasing

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "assignments" / "hw1"
MARKER = re.compile(r'points\("([\d.]+)", key="([\w.]+)", part="(\w+)"\)')
KEY = re.compile(r'"(hw1\.\w+\.[\w.]+)"')
COURSE = load_course(ROOT / "assignments" / "course.toml")
AUTOMATIC = Decimal("7.8")


@pytest.fixture(scope="module")
def hw1():
    return COURSE.assignment("hw1")


def marked(folder):
    """Return (points, key, part) of every test of a folder."""
    return [
        (Decimal(points), key, part)
        for path in sorted((FOLDER / folder).glob("test_*.py"))
        for points, key, part in MARKER.findall(path.read_text(encoding="utf-8"))
    ]


def test_each_parts_cases_and_rubric_sum_to_its_points(hw1):
    for part in hw1.parts:
        cases = sum(points for points, _, name in marked("hidden_tests") if name == part.key)
        rubric = sum(item.points for item in hw1.rubric if item.part == part.key)
        assert cases + rubric == part.points, part.key


def test_the_automatic_points_and_the_rubrics_are_those_of_the_course(hw1):
    assert sum(points for points, _, _ in marked("hidden_tests")) == AUTOMATIC
    assert sum(item.points for item in hw1.rubric) == 10 - AUTOMATIC


def test_every_hidden_and_public_test_has_points_and_a_key_of_its_own():
    keys = [key for folder in ("hidden_tests", "public_tests") for _, key, _ in marked(folder)]
    assert len(set(keys)) == len(keys)
    for folder in ("hidden_tests", "public_tests"):
        texts = [path.read_text("utf-8") for path in (FOLDER / folder).glob("test_*.py")]
        tests = sum(len(re.findall(r"^def test_", text, re.MULTILINE)) for text in texts)
        assert tests == len(marked(folder))


def test_the_catalogues_agree_and_are_whole():
    assert catalogue_problems([PLATFORM_LOCALE, FOLDER / "locale"], ["ru", "en"]) == []


def test_every_key_that_the_tests_and_drivers_name_has_a_text_and_every_text_is_used():
    sources = [path for path in FOLDER.rglob("*.py") if path.name != "mutants.py"]
    named = {key for path in sources for key in KEY.findall(path.read_text(encoding="utf-8"))}
    texts = {key for key in Messages.load([FOLDER / "locale"], "ru").keys if key[:4] == "hw1."}
    own = {f"{key}.{end}" for key in named for end in ("failed", "partial")}
    assert named - texts == set()
    assert texts - named - own == set()


def test_every_hidden_test_is_failed_by_a_mutant_and_no_mutant_is_for_nothing():
    mutants = tomllib.loads((FOLDER / "mutants.toml").read_text(encoding="utf-8"))["mutant"]
    killed = {key for mutant in mutants for key in mutant["kills"]}
    assert killed == {key for _, key, _ in marked("hidden_tests")}


def test_the_starter_is_what_the_reference_gives(hw1):
    assert releasing.stale_files(COURSE, ROOT, hw1) == []


@pytest.mark.parametrize("lang", ["ru", "en"])
def test_the_handouts_points_are_those_of_the_assignment(hw1, lang):
    text = (FOLDER / f"handout.{lang}.md").read_text(encoding="utf-8")
    for part in hw1.parts:
        points = str(part.points).replace(".", "," if lang == "ru" else ".")
        assert f"| {part.title[lang]} | {points} |" in text
    for item in hw1.rubric:
        assert str(item.points).replace(".", "," if lang == "ru" else ".") in text


@pytest.mark.parametrize("lang", ["ru", "en"])
def test_the_handout_names_the_limits_that_are_configured(hw1, lang):
    text = (FOLDER / f"handout.{lang}.md").read_text(encoding="utf-8")
    megabytes = hw1.files.max_bytes("adapter/adapter_model.safetensors") // 2**20
    for word in (
        f"{megabytes} {'МБ' if lang == 'ru' else 'MB'}",
        f"{hw1.settings['template_tokens']} ",
        f"{round(hw1.settings['honesty_zero'] * 100)} ",
        "zachetka check hw1",
        "zachetka pack hw1",
        "zachetka policy hw1",
        *(path for path in hw1.files.required),
    ):
        assert word in text, word


def test_every_handed_in_file_of_the_handout_is_allowed(hw1):
    text = (FOLDER / "handout.en.md").read_text(encoding="utf-8")
    table = text.split("## What to hand in")[1].split("`claims.json` holds")[0]
    named = {
        name
        for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
        for name in re.findall(r"`([^`]+)`", row)
    }
    assert "adapter/task.json" in named
    assert all(hw1.files.allows(name) for name in named)
