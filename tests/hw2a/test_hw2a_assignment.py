"""HW2A says the same everywhere: points, messages, mutants, handouts, starter."""

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
FOLDER = ROOT / "assignments" / "hw2a"
MARKER = re.compile(r'points\("([\d.]+)", key="([\w.]+)", part="(\w+)"\)')
KEY = re.compile(r'"(hw2a\.\w+\.[\w.]+)"')
COURSE = load_course(ROOT / "assignments" / "course.toml")
AUTOMATIC = Decimal("5.0")


@pytest.fixture(scope="module")
def hw2a():
    return COURSE.assignment("hw2a")


def marked(folder):
    """Return (points, key, part) of every test of a folder."""
    return [
        (Decimal(points), key, part)
        for path in sorted((FOLDER / folder).glob("test_*.py"))
        for points, key, part in MARKER.findall(path.read_text(encoding="utf-8"))
    ]


def test_each_parts_cases_and_rubric_sum_to_its_points(hw2a):
    for part in hw2a.parts:
        cases = sum(points for points, _, name in marked("hidden_tests") if name == part.key)
        rubric = sum(item.points for item in hw2a.rubric if item.part == part.key)
        assert cases + rubric == part.points, part.key
    assert sum(part.points for part in hw2a.parts) == 10
    assert sum(points for points, _, _ in marked("hidden_tests")) == AUTOMATIC


def test_the_competition_gives_three_milestones_and_the_tier(hw2a):
    given = {item.key: item.points for item in hw2a.rubric if item.part == "private"}
    names = ("milestone1", "milestone2", "milestone3", "tier")
    assert given == {f"private.{name}": 1 for name in names}


def test_every_hidden_and_public_test_has_points_and_a_key_of_its_own():
    keys = [key for folder in ("hidden_tests", "public_tests") for _, key, _ in marked(folder)]
    assert len(set(keys)) == len(keys)
    for folder in ("hidden_tests", "public_tests"):
        texts = [path.read_text("utf-8") for path in (FOLDER / folder).glob("test_*.py")]
        tests = sum(len(re.findall(r"^def test_", text, re.MULTILINE)) for text in texts)
        assert tests == len(marked(folder))


def test_the_catalogues_agree_and_every_text_is_used():
    assert catalogue_problems([PLATFORM_LOCALE, FOLDER / "locale"], ["ru", "en"]) == []
    sources = [path for path in FOLDER.rglob("*.py") if path.name != "mutants.py"]
    named = {key for path in sources for key in KEY.findall(path.read_text(encoding="utf-8"))}
    texts = {key for key in Messages.load([FOLDER / "locale"], "ru").keys if key[:5] == "hw2a."}
    assert named == texts


def test_every_hidden_test_is_failed_by_a_mutant_and_every_diagnosis_is_given_by_one():
    mutants = tomllib.loads((FOLDER / "mutants.toml").read_text(encoding="utf-8"))["mutant"]
    killed = {key for mutant in mutants for key in mutant["kills"]}
    assert killed == {key for _, key, _ in marked("hidden_tests")}
    edits = {mutant["edit"] for mutant in mutants if "edit" in mutant}
    defined = re.findall(r"^def ([a-z]\w+)", (FOLDER / "mutants.py").read_text("utf-8"), re.M)
    assert edits == set(defined)


def test_the_starter_is_what_the_reference_gives(hw2a):
    assert releasing.stale_files(COURSE, ROOT, hw2a) == []


@pytest.mark.parametrize("lang", ["ru", "en"])
def test_the_handouts_numbers_are_those_of_the_assignment(hw2a, lang):
    text = (FOLDER / f"handout.{lang}.md").read_text(encoding="utf-8")
    for part in hw2a.parts:
        points = str(part.points).replace(".", "," if lang == "ru" else ".")
        assert f"| {part.title[lang]} | {points} |" in text
    own = hw2a.settings
    megabytes = hw2a.files.max_bytes("adapter/adapter_model.safetensors") // 2**20
    for word in (
        f"{megabytes} {'МБ' if lang == 'ru' else 'MB'}",
        f" {own['answer_chars']} ",
        f" {own['rerun_items']} ",
        f" {round(own['rerun_nothing'] * 100)} %",
        f" {round(own['rerun_everything'] * 100)} %",
        f" {own['ablation_variants']} ",
        f" {own['ablation_items']}",
        "zachetka check hw2a",
        "zachetka pack hw2a",
        "zachetka policy hw2",
        *hw2a.files.required,
    ):
        assert word in text, word


def test_every_handed_in_file_of_the_handout_is_allowed(hw2a):
    text = (FOLDER / "handout.en.md").read_text(encoding="utf-8")
    table = text.split("## What to hand in")[1].split("An answer is one line")[0]
    named = {
        name
        for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
        for name in re.findall(r"`([^`]+)`", row)
    }
    assert {"submission.jsonl", "ablations.json", "adapter/adapter_config.json"} <= named
    assert all(hw2a.files.allows(name) for name in named)
