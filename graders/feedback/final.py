"""The course's final grade as its page shows it: every homework's share, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from graders.core.exact import exact
from graders.core.messages import Messages
from graders.core.records import GradeStatus
from graders.feedback.context import PageContext
from graders.feedback.html import titled


@dataclass(frozen=True, slots=True)
class ShareView:
    """One homework's share of the final grade; `note` says why it is not to be relied on yet."""

    title: str
    weight: Decimal
    grade: Decimal
    product: Decimal
    note: str


@dataclass(frozen=True, slots=True)
class FinalView:
    """The final grade: exact, rounded, and the rule of rounding in words."""

    shares: tuple[ShareView, ...]
    exact: Decimal
    rounded: Decimal
    rounding: str
    is_complete: bool


def final_view(context: PageContext, words: Messages) -> FinalView | None:
    """Return the course's final grade with its arithmetic, None when it is not computed."""
    course, final = context.course, context.final
    if final is None:
        return None
    shares = tuple(_share(context, name, words) for name in course.weights)
    return FinalView(
        shares=shares,
        exact=final.exact,
        rounded=final.rounded,
        rounding=words.text(f"feedback.rounding.{course.rounding.mode}", step=course.rounding.step),
        is_complete=not any(share.note for share in shares),
    )


def _share(context: PageContext, homework: str, words: Messages) -> ShareView:
    course, work = context.course, context.work(homework)
    is_missing = context.final is not None and homework in context.final.missing
    grade = Decimal(0) if work is None or is_missing else work.grade.final
    weight = course.weights[homework]
    with exact():
        product = weight * grade
    if work is None:
        note = words.text(f"status.{GradeStatus.MISSING}")
    elif work.grade.status is GradeStatus.FINAL:
        note = ""
    else:
        note = words.text(f"status.{work.grade.status}")
    title = titled(course.homework(homework).title, words.lang, course.language)
    return ShareView(title, weight, grade, product, note)
