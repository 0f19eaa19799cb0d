"""The explanation of a penalty can be recomputed from what it shows."""

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graders.core.errors import CourseError
from graders.core.records import Deadlines, LateRule
from graders.feedback.late import lateness
from tests.feedback import sample

D = Decimal


def test_in_time_costs_nothing(told):
    text = told(sample.graded())
    assert "Мягкий дедлайн 20 октября 2026 г., 23:59:59 МСК" in text
    assert "Жёсткий дедлайн 3 ноября 2026 г., 23:59:59 МСК" in text
    assert "Получено 18 октября 2026 г., 15:30:05 МСК" in text
    assert "Опоздание нет, сдано вовремя Штраф нет Оценка 3,25 − 0 = 3,25" in text


def test_begun_days_are_counted_whole(told):
    text = told(sample.late(2, 2, "1.25"))
    assert "⌈24:01:00 / 24:00:00⌉ = 2 дня (начатые сутки считаются целиком)" in text
    assert "Штраф 2 дня × 1 = 2 Оценка 3,25 − 2 = 1,25" in text


def test_the_cap_and_the_floor_are_told(told):
    text = told(sample.late(9, 7, "0"))
    assert "9 дней × 1 = 9, но не больше 7, поэтому 7" in text
    assert "3,25 − 7 = −3,75, но штраф не опускает оценку ниже 0, поэтому 0" in text


def test_an_extension_is_told_with_the_deadlines_that_it_moved(told):
    moved = Deadlines(sample.SOFT + timedelta(days=2), sample.HARD + timedelta(days=2))
    decision = sample.decided(D("3.25"), 0, D(0), D("3.25"), deadlines=moved, extension=2)
    text = told(sample.graded(sample.SOFT + timedelta(days=2), decision))
    assert "Мягкий дедлайн 22 октября 2026 г., 23:59:59 МСК" in text
    assert "Продление 2 дня, в сроках выше оно уже учтено" in text
    assert "нет, сдано вовремя" in text


def test_an_extension_of_work_that_does_not_count_is_told_beside_the_deadlines(told):
    text = told(sample.missing())
    assert "Мягкий дедлайн 20 октября 2026 г., 23:59:59 МСК" in text
    assert "Продление 2 дня, прибавляются к срокам выше" in text
    assert "Штраф" not in text.split("Что прислано")[0].split("Сроки и штраф")[1]


def test_without_dates_nothing_is_late(told):
    text = told(sample.sample()["undated"])
    assert "Мягкий дедлайн дата ещё не назначена Жёсткий дедлайн дата ещё не назначена" in text
    assert "нет: пока дата не назначена, ничего не опаздывает" in text


@pytest.mark.parametrize(("penalty", "final"), [(3, "0.25"), (4, "1")])
def test_numbers_by_another_rule_are_refused_rather_than_explained_wrongly(told, penalty, final):
    with pytest.raises(CourseError, match=r"not what .* gives for 4 days: 4 and 0") as caught:
        told(sample.late(4, penalty, final))
    assert caught.value.where == "hw1 of s01"


def test_a_score_below_the_floor_stays_as_it_is(told):
    course = replace(sample.course(), rule=LateRule(D(1), D(7), floor=D(4)))
    text = told(sample.context(sample.late(2, 2, "3.25"), course=course))
    assert "3,25 − 2 = 1,25, но штраф не опускает оценку ниже 4, поэтому 3,25" in text


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.timedeltas(timedelta(microseconds=1), timedelta(days=20)))
def test_the_shown_difference_rounds_up_to_the_days_that_are_charged(russian, late_by):
    days = -(-late_by // timedelta(days=1))
    penalty = min(D(days), D(7))
    decision = sample.decided(D(10), days, penalty, D(10) - penalty)
    work = sample.graded(sample.SOFT + late_by, decision)
    lines = lateness(work, sample.course(), russian)
    late = next(line.value for line in lines if line.label == "Опоздание")
    hours, minutes, seconds, shown_days = map(
        int, re.match(r"⌈(\d+):(\d\d):(\d\d) / 24:00:00⌉ = (\d+) д", late).groups()
    )
    shown = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    assert -(-shown // timedelta(days=1)) == shown_days == days


def test_a_receipt_in_utc_is_shown_in_the_zone_of_the_course(told):
    work = sample.graded()
    assert work.counted.received.hour == 12
    assert work.counted.received.utcoffset() == timedelta(0)
    assert told(work).count("15:30:05 МСК") == 2  # among the sums and among the receipts
