"""Which submission counts, and the reason that is told."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.core.messages import Messages
from graders.core.records import Deadlines, GradeStatus, LateRule, Refusal, Submission
from graders.policy import Counted, counted, decide

MOSCOW = ZoneInfo("Europe/Moscow")
SOFT = datetime(2026, 11, 30, 23, 59, 59, 999_999, tzinfo=MOSCOW)
HARD = SOFT + timedelta(days=14)
BOTH = Deadlines(SOFT, HARD)
DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
BROKEN = Refusal("exchange.broken")


def work(number, received, refusal=None, assignment="hw1"):
    return Submission(number, assignment, "s01", received, "zip", f"d{number}", (), refusal)


def test_the_only_submission_counts():
    only = work(1, SOFT)
    assert counted([only], BOTH, 0) == Counted(only, "counted.only", None)


def test_the_last_submission_counts_even_when_it_is_late_and_the_first_was_not():
    in_time, late = work(1, SOFT - DAY), work(2, SOFT + 3 * DAY)
    assert counted([in_time, late], BOTH, 0) == Counted(late, "counted.last", None)


def test_the_last_submission_counts_even_when_it_is_worse():
    better, worse = work(1, SOFT - DAY), work(2, SOFT)
    found = counted([better, worse], BOTH, 0)
    assert found.submission is worse
    scores = {1: Decimal(9), 2: Decimal(4)}
    rule = LateRule(Decimal(1), Decimal(7))
    assert decide(scores[found.submission.id], worse.received, BOTH, 0, rule).final == 4


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_in_which_they_are_given_does_not_matter(order):
    works = [work(1, SOFT), work(2, SOFT + DAY), work(3, HARD + DAY)]
    assert counted(works[::order], BOTH, 0).submission.id == 2


def test_the_hard_deadline_itself_counts_and_the_microsecond_after_does_not():
    first, exactly, after = work(1, SOFT), work(2, HARD), work(3, HARD + MICROSECOND)
    assert counted([first, exactly, after], BOTH, 0) == Counted(
        exactly, "counted.last_before_hard", None
    )
    assert counted([first, exactly], BOTH, 0) == Counted(exactly, "counted.last", None)


@pytest.mark.parametrize(("days", "number"), [(0, 1), (1, 1), (2, 2), (3, 2)])
def test_an_extension_moves_the_hard_deadline(days, number):
    works = [work(1, SOFT), work(2, HARD + 2 * DAY)]
    assert counted(works, BOTH, days).submission.id == number


def test_without_a_hard_deadline_the_last_one_counts_whenever_it_comes():
    works = [work(1, SOFT), work(2, datetime(2999, 1, 1, tzinfo=UTC))]
    assert counted(works, Deadlines(SOFT, None), 0).submission.id == 2
    assert counted(works, Deadlines(None, None), 0).submission.id == 2


def test_of_two_at_one_instant_the_one_stored_later_counts():
    works = [work(2, SOFT.astimezone(UTC)), work(1, SOFT)]
    assert counted(works, BOTH, 0).submission.id == 2


def test_what_was_refused_never_replaces_an_accepted_one():
    good, refused = work(1, SOFT), work(2, SOFT + DAY, BROKEN)
    assert counted([good, refused], BOTH, 0) == Counted(good, "counted.before_refused", None)


def test_an_accepted_one_after_a_refused_one_is_simply_the_last():
    refused, good = work(1, SOFT, BROKEN), work(2, SOFT + DAY)
    assert counted([refused, good], BOTH, 0) == Counted(good, "counted.last", None)


@pytest.mark.parametrize(
    ("last", "why"),
    [
        (work(3, HARD + 2 * DAY), "counted.last_before_hard"),
        (work(3, HARD + 2 * DAY, BROKEN), "counted.last_before_hard"),
        (work(3, HARD, BROKEN), "counted.before_refused"),
    ],
)
def test_the_reason_is_about_the_very_last_one(last, why):
    works = [work(1, SOFT), work(2, SOFT + DAY, BROKEN), last]
    assert counted(works, BOTH, 0) == Counted(works[0], why, None)


@pytest.mark.parametrize(
    ("works", "why", "status"),
    [
        ([], "counted.none", GradeStatus.MISSING),
        ([work(1, HARD + MICROSECOND)], "counted.all_late", GradeStatus.NOT_ACCEPTED),
        ([work(1, SOFT, BROKEN)], "counted.all_refused", GradeStatus.REFUSED),
        (
            [work(1, SOFT, BROKEN), work(2, HARD + DAY)],
            "counted.all_late",
            GradeStatus.NOT_ACCEPTED,
        ),
    ],
)
def test_when_nothing_counts_the_reason_and_the_status_say_so(works, why, status):
    assert counted(works, BOTH, 0) == Counted(None, why, status)


WORKS = st.lists(
    st.tuples(
        st.timedeltas(timedelta(days=-3), timedelta(days=3)),
        st.sampled_from([None, BROKEN]),
        st.sampled_from([MOSCOW, UTC]),
    ),
    max_size=6,
).map(
    lambda told: [
        work(n, (HARD.astimezone(UTC) + shift).astimezone(zone), refusal)
        for n, (shift, refusal, zone) in enumerate(told)
    ]
)


@given(WORKS, st.integers(0, 4))
def test_exactly_the_last_acceptable_one_counts(works, days):
    found = counted(works, BOTH, days)
    fit = [w for w in works if w.refusal is None and w.received <= HARD + days * DAY]
    assert found.submission == max(fit, key=lambda w: (w.received, w.id), default=None)
    assert (found.submission is None) == (found.status is not None)
    for lang in ("ru", "en"):
        assert Messages.load(lang=lang, strict=True).text(found.why)
