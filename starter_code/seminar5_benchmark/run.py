"""The seminar's experiment: six tasks, their ablations, the judge, inventions, sources, a report.

    python -m reference.seminar5_benchmark.run --out DIR --model DIR --data benchmark=DIR

Everything is a fixed budget of questions drawn by the seed; every number has its interval, and the
sentences at the end are chosen by the intervals.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from .common import load_model, seed_everything
from .experiment import COLOURS, Report, Setting, digest, setting
from .checks import Answers, calibration, leaks
from .report import report as error_page
from .report import report_hash
from .stats import bootstrap_ci, holm, paired_permutation
from .tasks import NAMES, Answer, Item, Template, ask, load, sample
from .trials import LEVEL, RESAMPLES, Subject, inventions, judge, sources

PER_TASK = 50  # questions a task
ABLATED = ("quartz", "socialiqa")  # the tasks whose options are texts, with short prompts
SHOTS = 3
PAIRS = 60  # that the judge compares
SPOKEN = 16  # of these, in words too
INVENTED = 40  # questions on passages, half of them without an answer there
PLANTED = 24
TRACED = 6  # own answers traced to their passage
REPEATED = 24  # questions asked once more
BASE = Template()
PERMUTATIONS = 5000


class Clock:
    """Says what is being done, and how long each step took."""

    def __init__(self, report: Report) -> None:
        self._report, self._start, self._name = report, time.perf_counter(), "loading the model"

    def step(self, name: str) -> None:
        """Begin the next step."""
        self.stop()
        self._report.step(name)
        self._name = name

    def stop(self) -> None:
        """End the step that is being done."""
        now = time.perf_counter()
        self._report.timing(self._name, now - self._start, "s")
        self._start = now


def main(argv: Sequence[str] | None = None) -> None:
    """Run the experiment."""
    told = setting("Seminar 5: a mini benchmark", argv)
    seed_everything(told.seed)
    report = Report(5, "A mini benchmark", told)
    clock = Clock(report)
    model, tokenizer = load_model(told.model)
    subject = Subject(model, tokenizer, told.seed)
    tests, known = (load(told.data["benchmark"], part) for part in ("test", "dev"))
    drawn = {n: sample(tests[n], told.scaled(PER_TASK, 8), told.seed) for n in NAMES}
    report.budget(
        questions=sum(map(len, drawn.values())),
        pairs=told.scaled(PAIRS, 8),
        invented=2 * told.scaled(INVENTED // 2, 4),
        planted=told.scaled(PLANTED, 4),
    )
    clock.step("six tasks")
    answers = {name: ask(model, tokenizer, items, BASE) for name, items in drawn.items()}
    readings = accuracies(subject, drawn, answers, report)
    clock.step("ablations")
    readings += ablations(subject, drawn, known, answers, report)
    clock.step("calibration")
    readings += calibration(subject, answers, report)
    clock.step("the judge")
    pairs = sample(tests["socialiqa"], told.scaled(PAIRS, 8), told.seed + 1)
    readings += judge(subject, pairs, told.scaled(SPOKEN, 2), report)
    clock.step("answers without a source")
    half = told.scaled(INVENTED // 2, 4)
    passages = [
        *sample([i for i in tests["unsolvable_questions"] if i.answer == 0], half, told.seed),
        *sample([i for i in tests["unsolvable_questions"] if i.answer == 1], half, told.seed),
    ]
    readings += inventions(subject, passages, report)
    clock.step("sources")
    real = passages[: told.scaled(TRACED, 3)]
    readings += sources(subject, told.scaled(PLANTED, 4), real, report)
    clock.step("contamination, repetition")
    readings += leaks(tests, known, report)
    readings += repetition(subject, drawn, report)
    write_page(subject, drawn, answers, told, report)
    report.reading(*readings)
    clock.stop()
    report.finish()


def _hits(answers: Sequence[Answer]) -> list[float]:
    return [float(answer.correct) for answer in answers]


def _interval(items: Sequence[Item], values: Sequence[float], seed: int) -> tuple[float, float]:
    """Return the interval of a mean; questions about one passage are drawn together."""
    groups = [item.context or item.id for item in items]
    return bootstrap_ci(values, LEVEL, RESAMPLES, seed, groups)


def accuracies(
    subject: Subject, drawn: Mapping[str, Sequence[Item]], answers: Answers, report: Report
) -> list[str]:
    """Report the accuracy of every task with its interval, beside chance."""
    rows, above = [], []
    for name, items in drawn.items():
        hits = _hits(answers[name])
        low, high = _interval(items, hits, subject.seed)
        chance = sum(1 / len(item.options) for item in items) / len(items)
        if low > chance:
            above.append(name)
        rows.append([name, len(items), sum(hits) / len(hits), low, high, chance])
    report.table(
        "accuracy",
        ["task", "items", "accuracy", "low", "high", "chance"],
        rows,
        "Accuracy by likelihood per byte, no examples, with 95 % intervals",
    )
    with report.figure("accuracy", "Accuracy by task, with 95 % intervals and chance") as (_, axes):
        for place, (_name, _n, share, low, high, chance) in enumerate(rows):
            axes.plot([low, high], [place, place], color=COLOURS[0])
            axes.plot([share], [place], "o", color=COLOURS[0], label=None if place else "model")
            label = None if place else "chance"
            axes.plot([chance], [place], "|", color=COLOURS[1], markersize=16, label=label)
        axes.set_yticks(range(len(rows)), [str(row[0]) for row in rows])
        axes.invert_yaxis()  # as in the table
        axes.set_xlim(0, 1)
        axes.set_xlabel("accuracy (share of right answers)")
        axes.legend()
    better = f"is above chance on {', '.join(above)}" if above else "is above chance on no task"
    rest = [name for name in drawn if name not in above]
    told = f"; on {', '.join(rest)} its interval holds chance or lies below" if rest else ""
    return [f"With {len(rows)} tasks of {rows[0][1]} questions or so, the model {better}{told}."]


def ablations(
    subject: Subject,
    drawn: Mapping[str, Sequence[Item]],
    known: Mapping[str, Sequence[Item]],
    answers: Answers,
    report: Report,
) -> list[str]:
    """Change one thing at a time on the same questions; report paired tests with Holm's."""
    items = [item for name in ABLATED for item in drawn[name]]
    base = [answer for name in ABLATED for answer in answers[name]]

    def asked(template: Template, turned: bool = False) -> list[Answer]:
        shown = [item.turned() for item in items] if turned else items
        return ask(subject.model, subject.tokenizer, shown, template, known)

    letters = asked(Template(letters=True))
    turned = asked(Template(letters=True), turned=True)
    changes = [
        ("raw sums instead of bytes", base, asked(replace(BASE, normalization="sum"))),
        ("letters instead of texts", base, letters),
        ("letters: options turned round", letters, turned),
        ("letters: chat template", letters, asked(Template(letters=True, chat=True))),
        (f"{SHOTS} examples instead of none", base, asked(replace(BASE, shots=SHOTS))),
    ]
    raw = [
        paired_permutation(_hits(new), _hits(old), PERMUTATIONS, subject.seed)
        for _, old, new in changes
    ]
    rows, found = [], []
    for (name, old, new), p, adjusted in zip(changes, raw, holm(raw), strict=True):
        gaps = [b - a for a, b in zip(_hits(old), _hits(new), strict=True)]
        low, high = _interval(items, gaps, subject.seed)
        rows.append([name, sum(gaps) / len(gaps), low, high, p, adjusted])
        if adjusted < 1 - LEVEL:
            found.append(name)
    report.table(
        "ablations",
        ["change", "Δ accuracy", "low", "high", "p", "p (Holm)"],
        rows,
        f"One change at a time on the same {len(items)} questions of {' and '.join(ABLATED)}",
    )
    same = [
        float(item.options[a.choice] == item.turned().options[b.choice])
        for item, a, b in zip(items, letters, turned, strict=True)
    ]
    first = [float(answer.choice == 0) for answer in (*letters, *turned)]
    report.result("order", {"same_option": sum(same) / len(same), "letter_a": subject.mean(first)})
    kept, low, high = subject.mean(same)
    moved = f"{', '.join(found)}: measurable" if found else "none of the changes is measurable"
    return [
        f"Of {len(rows)} ablations at the 5 % level after Holm: {moved}.",
        f"With the options turned round, {kept:.0%} ({low:.0%} to {high:.0%}) of the answers stay "
        f"with the same option; letter A is chosen in {sum(first) / len(first):.0%} of all.",
    ]


def repetition(subject: Subject, drawn: Mapping[str, Sequence[Item]], report: Report) -> list[str]:
    """Ask some questions again: the same way, and in batches of one."""
    some = drawn["quartz"][: report.setting.scaled(REPEATED, 8)]
    ways = [
        ask(subject.model, subject.tokenizer, some, BASE, batch_size=size) for size in (16, 16, 1)
    ]
    hashes = [digest([[a.choice, a.confidence] for a in found]) for found in ways]
    changed = sum(a.choice != b.choice for a, b in zip(ways[0], ways[2], strict=True))
    shift = max(abs(a.confidence - b.confidence) for a, b in zip(ways[0], ways[2], strict=True))
    equal = hashes[0] == hashes[1]
    report.result("repetition", {"same_hash": equal, "changed": changed, "largest_shift": shift})
    once = "the same to the last digit" if equal else "NOT the same"
    return [
        f"Asked again, {len(some)} answers are {once}; in batches of one, {changed} of them change "
        f"and confidence moves by {shift:.4f} at most ({subject.model.dtype})."
    ]


def kind_of(item: Item, answer: Answer) -> str:
    """Return what kind of error an answer is, by what is known without reading it."""
    if answer.correct:
        return ""
    if answer.confidence >= 0.75:
        return "sure and wrong"
    if answer.confidence < 1 / len(item.options) + 0.1:
        return "a coin's throw"
    shortest = min(item.options, key=len)
    return "the shortest option" if item.options[answer.choice] == shortest else "a distractor"


def write_page(
    subject: Subject,
    drawn: Mapping[str, Sequence[Item]],
    answers: Answers,
    told: Setting,
    report: Report,
) -> None:
    """Write the error report, `errors.html`, and keep its hash."""
    rows, tasks = [], []
    for name, items in drawn.items():
        hits = _hits(answers[name])
        low, high = _interval(items, hits, subject.seed)
        share = sum(hits) / len(hits)
        tasks.append(
            {"task": name, "items": len(items), "accuracy": share, "low": low, "high": high}
        )
        rows += [
            {
                "id": item.id,
                "task": name,
                "question": f"{item.context}\n{item.question}".strip(),
                "gold": item.options[item.answer],
                "answer": item.options[answer.choice],
                "correct": answer.correct,
                "confidence": answer.confidence,
                "kind": kind_of(item, answer),
            }
            for item, answer in zip(items, answers[name], strict=True)
        ]
    page = error_page("A mini benchmark: errors", rows, tasks)
    (told.out / "errors.html").write_text(page, encoding="utf-8", newline="\n")
    report.result("errors_hash", report_hash(rows, tasks))


if __name__ == "__main__":
    main()
