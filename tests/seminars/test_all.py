"""What holds for all seven seminars: points, texts, mutants, starters, bundles."""

from __future__ import annotations

import ast
import re
from decimal import Decimal

import pytest

from graders.core.catalogues import catalogue_problems
from graders.core.messages import PLATFORM_LOCALE, Messages
from graders.pipeline import releasing
from graders.pipeline.generated import generate, read_survivors
from graders.pipeline.mutants import read_mutants
from graders.release import starter_files
from tests.seminars.conftest import COURSE, ROOT
from tests.seminars.test_topics import FUNCTIONS

MARKER = re.compile(r'points\(\s*"([\d.]+)",\s*key="([\w.]+)",\s*part="(\w+)"\s*,?\s*\)')


def marked(seminar, folder):
    """Return (points, key, part) of every test of a folder."""
    return [
        (Decimal(points), key, part)
        for path in sorted((seminar.folder / folder).glob("test_*.py"))
        for points, key, part in MARKER.findall(path.read_text("utf-8"))
    ]


def test_the_course_has_all_seven():
    assert COURSE.seminars == tuple(f"seminar{n}" for n in range(1, 8))
    assert set(COURSE.seminars) <= set(COURSE.assignments)


def test_each_parts_cases_sum_to_its_points(seminar):
    cases = marked(seminar, "hidden_tests")
    assert {part for _, _, part in cases} == {part.key for part in seminar.parts}
    for part in seminar.parts:
        assert sum(points for points, _, name in cases if name == part.key) == part.points, part
    assert sum(part.points for part in seminar.parts) == 10


def test_every_test_has_points_and_a_key_of_its_own(seminar):
    keys = []
    for folder in ("hidden_tests", "public_tests"):
        tests = [
            node.name
            for path in (seminar.folder / folder).glob("test_*.py")
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        ]
        own = [key for _, key, _ in marked(seminar, folder)]
        assert tests
        assert len(own) == len(tests), folder
        keys += own
    assert len(set(keys)) == len(keys)
    assert all(key.startswith(f"{seminar.name}.") for key in keys)


def test_the_catalogues_agree_and_are_whole(seminar):
    assert catalogue_problems([PLATFORM_LOCALE, seminar.catalogues], ["ru", "en"]) == []


def test_every_key_that_a_test_names_has_a_text_and_every_text_is_named(seminar):
    literal = re.compile(rf'"({seminar.name}\.\w[\w.]*)"')
    sources = [path for path in seminar.folder.rglob("*.py") if path.name != "mutants.py"]
    named = {key for path in sources for key in literal.findall(path.read_text("utf-8"))}
    texts = {
        key
        for key in Messages.load([seminar.catalogues], "ru").keys
        if key.startswith(f"{seminar.name}.")
    }
    own = {f"{key}.{end}" for key in named for end in ("failed", "partial")}
    assert named - texts == set()
    assert texts - named - own == set()


def test_the_mutants_can_be_applied_and_every_hidden_test_has_one(seminar, reference):
    catalogue = Messages.load([seminar.catalogues]).keys
    mutants = read_mutants(seminar.folder / "mutants.toml", reference, catalogue)
    assert len(mutants) >= 25
    killed = {key for mutant in mutants for key in mutant.kills}
    assert killed == {key for _, key, _ in marked(seminar, "hidden_tests")}
    silent = [mutant.id for mutant in mutants if not mutant.message]
    assert len(silent) <= len(mutants) / 4, "most mistakes are usual ones, and get a diagnosis"


def test_every_explained_survivor_is_a_mutant_that_is_generated(seminar, reference):
    known = read_survivors(seminar.folder)
    made = list(generate(reference)) if known else []
    for one in known:
        assert any(map(one.explains, made)), (one.function, one.operator, one.text)
        assert len(one.why) > 15, one


@pytest.mark.parametrize("lang", ["ru", "en"])
def test_the_handout_names_what_students_write_and_how_to_check_it(seminar, lang):
    text = (seminar.folder / f"handout.{lang}.md").read_text("utf-8")
    assert text.startswith("# ")
    assert f"zachetka check {seminar.name}" in text
    for name in FUNCTIONS[int(seminar.name.removeprefix("seminar"))].split():
        assert name in text, name
    assert len(re.findall(r"^## ", text, re.MULTILINE)) >= 3


def test_the_starter_and_its_notebooks_are_what_the_reference_gives(seminar, starter):
    assert releasing.stale_files(COURSE, ROOT, seminar) == []
    for lang in COURSE.languages:
        assert (starter / f"notebook.{lang}.ipynb").is_file()


def test_the_starter_imports_nothing_from_above_itself(seminar, reference):
    files = starter_files(reference)
    assert {"run.py", "tour.py", "__init__.py", "experiment.py"} <= set(files)
    for name, text in files.items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom):
                assert node.level <= 1, name
                assert (node.module or "").partition(".")[0] != "reference", name


def test_the_run_reads_only_what_the_assignment_names(seminar):
    from graders.assets import student_parts

    assert seminar.run.data
    assert all(student_parts(name) for name in seminar.run.data)


@pytest.mark.slow
@pytest.mark.model
def test_the_bundles_texts_give_nothing_away(seminar):
    releasing.require_released(COURSE, ROOT, seminar)
