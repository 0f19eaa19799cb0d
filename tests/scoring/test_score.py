"""Cases and marks to a raw score."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.core.errors import CourseError
from graders.core.records import (
    Case,
    CaseStatus,
    Mark,
    PartRule,
    PartScore,
    RawScore,
    RubricRule,
)
from graders.scoring import score

AT = datetime(2026, 12, 1, tzinfo=UTC)
PARTS = [PartRule("data", Decimal(4)), PartRule("report", Decimal(6))]
RUBRIC = [
    RubricRule("report", "report.clarity", Decimal(2)),
    RubricRule("report", "report.depth", Decimal("1.5")),
]


def case(points, earned, part="data", key="hw1.case"):
    exact = None if earned is None else Decimal(earned)
    return Case(key, part, Decimal(points), exact, CaseStatus.PARTIAL)


def mark(item, points, minutes=0, by="teacher"):
    return Mark(1, item, Decimal(points), by, "", AT + timedelta(minutes=minutes))


def test_cases_and_marks_are_summed_by_part():
    cases = [case("1.5", "1.5"), case("2.5", "0.4"), case("2", "2", "report")]
    marks = [mark("report.clarity", "1.75"), mark("report.depth", "0")]
    assert score(PARTS, RUBRIC, cases, marks) == RawScore(
        Decimal("5.65"),
        (
            PartScore("data", Decimal("1.9"), Decimal(4), Decimal(0)),
            PartScore("report", Decimal("3.75"), Decimal(6), Decimal(0)),
        ),
        provisional=False,
    )


def test_a_rubric_item_without_a_mark_is_unscored_and_makes_the_score_provisional():
    found = score(PARTS, RUBRIC, [case("1", "1")], [mark("report.depth", "1")])
    assert found.provisional
    assert found.raw == 2
    assert [part.unscored for part in found.parts] == [0, 2]


def test_an_unscored_case_earns_nothing_yet_and_makes_the_score_provisional():
    found = score(PARTS, [], [case("1", "1"), case("3", None)], [])
    assert found.provisional
    assert found.parts[0] == PartScore("data", Decimal(1), Decimal(4), Decimal(3))


def test_an_unscored_case_without_points_still_waits():
    assert score(PARTS, [], [case("0", None)], []).provisional


def test_a_failed_case_earns_zero_and_does_not_wait():
    found = score(PARTS, [], [case("4", "0")], [])
    assert found == RawScore(
        Decimal(0),
        (
            PartScore("data", Decimal(0), Decimal(4), Decimal(0)),
            PartScore("report", Decimal(0), Decimal(6), Decimal(0)),
        ),
        provisional=False,
    )


def test_a_submission_that_could_not_be_tested_keeps_its_rubric_points():
    marks = [mark("report.clarity", "2"), mark("report.depth", "1.5")]
    found = score(PARTS, RUBRIC, [], marks)
    assert (found.raw, found.provisional) == (Decimal("3.5"), False)


def test_the_last_mark_of_an_item_counts_even_when_it_is_lower():
    rubric = [RUBRIC[0]]
    marks = [mark("report.clarity", "2"), mark("report.clarity", "0.5", 1, by="other")]
    assert score(PARTS, rubric, [], marks).raw == Decimal("0.5")


def test_cases_and_rubric_may_give_exactly_the_points_of_a_part():
    cases = [case("4", "4"), case("2.5", "2.5", "report")]
    marks = [mark("report.clarity", "2"), mark("report.depth", "1.5")]
    assert score(PARTS, RUBRIC, cases, marks).raw == 10


@pytest.mark.parametrize(
    ("cases", "marks", "message"),
    [
        ([case("4", "0"), case("0.01", "0")], [], r"part data: .* give 4\.01 points.* has 4"),
        ([case("2.51", "0", "report")], [], r"part report: .* give 6\.01 points"),
        ([case("1", "1", "nowhere")], [], r"hw1\.case: there is no part 'nowhere'.*data, report"),
        ([], [mark("report.style", "1")], r"mark by teacher: there is no rubric item 'report.sty"),
        ([], [mark("report.depth", "1.51")], r"mark of report\.depth gives 1\.51 of 1\.5"),
        ([], [mark("report.depth", "-1")], r"mark of report\.depth gives -1"),
        ([case("1", "1.01")], [], r"case hw1\.case gives 1\.01 of 1"),
        ([case("1", "-0.5")], [], r"case hw1\.case gives -0\.5 of 1"),
        ([case("-1", None)], [], r"negative points"),
        ([case("NaN", None)], [], r"not a number"),
        ([case("1", "NaN")], [], r"not a number"),
    ],
)
def test_points_that_do_not_fit_the_assignment_are_an_error(cases, marks, message):
    with pytest.raises(CourseError, match=message):
        score(PARTS, RUBRIC, cases, marks)


def test_a_float_is_never_a_score():
    wrong = Case("hw1.case", "data", Decimal(1), 0.5, CaseStatus.PARTIAL)
    with pytest.raises(CourseError, match="exact decimal, not float"):
        score(PARTS, [], [wrong], [])


def test_a_rubric_item_of_an_unknown_part_is_an_error():
    with pytest.raises(CourseError, match="rubric item x: there is no part 'nowhere'"):
        score(PARTS, [RubricRule("nowhere", "x", Decimal(1))], [], [])


def test_a_part_or_item_that_stands_twice_is_an_error():
    with pytest.raises(CourseError, match="part 'data' stands twice"):
        score([*PARTS, PARTS[0]], [], [], [])
    with pytest.raises(CourseError, match=r"rubric item 'report\.depth' stands twice"):
        score(PARTS, [*RUBRIC, RUBRIC[1]], [], [])


SHARES = st.lists(
    st.tuples(
        st.sampled_from(["data", "report"]),
        st.decimals(0, "0.5", places=3),
        st.sampled_from([None, Decimal(0), Decimal("0.25"), Decimal(1)]),
    ),
    max_size=5,
)


@given(SHARES, st.lists(st.tuples(st.sampled_from([0, 1]), st.decimals(0, "1.5", places=2))))
def test_what_is_earned_and_what_waits_never_exceed_a_part(told, given_marks):
    cases = [
        Case("k", part, points, None if share is None else points * share, CaseStatus.PARTIAL)
        for part, points, share in told
    ]
    marks = [mark(RUBRIC[item].key, points) for item, points in given_marks]
    found = score(PARTS, RUBRIC, cases, marks)
    assert found.raw == sum(part.earned for part in found.parts)
    for part in found.parts:
        assert 0 <= part.earned <= part.earned + part.unscored <= part.points
    marked = {item for item, _ in given_marks}
    assert found.provisional == (len(marked) < 2 or any(share is None for *_, share in told))
