"""The run's checks of its own questions and answers: calibration, and leaks of test questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .experiment import COLOURS, INK, Report
from .diagnosis import calibration_error, contaminated
from .tasks import Answer, Item
from .trials import Subject

SHARED_WORDS = 8  # in a row, that make a test item known
BINS = 5

Answers = Mapping[str, Sequence[Answer]]


def calibration(subject: Subject, answers: Answers, report: Report) -> list[str]:
    """Compare the confidence of the answers with how often they are right."""
    given = [answer for found in answers.values() for answer in found]
    sure, right = [a.confidence for a in given], [a.correct for a in given]
    error = calibration_error(sure, right, BINS)
    gap, low, high = subject.mean([s - r for s, r in zip(sure, right, strict=True)])
    report.result(
        "calibration", {"ece": error, "overconfidence": [gap, low, high], "n": len(given)}
    )
    bins = [
        [(s, r) for s, r in zip(sure, right, strict=True) if place == min(int(s * BINS), BINS - 1)]
        for place in range(BINS)
    ]
    with report.figure("calibration", "Confidence and accuracy", width=5.0, height=4.5) as (
        _,
        axes,
    ):
        axes.plot([0, 1], [0, 1], "--", color=INK, label="as right as it is sure")
        for place, inside in enumerate(bin_ for bin_ in bins if bin_):
            hits = [float(r) for _, r in inside]
            at = sum(s for s, _ in inside) / len(inside)
            share, *ends = subject.mean(hits)
            axes.plot([at, at], ends, color=COLOURS[0])
            label = None if place else "model, with 95 % interval"
            axes.plot([at], [share], "o", color=COLOURS[0], label=label)
        axes.set_xlim(0, 1)
        axes.set_ylim(-0.02, 1.02)
        axes.set_xlabel("mean confidence of the chosen option (probability)")
        axes.set_ylabel("share of right answers")
        axes.legend(loc="upper left")
    verdict = (
        "overconfident" if low > 0 else "underconfident" if high < 0 else "neither over- nor "
        "underconfident on the whole"
    )  # fmt: skip
    return [
        f"The model is {verdict}: confidence less accuracy is {gap:+.2f} ({low:+.2f} to "
        f"{high:+.2f}), expected calibration error {error:.2f} in {BINS} bins."
    ]


def _own_words(item: Item) -> str:
    """Return an item's text without the question that every item of its task asks (`russe`)."""
    return f"{item.context} {item.question.partition('Question: Is word')[0]}"


def leaks(
    tests: Mapping[str, Sequence[Item]], known: Mapping[str, Sequence[Item]], report: Report
) -> list[str]:
    """Count test questions that share words in a row with the examples a prompt may show."""
    rows, worst = [], ("", 0.0)
    for name, items in tests.items():
        shown, asked = ([_own_words(one) for one in part] for part in (known[name], items))
        found = contaminated(asked, shown, SHARED_WORDS)
        rows.append([name, len(items), len(found), len(found) / len(items)])
        worst = max(worst, (name, len(found) / len(items)), key=lambda pair: pair[1])
    report.table(
        "contamination",
        ["task", "test items", f"share {SHARED_WORDS} words", "share"],
        rows,
        "Test questions that repeat words of the examples",
    )
    if not worst[1]:
        return [f"No test question shares {SHARED_WORDS} words in a row with an example."]
    return [
        f"Most shared words are in {worst[0]}: {worst[1]:.1%} of its test questions have "
        f"{SHARED_WORDS} words in a row in common with an example: leaked or just alike, only "
        "reading tells."
    ]
