"""HW2 is A or B: both handed in, declared, changed, declared late."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.core.errors import CourseError
from graders.core.messages import Messages
from graders.core.records import Choice, Deadlines, Flag, Refusal, Submission
from graders.policy import Chosen, choose

HARD = datetime(2026, 12, 14, 23, 59, 59, 999_999, tzinfo=ZoneInfo("Europe/Moscow"))
BOTH = Deadlines(HARD - timedelta(days=7), HARD)
DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
BROKEN = Refusal("exchange.broken")


def work(number, days, refusal=None):
    """Return a submission received so many days before the hard deadline."""
    return Submission(number, "hw2", "s01", HARD - days * DAY, "zip", f"d{number}", (), refusal)


def declared(assignment, at=HARD):
    return Choice("s01", "hw2", assignment, at)


def variants(a=(), b=()):
    return {"hw2a": list(a), "hw2b": list(b)}


def pick(by_variant, choices=(), days=0, deadlines=BOTH):
    return choose(by_variant, list(choices), deadlines, days)


def test_the_only_variant_of_a_homework_is_graded():
    assert pick({"hw1": []}) == Chosen("hw1", ())
    assert pick({"hw1": [work(1, 1)]}) == Chosen("hw1", ())


def test_the_variant_handed_in_is_graded():
    assert pick(variants(b=[work(1, 1)])) == Chosen("hw2b", ())


def test_without_any_work_the_first_variant_stands_for_the_homework():
    assert pick(variants()) == Chosen("hw2a", ())


def test_without_a_choice_the_first_handed_in_is_graded_and_the_instructor_is_told():
    chosen = pick(variants(a=[work(2, 1)], b=[work(1, 2)]))
    assert chosen == Chosen(
        "hw2b", (Flag("choice.undeclared", {"chosen": "hw2b", "others": "hw2a"}),)
    )


def test_resubmitting_does_not_change_which_was_handed_in_first():
    works = variants(a=[work(1, 5), work(4, 1)], b=[work(2, 4), work(3, 2)])
    assert pick(works).assignment == "hw2a"


def test_of_two_at_one_instant_the_one_stored_first_is_first():
    assert pick(variants(a=[work(2, 1)], b=[work(1, 1)])).assignment == "hw2b"


def test_a_declared_choice_wins_over_the_first_handed_in():
    works = variants(a=[work(1, 5)], b=[work(2, 4)])
    assert pick(works, [declared("hw2b")]) == Chosen("hw2b", ())


def test_a_changed_choice_is_the_last_one():
    works = variants(a=[work(1, 5)], b=[work(2, 4)])
    changed = [declared("hw2b", HARD - 3 * DAY), declared("hw2a", HARD - 2 * DAY)]
    assert pick(works, changed).assignment == "hw2a"
    assert pick(works, changed[::-1]).assignment == "hw2a"


def test_of_two_choices_at_one_instant_the_one_recorded_last_wins():
    works = variants(a=[work(1, 5)], b=[work(2, 4)])
    same = [declared("hw2b", HARD - DAY), declared("hw2a", (HARD - DAY).astimezone(UTC))]
    assert pick(works, same).assignment == "hw2a"


@pytest.mark.parametrize(
    ("at", "days", "late"),
    [
        (HARD, 0, False),
        (HARD.astimezone(UTC) + MICROSECOND, 0, True),
        (HARD + DAY, 1, False),
        (HARD + DAY + MICROSECOND, 1, True),
    ],
)
def test_a_choice_after_the_hard_deadline_counts_and_is_shown_to_the_instructor(at, days, late):
    works = variants(a=[work(1, 5)], b=[work(2, 4)])
    chosen = pick(works, [declared("hw2b", at)], days)
    flag = Flag("choice.late", {"chosen": "hw2b", "others": "hw2a"})
    assert chosen == Chosen("hw2b", (flag,) if late else ())


def test_without_a_hard_deadline_no_choice_is_late():
    works = variants(a=[work(1, 5)])
    far = datetime(2999, 1, 1, tzinfo=UTC)
    assert pick(works, [declared("hw2a", far)], deadlines=Deadlines(None, None)).flags == ()


def test_a_choice_of_a_variant_without_work_stands_and_is_shown_to_the_instructor():
    chosen = pick(variants(a=[work(1, 5)]), [declared("hw2b")])
    assert chosen == Chosen("hw2b", (Flag("choice.empty", {"chosen": "hw2b", "others": "hw2a"}),))


def test_a_choice_before_anything_is_handed_in_needs_no_attention():
    assert pick(variants(), [declared("hw2b")]) == Chosen("hw2b", ())


def test_work_that_cannot_be_graded_is_not_the_first_handed_in():
    refused, late, good = work(1, 5, BROKEN), work(3, -1), work(2, 4)
    assert pick(variants(a=[refused, late], b=[good])) == Chosen("hw2b", ())


def test_work_that_cannot_be_graded_still_shows_which_variant_was_meant():
    assert pick(variants(b=[work(1, 5, BROKEN)])) == Chosen("hw2b", ())
    assert pick(variants(a=[work(2, -2)], b=[work(1, -1)])).assignment == "hw2b"


def test_an_extension_makes_late_work_acceptable():
    works = variants(a=[work(1, -1)], b=[work(2, -2)])
    assert pick(works, days=2).flags[0].key == "choice.undeclared"
    assert pick(works, days=1).flags == ()


def test_a_choice_that_is_no_variant_is_an_error():
    with pytest.raises(CourseError, match=r"hw2c.*Declare one of: hw2a, hw2b"):
        pick(variants(), [declared("hw2c")])


def test_a_homework_without_variants_is_an_error():
    with pytest.raises(CourseError, match="at least one assignment"):
        pick({})


MANY = st.lists(st.tuples(st.integers(-3, 9), st.sampled_from([None, BROKEN])), max_size=3)


@given(MANY, MANY, st.lists(st.sampled_from(["hw2a", "hw2b"]), max_size=3), st.integers(0, 3))
def test_a_variant_is_always_chosen_and_every_flag_has_its_text(first, second, names, days):
    works = variants(
        [work(n, *told) for n, told in enumerate(first)],
        [work(10 + n, *told) for n, told in enumerate(second)],
    )
    choices = [declared(name, HARD + n * DAY) for n, name in enumerate(names)]
    chosen = pick(works, choices, days)
    assert chosen.assignment == (names[-1] if names else chosen.assignment)
    assert chosen.assignment in works
    for flag in chosen.flags:
        for lang in ("ru", "en"):
            text = Messages.load(lang=lang, strict=True).text(flag.key, **flag.args)
            assert chosen.assignment in text
