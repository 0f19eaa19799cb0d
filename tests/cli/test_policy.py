"""`zachetka policy`: the forecast that students ask for before they send."""

from __future__ import annotations

import pytest

DATES = ("--soft", "2026-11-30", "--hard", "2026-12-14")


def forecast(zachetka, received: str, *more: str, score: str = "8.5") -> dict[str, str]:
    said = zachetka(
        "policy", "hw1", "--received", received, "--score", score, *DATES, *more, "--json"
    )
    assert said.code == 0, said.err
    return said.json


@pytest.mark.parametrize(
    ("received", "days", "penalty", "final"),
    [
        ("2026-11-30T23:59:59+03:00", "0", "0", "8.5"),
        ("2026-11-30T23:59:59.999999+03:00", "0", "0", "8.5"),
        ("2026-12-01T00:00:00+03:00", "1", "1", "7.5"),
        ("2026-11-30T21:00:00Z", "1", "1", "7.5"),
        ("2026-11-30T13:00:00-08:00", "1", "1", "7.5"),
        ("2026-12-01T23:59:59+03:00", "1", "1", "7.5"),
        ("2026-12-02T00:00:00+03:00", "2", "2", "6.5"),
        ("2026-12-07T23:59:59+03:00", "7", "7", "1.5"),
        ("2026-12-08T00:00:00+03:00", "8", "7", "1.5"),
        ("2026-12-14T23:59:59+03:00", "14", "7", "1.5"),
    ],
)
def test_a_begun_day_costs_a_point_up_to_the_cap(course, zachetka, received, days, penalty, final):
    assert forecast(zachetka, received) == {
        "accepted": "true",
        "days_late": days,
        "penalty": penalty,
        "final": final,
    }


def test_the_grade_never_goes_below_zero(course, zachetka):
    assert forecast(zachetka, "2026-12-10T12:00:00+03:00", score="3")["final"] == "0"


def test_after_the_hard_deadline_nothing_is_accepted_and_nothing_is_graded(course, zachetka):
    told = forecast(zachetka, "2026-12-15T00:00:00+03:00")
    assert (told["accepted"], told["final"]) == ("false", "0")


def test_nothing_is_late_while_the_dates_are_not_set(course, zachetka):
    told = forecast(zachetka, "2099-01-01T00:00:00+03:00", "--soft", "TBA", "--hard", "TBA")
    assert told == {"accepted": "true", "days_late": "0", "penalty": "0", "final": "8.5"}


@pytest.mark.parametrize(
    "soft", ["2026-11-30", "2026-11-30 23:59", "2026-11-30T23:59:00+03:00", "2026-11-30T20:59Z"]
)
def test_a_deadline_is_a_date_a_minute_or_an_instant(course, zachetka, soft):
    for second, days in (("59", "0"), ("60", "1")):
        at = "2026-11-30T23:59:59+03:00" if second == "59" else "2026-12-01T00:00:00+03:00"
        assert forecast(zachetka, at, "--soft", soft)["days_late"] == days


def test_the_dates_of_the_course_hold_when_none_are_given(course, zachetka):
    said = zachetka("policy", "hw1", "--received", "2025-10-21T00:00:00+03:00", "--json")
    assert said.json == {"accepted": "true", "days_late": "1", "penalty": "1", "final": "9"}


def test_a_forecast_for_now_is_asked_with_no_option(course, zachetka):
    assert set(zachetka("policy", "hw1", "--json").json) == {
        "accepted",
        "days_late",
        "penalty",
        "final",
    }


def test_people_read_the_arithmetic_in_russian_or_english(course, zachetka):
    ask = ("policy", "hw1", "--received", "2026-12-02T00:00:00+03:00", "--score", "8.5", *DATES)
    russian = zachetka(*ask).out
    assert "Мягкий дедлайн: 30 ноября 2026 г., 23:59 МСК" in russian
    assert "Опоздание: 2 дня" in russian
    assert "8,5 − 2 = 6,5" in russian
    assert "8.5 − 2 = 6.5" in zachetka(*ask, "--lang", "en").out
    after = zachetka("policy", "hw1", "--received", "2027-01-01T00:00:00Z", *DATES, "--lang", "en")
    assert "Not accepted" in after.out
    early = zachetka("policy", "hw1", "--received", "2026-01-01T00:00:00Z", *DATES, "--lang", "en")
    assert "no penalty" in early.out


def test_a_granted_extension_moves_both_deadlines_of_that_student_alone(course, zachetka, tmp_path):
    listed = tmp_path / "students.csv"
    listed.write_text("id,name\ns01,Анна\ns02,Борис\n", encoding="utf-8")
    assert zachetka("init", "--students", listed).code == 0
    granted = zachetka(
        "extend", "hw1", "s01", "--days", 2, "--reason", "болезнь", "--by", "teacher"
    )
    assert granted.code == 0, granted.err
    at = ("policy", "hw1", "--received", "2025-10-22T23:59:59+03:00", "--json")
    assert zachetka(*at, "--student", "s01").json["days_late"] == "0"
    assert zachetka(*at, "--student", "s02").json["days_late"] == "2"
    hard = ("policy", "hw1", "--received", "2025-11-05T12:00:00+03:00", "--json")
    assert zachetka(*hard, "--student", "s01").json["accepted"] == "true"
    assert zachetka(*hard, "--student", "s02").json["accepted"] == "false"
    told = zachetka(*at[:-1], "--student", "s01", "--lang", "en").out
    assert "extension: 2 days" in told
    stranger = zachetka(*at, "--student", "s99")
    assert stranger.code == 3
    assert "s99" in stranger.err


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--received", "tomorrow", "no instant"),
        ("--received", "2026-12-01T00:00:00", "2026-12-01T00:00:00+03:00"),
        ("--received", "2026-12-01", "time zone"),
        ("--score", "11", "from 0 to 10"),
        ("--score", "-1", "from 0 to 10"),
        ("--score", "nan", "from 0 to 10"),
        ("--score", "8,5", "8.5"),
        ("--soft", "30.11.2026", "YYYY-MM-DD"),
        ("--soft", "2027-01-01", "before the soft"),
        ("--lang", "tlh", "en, ru"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_form_that_can(
    course, zachetka, option, value, says
):
    said = zachetka("policy", "hw1", *DATES, option, value, *(() if option == "--lang" else LANG))
    assert said.code == 3
    assert says in said.err
    assert said.out == ""


LANG = ("--lang", "en")


def test_an_unknown_homework_is_told_with_those_there_are(course, zachetka):
    said = zachetka("policy", "hw9", "--json")
    assert said.code == 3
    assert "hw9" in said.err
    assert "hw1, hw2" in said.err
