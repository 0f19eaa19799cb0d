"""What goes into the store comes out of it, whatever it is, on both databases."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graders.core.records import Case, CaseStatus, Extension

scores = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**6), max_value=10**6)
zones = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
instants = st.datetimes(datetime(1, 1, 3), datetime(9998, 12, 30), timezones=zones)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
reasons = texts.map(lambda text: text.replace("\0", ""))
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | texts | st.floats(allow_nan=False,
                                                                               allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
quick = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def new_name(make):
    return f"student-{next(make.number)}"


@quick
@given(raw=scores, penalty=scores, final=scores, at=instants)
def test_decimals_keep_their_digits_and_instants_their_moment(
    shared, make, raw, penalty, final, at
):
    name = new_name(make)
    grade = make.grade(name, raw=raw, penalty=penalty, final=final, at=at)
    kept = shared.record_grade(grade)
    assert shared.current_grade(name, "hw1") == kept
    assert [str(kept.raw), str(kept.penalty), str(kept.final)] == [
        str(raw),
        str(penalty),
        str(final),
    ]
    assert kept.at == at
    assert kept.at.tzinfo is UTC


@quick
@given(facts=st.dictionaries(texts, plain, max_size=5), earned=scores)
def test_facts_come_back_with_their_types(shared, make, facts, earned):
    submission = shared.add_submission(make.intake(new_name(make)))
    case = Case("k", "p", Decimal(1), earned, CaseStatus.PARTIAL, "m", facts)
    report = make.report(cases=(case,), facts=facts)
    run = shared.record_run(
        submission.id, report, recipe="r", seed=2**80 + 1, started=make.now, finished=make.now
    )
    found = shared.run(run.id)
    assert json.dumps(found.result.facts, sort_keys=True) == json.dumps(facts, sort_keys=True)
    assert found.result.cases == (case,)
    assert found.seed == 2**80 + 1


@quick
@given(moments=st.lists(instants, min_size=1, max_size=6, unique=True))
def test_submissions_are_ordered_by_moment_across_zones(shared, make, moments):
    name = new_name(make)
    for moment in moments:
        shared.add_submission(make.intake(name, received=moment))
    found = [one.received for one in shared.submissions(student=name)]
    assert found == sorted(moments)


@quick
@given(
    days=st.lists(st.integers(0, 400), max_size=5), reason=texts.map(lambda t: t.replace("\0", ""))
)
def test_extensions_keep_their_order(shared, make, days, reason):
    name = new_name(make)
    for count in days:
        shared.add_extension(Extension(name, "hw1", count, reason, "Т. Н.", make.now))
    assert [grant.days for grant in shared.extensions(name, "hw1")] == days
