"""From stored facts to grades: what counts, what it scored, what lateness costs.

`assess` reads and decides; `settle` also writes the grade when it is news. Neither runs anything
and neither looks at a clock: a grade follows from receipts, a stored run, marks, extensions and
the policy, and all of these are kept in the grade's `facts`, which is what a replay reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from graders.core.canonical import plain
from graders.core.clock import parse_instant
from graders.core.config import Assignment, Homework
from graders.core.records import (
    Choice,
    Deadlines,
    Decision,
    Flag,
    Grade,
    GradedWork,
    GradeStatus,
    LateRule,
    Mark,
    PartRule,
    Plain,
    RubricRule,
    Run,
    RunOutcome,
    Submission,
)
from graders.pipeline.workspace import Workspace
from graders.policy import choose, counted, decide
from graders.scoring import score
from graders.store import Store

ZERO = Decimal(0)


@dataclass(frozen=True)
class Points:
    """What can be earned in one assignment."""

    parts: tuple[PartRule, ...]
    rubric: tuple[RubricRule, ...]


@dataclass(frozen=True)
class Terms:
    """What a grade is given by, besides the run: the policy and the points, as they were then.

    Args:
        deadlines: Of the homework, in the course's zone, before any extension.
        rule: The late policy.
        extensions: Days of each extension granted, oldest first.
        points: What can be earned, by variant.
        assignment: The variant that is graded; empty until it is known.
    """

    deadlines: Deadlines
    rule: LateRule
    extensions: tuple[int, ...]
    points: Mapping[str, Points]
    assignment: str = ""

    @property
    def days(self) -> int:
        """All days that were granted."""
        return sum(self.extensions)


@dataclass(frozen=True)
class Standing:
    """What of a student's work counts for a homework, before anything is run.

    `handed_in` are the submissions of every variant, `choices` the declared choices so far.
    `status` says why nothing counts, and is None when something does.
    """

    terms: Terms
    handed_in: Mapping[str, Sequence[Submission]]
    choices: tuple[Choice, ...]
    counted: Submission | None
    why: str
    status: GradeStatus | None
    flags: tuple[Flag, ...]

    @property
    def submissions(self) -> tuple[Submission, ...]:
        """The submissions of the variant that is graded."""
        return tuple(self.handed_in[self.terms.assignment])


def extension_days(workspace: Workspace, student: str, homework: str) -> int:
    """Return the days granted to a student for a homework, all extensions together."""
    return sum(grant.days for grant in workspace.store.extensions(student, homework))


def standing(workspace: Workspace, student: str, homework: Homework) -> Standing:
    """Return which submission counts for a student's homework, and why."""
    store, course = workspace.store, workspace.course
    grants = tuple(grant.days for grant in store.extensions(student, homework.id))
    terms = Terms(
        course.deadlines(homework.id),
        course.rule,
        grants,
        # A variant that is planned and not written has no points; nothing can be handed in for it.
        {
            name: _points_of(course.assignments[name])
            for name in homework.assignments
            if name in course.assignments
        },
    )
    handed_in = {name: store.submissions(name, student=student) for name in homework.assignments}
    return _stand(terms, handed_in, store.choices(student, homework.id))


def _stand(
    terms: Terms, handed_in: Mapping[str, Sequence[Submission]], choices: tuple[Choice, ...]
) -> Standing:
    chosen = choose(handed_in, choices, terms.deadlines, terms.days)
    terms = replace(terms, assignment=chosen.assignment)
    result = counted(handed_in[chosen.assignment], terms.deadlines, terms.days)
    return Standing(
        terms,
        handed_in,
        choices,
        result.submission,
        result.why,
        result.status,
        chosen.flags,
    )


def assess(workspace: Workspace, student: str, homework: Homework, now: datetime) -> GradedWork:
    """Return a student's work with the grade that follows from what is stored; writes nothing."""
    stands = standing(workspace, student, homework)
    run: Run | None = None
    marks: tuple[Mark, ...] = ()
    if stands.counted is not None:
        run = workspace.store.latest_run(stands.counted.id)
        marks = workspace.store.marks(stands.counted.id)
    return _judge(stands, run, marks, (student, homework.id), now)


def settle(workspace: Workspace, student: str, homework: Homework, now: datetime) -> GradedWork:
    """Assess, and append the grade to the history when it differs from the current one."""
    work = assess(workspace, student, homework, now)
    if work.grade.status is GradeStatus.PENDING:
        return work
    return replace(work, grade=workspace.store.record_grade(work.grade))


def recompute(store: Store, grade: Grade) -> Grade:
    """Return a stored grade computed again from stored rows and its own facts alone.

    Raises:
        KeyError: Its facts lack something.
        ZachetkaError: A row that it names is not stored.
    """
    facts = grade.facts
    handed_in = {
        name: tuple(store.submission(number) for number in numbers)
        for name, numbers in facts["submissions"].items()
    }
    choices = store.choices(grade.student, grade.homework)[: facts["choices"]]
    stands = _stand(_terms_of(store, grade), handed_in, choices)
    run = store.run(grade.run_id) if grade.run_id is not None else None
    known = {mark.id: mark for one in stands.submissions for mark in store.marks(one.id)}
    marks = tuple(known[number] for number in facts["marks"])
    return _judge(stands, run, marks, (grade.student, grade.homework), grade.at).grade


def _judge(
    stands: Standing,
    run: Run | None,
    marks: Sequence[Mark],
    who: tuple[str, str],
    now: datetime,
) -> GradedWork:
    """Put together what counts, what it scored and what lateness costs."""
    status, decision, points = stands.status, None, None
    if stands.counted is not None:
        status = _status_of(run)
        if status is None:
            assert run is not None
            terms = stands.terms
            possible = terms.points[terms.assignment]
            points = score(possible.parts, possible.rubric, run.result.cases, marks)
            decision = decide(
                points.raw, stands.counted.received, terms.deadlines, terms.days, terms.rule
            )
            status = GradeStatus.PROVISIONAL if points.provisional else GradeStatus.FINAL
    assert status is not None
    grade = _grade(stands, run, marks, who, now, status, decision)
    result = run.result if run is not None else None
    return GradedWork(
        student=who[0],
        homework=who[1],
        assignment=stands.terms.assignment,
        grade=grade,
        submissions=stands.submissions,
        counted=stands.counted,
        why=stands.why,
        decision=decision,
        score=points,
        cases=result.cases if result else (),
        flags=(*stands.flags, *(result.flags if result else ())),
        marks=tuple(marks),
        facts=result.facts if result else {},
    )


def _status_of(run: Run | None) -> GradeStatus | None:
    """Return what a run says before it is scored; None when it can be scored."""
    if run is None:
        return GradeStatus.PENDING
    return GradeStatus.NEEDS_ATTENTION if run.result.outcome is RunOutcome.INFRA else None


def _grade(
    stands: Standing,
    run: Run | None,
    marks: Sequence[Mark],
    who: tuple[str, str],
    now: datetime,
    status: GradeStatus,
    decision: Decision | None,
) -> Grade:
    refused = [one.refusal for one in stands.submissions if one.refusal is not None]
    return Grade(
        id=0,
        student=who[0],
        homework=who[1],
        submission_id=stands.counted.id if stands.counted else None,
        run_id=run.id if run else None,
        raw=decision.raw if decision else ZERO,
        days_late=decision.days_late if decision else 0,
        penalty=decision.penalty if decision else ZERO,
        final=decision.final if decision else ZERO,
        status=status,
        reason=refused[-1] if status is GradeStatus.REFUSED else None,
        facts=_facts(stands, marks),
        at=now,
    )


def _points_of(assignment: Assignment) -> Points:
    return Points(
        tuple(PartRule(part.key, part.points) for part in assignment.parts),
        tuple(RubricRule(item.part, item.key, item.points) for item in assignment.rubric),
    )


def _facts(stands: Standing, marks: Sequence[Mark]) -> dict[str, Plain]:
    """Return everything besides the run that decides the grade, as plain data."""
    terms = stands.terms
    facts: dict[str, Plain] = plain(
        {
            "assignment": terms.assignment,
            "submissions": {
                name: [one.id for one in handed_in] for name, handed_in in stands.handed_in.items()
            },
            "choices": len(stands.choices),
            "why": stands.why,
            "deadlines": {"soft": terms.deadlines.soft, "hard": terms.deadlines.hard},
            "zone": _zone_of(terms.deadlines),
            "rule": {
                "per_day": terms.rule.per_day,
                "cap": terms.rule.cap,
                "floor": terms.rule.floor,
            },
            "extensions": list(terms.extensions),
            "points": {
                name: {
                    "parts": [[part.key, part.points] for part in points.parts],
                    "rubric": [[item.part, item.key, item.points] for item in points.rubric],
                }
                for name, points in terms.points.items()
            },
            "marks": [mark.id for mark in marks],
        }
    )
    return facts


def _zone_of(deadlines: Deadlines) -> str:
    """Return the zone whose wall clock an extension's days are counted on."""
    known = deadlines.soft or deadlines.hard
    return str(known.tzinfo) if known is not None else ""


def _terms_of(store: Store, grade: Grade) -> Terms:
    """Read the terms that a grade was given by; its extensions come from the stored grants."""
    facts = grade.facts
    grants = store.extensions(grade.student, grade.homework)[: len(facts["extensions"])]
    return Terms(
        deadlines=Deadlines(
            *(_instant(facts["deadlines"][name], facts["zone"]) for name in ("soft", "hard"))
        ),
        rule=LateRule(**{name: Decimal(value) for name, value in facts["rule"].items()}),
        extensions=tuple(grant.days for grant in grants),
        points={
            name: Points(
                tuple(PartRule(key, Decimal(most)) for key, most in told["parts"]),
                tuple(RubricRule(part, key, Decimal(most)) for part, key, most in told["rubric"]),
            )
            for name, told in facts["points"].items()
        },
    )


def _instant(text: str | None, zone: str) -> datetime | None:
    return None if text is None else parse_instant(text).astimezone(ZoneInfo(zone))


def counted_scores(works: Sequence[GradedWork]) -> Mapping[str, Decimal | None]:
    """Return a student's final score by homework; None where there is none to count."""
    scored = {GradeStatus.FINAL, GradeStatus.PROVISIONAL}
    return {
        work.homework: work.grade.final if work.grade.status in scored else None for work in works
    }
