"""The course's own homeworks, as configured, can be shown."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from graders.core.config import load_course
from graders.core.messages import Messages
from graders.core.records import PartScore, RawScore
from graders.feedback import student_page
from tests.feedback import sample
from tests.feedback.conftest import LINKS
from tests.feedback.pagetext import Page, rule_problems

COURSE = load_course(Path(__file__).resolve().parents[2] / "assignments" / "course.toml")


@pytest.mark.parametrize("name", [one for one in COURSE.assignments if one not in COURSE.seminars])
def test_every_part_and_rubric_item_has_its_title_and_points(name, lang):
    assignment = COURSE.assignment(name)
    parts = tuple(
        PartScore(part.key, Decimal(0), part.points, Decimal(0)) for part in assignment.parts
    )
    work = replace(
        sample.graded(decision=sample.decided(Decimal(0), 0, Decimal(0), Decimal(0)), cases=()),
        homework=COURSE.homework_of(name).id,
        assignment=name,
        score=RawScore(Decimal(0), parts, provisional=True),
    )
    context = replace(sample.context(work), course=COURSE)
    words = Messages.load(lang=lang, strict=True)
    page = student_page(context, words, LINKS)
    assert rule_problems(page) == []
    text = Page(page).text
    for part in assignment.parts:
        assert f"{part.title[lang]} 0 / {words.decimal(part.points)}" in text
    for item in assignment.rubric:
        limit = words.text("feedback.waits", points=item.points)
        assert f"{item.title[lang]} {limit}" in text
