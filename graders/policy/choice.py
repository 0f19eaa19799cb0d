"""Which variant of a homework a student is graded on (HW2: the competition or the project)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graders.core.clock import aware_utc
from graders.core.errors import CourseError
from graders.core.records import Choice, Deadlines, Flag, Submission
from graders.policy.counting import by_receipt
from graders.policy.late import in_time, shifted


@dataclass(frozen=True, slots=True)
class Chosen:
    """The variant that is graded and what a person should look at; a flag changes nothing."""

    assignment: str
    flags: tuple[Flag, ...]


def choose(
    by_variant: Mapping[str, Sequence[Submission]],
    choices: Sequence[Choice],
    deadlines: Deadlines,
    extension_days: int,
) -> Chosen:
    """Choose the variant: the one declared last, else the first handed in.

    Without a choice and with work in several variants, a flag tells the instructor. So it does
    when a choice was declared after the hard deadline, or when the declared variant has no work
    that can be graded and another one has.

    Args:
        by_variant: Every variant of the homework, in the course's order, with what the student
            handed in for it.
        choices: The student's declared choices, in any order.
        deadlines: The homework's deadlines, before the extension.
        extension_days: Days granted to the student.

    Raises:
        CourseError: A choice names no variant, there are no variants, or an instant is naive.
    """
    if not by_variant:
        raise CourseError("a homework must have at least one assignment")
    hard = shifted(deadlines, extension_days).hard
    handed_in = _first_receipts(by_variant)
    accepted = _first_receipts(
        {
            name: [one for one in work if one.refusal is None and in_time(one.received, hard)]
            for name, work in by_variant.items()
        }
    )
    if not choices:
        # Work that cannot be graded still shows which variant the student meant.
        first = next(iter(accepted or handed_in or by_variant))
        flags = [_flag("choice.undeclared", first, accepted)] if len(accepted) > 1 else []
        return Chosen(first, tuple(flags))
    declared = _last(choices)
    name = declared.assignment
    if name not in by_variant:
        raise CourseError(
            f"the declared choice {name!r} is no variant of the homework",
            where=f"{declared.student}, {declared.homework}",
            todo=f"Declare one of: {', '.join(by_variant)}",
        )
    flags = []
    if not in_time(declared.at, hard):
        flags.append(_flag("choice.late", name, accepted))
    if accepted and name not in accepted:
        flags.append(_flag("choice.empty", name, accepted))
    return Chosen(name, tuple(flags))


def _first_receipts(by_variant: Mapping[str, Sequence[Submission]]) -> list[str]:
    """Return the variants that have work, in the order in which each was handed in first."""
    first = {name: min(map(by_receipt, work)) for name, work in by_variant.items() if work}
    return sorted(first, key=lambda name: first[name])


def _last(choices: Sequence[Choice]) -> Choice:
    """Return the choice declared last; of several at one instant, the last one recorded."""
    latest = max(aware_utc(choice.at, "the choice's time") for choice in choices)
    return [choice for choice in choices if choice.at == latest][-1]


def _flag(key: str, chosen: str, accepted: Sequence[str]) -> Flag:
    others = ", ".join(name for name in accepted if name != chosen)
    return Flag(key, {"chosen": chosen, "others": others or "–"})
