"""Graded works of invented students, one for everything that a page must tell.

The policy's and the scoring's results are written out, not computed: the pages must show what
they are given.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from graders.core.config import Assignment, Course, Files, Homework, Limits, Part, RubricItem
from graders.core.messages import Messages
from graders.core.records import (
    Case,
    CaseStatus,
    Deadlines,
    Decision,
    FinalGrade,
    Flag,
    Grade,
    GradedWork,
    GradeStatus,
    LateRule,
    Mark,
    PartScore,
    RawScore,
    Refusal,
    Rounding,
    Student,
    Submission,
)
from graders.feedback import PageContext

D = Decimal
MSK = ZoneInfo("Europe/Moscow")
SOFT = datetime(2026, 10, 20, 23, 59, 59, 999_999, MSK)
HARD = datetime(2026, 11, 3, 23, 59, 59, 999_999, MSK)
IN_TIME = datetime(2026, 10, 18, 12, 30, 5, 250_000, UTC)
SECRET = "expected-value-4711"
MARKED_UP = '<script>alert("x")</script><img src=x onerror=alert(1)>'
HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n'
TEXTS = {
    "toy.order": ("Дедупликация сохраняет порядок", "Deduplication keeps the order"),
    "toy.once": ("Каждая строка остаётся один раз", "Every row is left once"),
    "toy.split": ("Группы не пересекают границу выборок", "No group crosses the split"),
    "toy.mask": ("Учится только ответ", "Only the answer is learnt"),
    "toy.score": ("Точность на скрытых вопросах", "Accuracy on hidden questions"),
    "toy.wrong_order": (
        "Функция {function} вернула строки не в исходном порядке.",
        "{function} returned the rows in another order.",
    ),
    "toy.partly": ("Точность {accuracy}: засчитана часть.", "Accuracy {accuracy}: a part counts."),
    "toy.waits": ("Проверку повторим.", "The check will be repeated."),
    "toy.refused": (
        "в архиве путь {path} ведёт наружу",
        "the path {path} leads out of the archive",
    ),
    "toy.fault": ("Пакет не импортируется: {error}", "The package cannot be imported: {error}"),
    "toy.flag": ("Потеря подозрительно мала: {loss}", "The loss is suspiciously small: {loss}"),
}
PLAIN_FILES = Files(required=(), allowed=())


def catalogues(folder: Path) -> Path:
    """Write the toy assignment's catalogues and return their folder."""
    for number, lang in enumerate(("ru", "en")):
        entries = [f'msgid "{key}"\nmsgstr "{texts[number]}"\n' for key, texts in TEXTS.items()]
        (folder / f"{lang}.po").write_text("\n".join([HEADER, *entries]), "utf-8")
    return folder


def words(folder: Path, lang: str) -> Messages:
    """Return strict messages (a key without a text is an error) with the toy's catalogues."""
    return Messages.load([folder], lang, strict=True)


def toy() -> Assignment:
    """An assignment of two parts and two rubric items."""
    return Assignment(
        name="hw1",
        package="hw1",
        title={"ru": "Игрушка", "en": "Toy"},
        data="",
        model="none",
        parts=(
            Part(key="data", points=D(6), title={"ru": "Данные", "en": "Data"}),
            Part(key="report", points=D(4), title={"ru": "Отчёт и код", "en": "Report and code"}),
        ),
        rubric=(
            RubricItem(
                part="report",
                key="report.text",
                points=D("2.5"),
                title={"ru": "Выводы следуют из чисел", "en": "Conclusions follow from numbers"},
            ),
            RubricItem(
                part="report",
                key="report.code",
                points=D("1.5"),
                title={"ru": "Код читается", "en": "The code reads well"},
            ),
        ),
        files=PLAIN_FILES,
        limits=Limits(),
        settings={},
        folder=Path("assignments/hw1"),
    )


def course(*, dated: bool = True) -> Course:
    """A course of two homeworks; the second one is planned."""
    return Course(
        path=Path("course.toml"),
        root=Path(),
        title={"ru": "Дизайн современных LLM", "en": "Design of modern LLMs"},
        scale=D(10),
        language="ru",
        languages=("ru", "en"),
        zone=MSK,
        base_model="",
        rule=LateRule(D(1), D(7)),
        weights=MappingProxyType({"hw1": D("0.4"), "hw2": D("0.6")}),
        rounding=Rounding(),
        homeworks=(
            Homework(
                id="hw1",
                title={"ru": "ДЗ1: адаптация LLM под задачу", "en": "HW1: adapt an LLM to a task"},
                issued=None,
                soft=SOFT.replace(tzinfo=None, second=0, microsecond=0) if dated else None,
                hard=HARD.replace(tzinfo=None, second=0, microsecond=0) if dated else None,
                assignments=("hw1",),
                planned=False,
            ),
            Homework(
                id="hw2",
                title={"ru": "ДЗ2: соревнование", "en": "HW2: competition"},
                issued=None,
                soft=None,
                hard=None,
                assignments=("hw2a", "hw2b"),
                planned=True,
            ),
        ),
        assignments={"hw1": toy()},
    )


def receipt(number: int, received: datetime, source: str = "s01.zip", **more) -> Submission:
    """A submission that came from a folder of the staff's machine."""
    return Submission(
        number,
        "hw1",
        "s01",
        received.astimezone(UTC),
        f"/home/staff/inbox/{source}",
        "",
        (),
        **more,
    )


def grade(status: GradeStatus, decision: Decision | None = None, **more) -> Grade:
    """A grade row with what the decision says."""
    return Grade(
        id=1,
        student="s01",
        homework="hw1",
        submission_id=1,
        run_id=1,
        raw=decision.raw if decision else D(0),
        days_late=decision.days_late if decision else 0,
        penalty=decision.penalty if decision else D(0),
        final=decision.final if decision else D(0),
        status=status,
        reason=more.pop("reason", None),
        facts=more.pop("facts", {}),
        at=IN_TIME,
    )


CASES = (
    Case("toy.order", "data", D("1.5"), D(0), CaseStatus.FAILED, "toy.wrong_order",
         {"function": "deduplicate", "expected": SECRET}),
    Case("toy.once", "data", D("0.5"), D(0), CaseStatus.FAILED, "toy.wrong_order",
         {"function": "deduplicate", "expected": SECRET}),
    Case("toy.split", "data", D(1), D(1), CaseStatus.PASSED),
    Case("toy.mask", "data", D(1), D(1), CaseStatus.PASSED),
    Case("toy.score", "data", D(2), D("1.25"), CaseStatus.PARTIAL, "toy.partly",
         {"accuracy": 0.78249}),
)  # fmt: skip


def decided(raw: Decimal, days: int, penalty: Decimal, final: Decimal, **more) -> Decision:
    """A decision of the late policy."""
    deadlines = more.get("deadlines", Deadlines(SOFT, HARD))
    return Decision(True, days, penalty, raw, final, deadlines, more.get("extension", 0))


def graded(
    received: datetime = IN_TIME,
    decision: Decision | None = None,
    status: GradeStatus = GradeStatus.PROVISIONAL,
    **more,
) -> GradedWork:
    """A graded work whose report waits for a person, unless told otherwise."""
    decision = decision or decided(D("3.25"), 0, D(0), D("3.25"))
    one = receipt(1, received)
    work = GradedWork(
        student="s01",
        homework="hw1",
        assignment="hw1",
        grade=grade(status, decision),
        submissions=(one,),
        counted=one,
        why="counted.only",
        decision=decision,
        score=RawScore(
            decision.raw,
            (PartScore("data", D("3.25"), D(6), D(0)), PartScore("report", D(0), D(4), D(4))),
            provisional=True,
        ),
        cases=CASES,
        flags=(Flag("toy.flag", {"loss": 0.001}),),
        facts={"hidden_predictions": {SECRET: 1}, "log": SECRET},
    )
    return replace(work, **more)


def late(days: int, penalty: int, final: str, **more) -> GradedWork:
    """A work that came a minute into the given day after the soft deadline."""
    received = SOFT + timedelta(days=days - 1, minutes=1)
    return graded(received, decided(D("3.25"), days, D(penalty), D(final), **more))


def marked() -> GradedWork:
    """A finished work: a person gave the report's points, one of them twice."""
    at = datetime(2026, 11, 9, 10, 0, tzinfo=UTC)
    marks = (
        Mark(1, "report.text", D("1.5"), "А. Преподаватель", "Маловато.", at, 1),
        Mark(1, "report.text", D(2), "А. Преподаватель", "Выводы 1–3 верны.\nНет доверительного"
             " интервала у вывода 4.", at + timedelta(hours=1), 2),
        Mark(1, "report.code", D("1.5"), "Б. Ассистент", "", at, 3),
    )  # fmt: skip
    decision = decided(D("6.75"), 0, D(0), D("6.75"))
    parts = (PartScore("data", D("3.25"), D(6), D(0)), PartScore("report", D("3.5"), D(4), D(0)))
    return graded(
        decision=decision,
        status=GradeStatus.FINAL,
        score=RawScore(D("6.75"), parts, provisional=False),
        marks=marks,
    )


def resubmitted() -> GradedWork:
    """Four receipts: replaced, refused, counted, and one after the hard deadline."""
    counted = receipt(3, IN_TIME + timedelta(hours=7), "s01-v3.zip")
    refusal = Refusal("toy.refused", {"path": "../x"})
    return graded(
        submissions=(
            receipt(1, IN_TIME, "s01-v1.zip"),
            receipt(2, IN_TIME + timedelta(hours=2), "s01-v2.zip", refusal=refusal),
            counted,
            receipt(4, HARD + timedelta(seconds=1), "s01-v4.zip"),
        ),
        counted=counted,
        why="counted.last_before_hard",
    )


def nothing_counted(status: GradeStatus, why: str, *receipts: Submission, **more) -> GradedWork:
    """A work of which nothing counts."""
    return replace(
        graded(),
        submissions=receipts,
        counted=None,
        why=why,
        decision=None,
        grade=grade(status, **more),
        score=None,
        cases=(),
        flags=(),
    )


def missing() -> GradedWork:
    """Nothing was handed in; two days had been granted."""
    return nothing_counted(GradeStatus.MISSING, "counted.none", facts={"extensions": [2]})


def not_accepted() -> GradedWork:
    """The only submission came after the hard deadline."""
    after = receipt(1, HARD + timedelta(microseconds=1))
    return nothing_counted(GradeStatus.NOT_ACCEPTED, "counted.all_late", after)


def refused() -> GradedWork:
    """The only submission was no submission."""
    refusal = Refusal("toy.refused", {"path": "../../etc\u202e/passwd"})
    one = receipt(1, IN_TIME, "evil\u0007.zip", refusal=refusal)
    return nothing_counted(GradeStatus.REFUSED, "counted.all_refused", one, reason=refusal)


def held() -> GradedWork:
    """An infrastructure fault holds the grade."""
    one = receipt(1, IN_TIME)
    work = nothing_counted(GradeStatus.NEEDS_ATTENTION, "counted.only", one)
    return replace(work, counted=one)


def hostile() -> GradedWork:
    """Everything that a student can write holds markup."""
    case = Case("toy.order", "data", D(6), D(0), CaseStatus.FAILED, "toy.wrong_order",
                {"function": MARKED_UP})  # fmt: skip
    one = receipt(1, IN_TIME, f"{MARKED_UP.replace('/', '')}.zip")
    fault = Refusal("toy.fault", {"error": MARKED_UP})
    decision = decided(D(0), 0, D(0), D(0))
    return graded(
        decision=decision,
        submissions=(one,),
        counted=one,
        cases=(case,),
        grade=grade(GradeStatus.PROVISIONAL, decision, reason=fault),
    )


def waiting_for_machine() -> GradedWork:
    """One check waits for a healthy machine."""
    case = Case("toy.score", "data", D(2), None, CaseStatus.UNSCORED, "toy.waits")
    parts = (PartScore("data", D(2), D(6), D(2)), PartScore("report", D(0), D(4), D(4)))
    decision = decided(D(2), 0, D(0), D(2))
    return graded(
        decision=decision,
        cases=(*CASES[2:4], case),
        score=RawScore(D(2), parts, provisional=True),
    )


def undated() -> GradedWork:
    """The dates are not set yet."""
    return graded(decision=decided(D("3.25"), 0, D(0), D("3.25"), deadlines=Deadlines(None, None)))


def context(work: GradedWork | None, name: str = "Алиса Ветрова", **more) -> PageContext:
    """A student with one homework done and the other one missing."""
    works = (work,) if work else ()
    share = work.grade.final * D("0.4") if work else D(0)
    final = FinalGrade(
        share, share.quantize(D(1), ROUND_HALF_UP), ("hw2",) if work else ("hw1", "hw2")
    )
    return PageContext(
        more.get("course", course()), Student(more.get("id", "s01"), name), works, final
    )


def sample() -> dict[str, PageContext]:
    """Every kind of page, by the fact that it shows."""
    works = {
        "in_time": graded(),
        "late_four_days": late(4, 4, "0"),
        "late_one_day": late(1, 1, "2.25"),
        "late_capped": late(9, 7, "0"),
        "extended": late(1, 1, "2.25", deadlines=Deadlines(SOFT, HARD), extension=2),
        "marked": marked(),
        "resubmitted": resubmitted(),
        "missing": missing(),
        "not_accepted": not_accepted(),
        "refused": refused(),
        "held": held(),
        "waiting_for_machine": waiting_for_machine(),
    }
    contexts = {
        name: context(work, id=f"s{number:02}")
        for number, (name, work) in enumerate(works.items(), start=1)
    }
    contexts["undated"] = context(undated(), course=course(dated=False), id="s20")
    contexts["hostile"] = context(hostile(), MARKED_UP, id="s/21")
    contexts["nothing"] = context(None, "Øyvind \u202eKorff", id="s22")
    return contexts
