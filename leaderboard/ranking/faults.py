"""One error that names every bad entry of a file by its number, however many there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graders.core.errors import CourseError

SHOWN = 50  # different faults that are spelt out; the other entries are named by number


def complaint(faults: Mapping[str, Sequence[int]], noun: str, where: str) -> CourseError:
    """Return the error.

    Args:
        faults: What is wrong, and the numbers of the entries that have that fault, ascending.
        noun: What an entry is, for example ``line``.
        where: The file.
    """
    told = [f"  {_numbers(noun, own)}: {fault}" for fault, own in list(faults.items())[:SHOWN]]
    rest = sorted(number for own in list(faults.values())[SHOWN:] for number in own)
    if rest:
        told.append(f"  {_numbers(noun, rest)}: these cannot be used either")
    bad = sum(map(len, faults.values()))
    return CourseError(
        f"{bad} {noun}{'s' * (bad != 1)} cannot be used\n" + "\n".join(told),
        where=where,
        todo=f"Mend or remove these {noun}s: nothing was computed",
    )


def _numbers(noun: str, numbers: Sequence[int]) -> str:
    """Return numbers as text, runs of them shortened."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    text = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)
    return f"{noun}{'s' * (len(numbers) != 1)} {text}"
