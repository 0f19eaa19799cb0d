"""What `zachetka judge` reads and prints: judges, ledgers, questions, answers, results."""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graders.cli import console
from graders.cli.options import load
from graders.core.errors import CourseError

if TYPE_CHECKING:
    from leaderboard.judges import Ledger
    from leaderboard.judges.agreement import Agreement, Judged
    from leaderboard.records import Entrant, Estimate, Judge, Licence, Question

EXAM_SALT = b"zachetka judge exam"  # public: nobody can write answers to an exam's nonces
LOCAL = {"kind": "local", "name": "local", "family": "base"}


def chosen_judge(name: str, course: Path | None, ledger: Ledger, salt: bytes) -> Judge:
    """Return the judge that --judge means.

    Args:
        name: What --judge says.
        course: What --course says.
        ledger: Whose spending counts against the judge's budget.
        salt: Of the nonces, where its configuration names no `salt_file`.

    Raises:
        CourseError: There is no such judge, or its configuration is wrong.
        InfraError: Its model cannot be brought here.
    """
    from pydantic import TypeAdapter, ValidationError

    from leaderboard.judges import JudgeConfig, from_config

    base = Path()
    if name == "trained":
        table: Any = {"kind": "trained"}
    elif name == "local":
        table = LOCAL | {"model": load(course).base_model}
    else:
        base = Path(name).parent
        table = _judge_table(Path(name))
    try:
        config = TypeAdapter(JudgeConfig).validate_python(table)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise CourseError(f"{key}: {first['msg']}", where=name, todo="Mend [judge]") from error
    own = getattr(config, "salt_file", None) is not None
    return from_config(config, base=base, salt=None if own else salt, ledger=ledger)


def _judge_table(path: Path) -> Any:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CourseError(
            f"the judge's configuration cannot be read ({error})",
            where=str(path),
            todo="Name trained, local, or a TOML file with a [judge] table",
        ) from error
    return data.get("judge", data)


@contextmanager
def open_ledger(path: Path | None) -> Iterator[Ledger]:
    """Open the ledger that is meant, or one that is thrown away."""
    from leaderboard.judges import Ledger

    if path is not None:
        yield Ledger.open(path)
        return
    with tempfile.TemporaryDirectory(prefix="zachetka-ledger-") as folder:
        yield Ledger.open(Path(folder) / "ledger.jsonl")


def example_questions(path: Path) -> tuple[Question, ...]:
    """Read questions: JSON Lines of ``id``, ``signature`` and ``document``.

    Raises:
        CourseError: It is missing or not of that form.
    """
    from leaderboard.judges.pairs import read_lines
    from leaderboard.records import Question

    found = []
    for number, row in read_lines(path):
        texts = [row.get(name) for name in ("id", "signature", "document")]
        if not all(isinstance(text, str) for text in texts):
            raise CourseError(
                "a question needs the texts id, signature and document",
                where=f"{path}, line {number}",
                todo="Name the test.jsonl of the data set",
            )
        found.append(Question(str(texts[0]), "", f"{texts[1]}\n\n{texts[2]}", ""))
    return tuple(found)


def read_entrant(path: Path) -> Entrant:
    """Read answers by id as those of an entrant with the file's name."""
    from leaderboard.judges.pairs import read_answers
    from leaderboard.records import Entrant

    return Entrant(path.stem, read_answers(path))


def corrected_rate(verdicts: Path, labels: Path) -> tuple[tuple[Judged, ...], Estimate | None]:
    """Join verdicts with labels by id, and correct the win rate over all verdicts.

    Returns:
        The labelled pairs, and the corrected win rate of the first entrant; None while wins or
        losses are missing among the labels.

    Raises:
        CourseError: A file is not of its form, no pair is labelled, or the judge is no better than
            chance on the labels.
    """
    from leaderboard.judges.agreement import Judged, read_label
    from leaderboard.judges.correction import calibrate, conservative, corrected
    from leaderboard.judges.label import read_labels
    from leaderboard.judges.pairs import read_lines
    from leaderboard.records import Label

    known = read_labels(labels)
    judged, scores = [], []
    for number, row in read_lines(verdicts):
        where = f"{verdicts}, line {number}"
        words = [read_label(row.get(key), where) for key in ("verdict", "verdict_swapped")]
        score = conservative(*words)
        if score is not None:
            scores.append(score)
        if (label := known.get(str(row.get("id")))) is not None:
            judged.append((Judged(label, *words), score))
    if not judged:
        raise CourseError("no verdict has a label", where=str(labels), todo="Compare the ids")
    sheets = tuple(one for one, _ in judged)
    told = [(one.label, score) for one, score in judged if score is not None]
    if not {Label.FIRST, Label.SECOND} <= {label for label, _ in told}:
        return sheets, None
    found = calibrate(told)
    rate = float(sum(scores) / len(scores))
    return sheets, corrected(
        rate, len(scores), found.specificity, found.losses, found.sensitivity, found.wins
    )


def show_licence(licence: Licence, *, as_json: bool) -> None:
    """Print what an exam has given."""
    if as_json:
        console.print_json(
            {
                "judge": licence.judge.name,
                "version": licence.judge.version,
                "accuracy": float(licence.accuracy.value),
                "ci": _ends(licence.accuracy),
                "swap_consistency": float(licence.swap_consistency),
                "licensed": licence.licensed,
                "kappa": float(licence.kappa),
                "coverage": float(licence.coverage),
                "first_position": float(licence.first_position.value),
                "first_position_ci": _ends(licence.first_position),
                "items": licence.items,
                "by_kind": {kind: float(value) for kind, value in licence.by_kind.items()},
                "exam": licence.exam,
            }
        )
        return
    rows: list[Sequence[object]] = [
        ("accuracy", *_shown(licence.accuracy)),
        ("swap consistency", licence.swap_consistency, ""),
        ("kappa", licence.kappa, ""),
        ("coverage", licence.coverage, ""),
        ("first position", *_shown(licence.first_position)),
        *((f"accuracy: {kind}", value, "") for kind, value in licence.by_kind.items()),
    ]
    title = f"{licence.judge.name}: {licence.items} items"
    console.print_table(title, ("", ">value", ">interval"), rows)
    console.say("licensed" if licence.licensed else "no licence: its verdicts must not count")


def show_agreement(found: Agreement, corrected: Estimate | None, *, as_json: bool) -> None:
    """Print how verdicts agree with labels."""
    estimates = {
        "accuracy": found.accuracy,
        "accuracy_swapped": found.accuracy_swapped,
        "accuracy_both": found.accuracy_both,
        "kappa": found.kappa,
        "alpha": found.alpha,
        "swap_consistency": found.swap_consistency,
        "first_position": found.first_position,
        "corrected_win_rate": corrected,
    }
    if as_json:
        told: dict[str, Any] = {"items": found.items, "coverage": float(found.coverage)}
        for name, one in estimates.items():
            told[name] = float(one.value) if one else None
            told[f"{name}_ci"] = _ends(one) if one else None
        console.print_json(told)
        return
    rows: list[Sequence[object]] = [
        (name.replace("_", " "), *_shown(one)) for name, one in estimates.items() if one
    ]
    rows.append(("coverage", found.coverage, ""))
    console.print_table(f"{found.items} labelled pairs", ("", ">value", ">interval"), rows)


def _ends(one: Estimate) -> list[float]:
    return [float(one.low), float(one.high)]


def _shown(one: Estimate) -> tuple[object, str]:
    return one.value, f"{one.low} … {one.high}"
