"""The staff's index: one line per student, with what a person should look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import quote

from graders.core.messages import Messages
from graders.core.records import GradedWork, GradeStatus
from graders.feedback.context import PageContext
from graders.feedback.html import titled
from graders.feedback.work import TONES, UNKNOWN_YET


@dataclass(frozen=True, slots=True)
class IndexCell:
    """One homework of one student in a line."""

    score: Decimal | None
    total: str
    status: str
    tone: str
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IndexLine:
    """One student: a link to the page, a cell per homework, the course's final grade."""

    id: str
    name: str
    href: str
    cells: tuple[IndexCell | None, ...]
    final: Decimal | None


@dataclass(frozen=True, slots=True)
class CountView:
    """How many works have a status, or a flag."""

    label: str
    number: int


@dataclass(frozen=True, slots=True)
class IndexView:
    """The whole index; `homeworks` are the titles of the columns."""

    homeworks: tuple[str, ...]
    lines: tuple[IndexLine, ...]
    counts: tuple[CountView, ...]


def index_view(contexts: Sequence[PageContext], words: Messages) -> IndexView:
    """Return the index of students in the given order; homeworks nobody has are left out."""
    if not contexts:
        return IndexView((), (), ())
    course = contexts[0].course
    shown = [
        homework
        for homework in course.homeworks
        if any(context.work(homework.id) for context in contexts)
    ]
    lines = tuple(_line(context, [one.id for one in shown], words) for context in contexts)
    titles = tuple(titled(one.title, words.lang, course.language) for one in shown)
    return IndexView(titles, lines, _counts(contexts, words))


def _line(context: PageContext, homeworks: Sequence[str], words: Messages) -> IndexLine:
    works = [context.work(homework) for homework in homeworks]
    student = context.student
    return IndexLine(
        id=student.id,
        name=student.name,
        href=f"{quote(student.id, safe='')}/index.html",
        cells=tuple(_cell(work, words) if work else None for work in works),
        final=context.final.exact if context.final else None,
    )


def _cell(work: GradedWork, words: Messages) -> IndexCell:
    grade, status = work.grade, work.grade.status
    return IndexCell(
        score=None if status in UNKNOWN_YET else grade.final,
        total=words.text("feedback.index.total", raw=grade.raw, penalty=grade.penalty)
        if grade.penalty
        else "",
        status=words.text(f"status.{status}"),
        tone=TONES.get(status, "bad"),
        flags=tuple(words.text(flag.key, **flag.args) for flag in work.flags),
    )


def _counts(contexts: Sequence[PageContext], words: Messages) -> tuple[CountView, ...]:
    works = [work for context in contexts for work in context.works]
    found = Counter(work.grade.status for work in works)
    counts = [
        CountView(words.text(f"status.{status}"), found[status])
        for status in GradeStatus
        if found[status]
    ]
    flagged = sum(bool(work.flags) for work in works)
    if flagged:
        counts.append(CountView(words.text("feedback.index.flagged"), flagged))
    return tuple(counts)
