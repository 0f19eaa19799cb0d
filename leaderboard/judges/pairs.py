"""Pairs that a trained judge learns from: a person's summary, and something worse of one kind.

Each kind is one way of being worse. In pairs of the kind `OFF_TOPIC` both are bad: a clumsy answer
about the object beats a well-made sentence that is not about it. None is an attack: that attacks
lose is tested, not taught (`tests/judges/test_trained.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from graders.core.errors import CourseError
from leaderboard.judges import words

MADE_BY_MODEL = "model"
OFF_TOPIC = "off_topic"
FAMILIES = dict.fromkeys(("wrong_object", "vacuous", OFF_TOPIC), "relevance")
ON_TOPIC = 3  # words that a model's answer must share with its prompt to be about it
FIELDS = ("id", "package", "signature", "document", "summary")
_PADDING = (
    "This function is useful in many different situations and can be used by anyone.",
    "It provides a convenient and flexible way to do this in your own code.",
    "Please note that there are many details to consider when you use it.",
    "In other words, it is an important part of the library that does exactly this.",
)
_WRAPPING = (
    "This function is used to {rest}",
    "The purpose of this object is that it can {rest}",
    "Here is a one-line summary: it will {rest}",
    "{name} is a Python object which is designed to {rest}",
)
_VACUOUS = (
    "Process the input and produce the output.",
    "Do what the name says.",
    "Handle the data in an appropriate way.",
    "Perform a task.",
    "A helper for internal use.",
    "Get the required information from the source.",
    "Apply the method to its parameters.",
    "Represent an element of the module.",
    "Implement the main functionality of this part of the library.",
    "Create a new instance with the specified options.",
    "Compute the output for all of the inputs.",
    "Return what was asked for.",
)


@dataclass(frozen=True, slots=True)
class Row:
    """An object of the training part, with the summary that a person wrote."""

    id: str
    package: str
    signature: str
    document: str
    summary: str

    @property
    def prompt(self) -> str:
        """What an entrant and a judge are shown."""
        return f"{self.signature}\n\n{self.document}"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers to one prompt, the better one known.

    Args:
        kind: How the worse one is worse.
        group: The package.
        prompt: As in `Row.prompt`.
        better: A person's, but for the kind `OFF_TOPIC`.
        worse: The other.
    """

    kind: str
    group: str
    prompt: str
    better: str
    worse: str


def read_rows(path: Path) -> tuple[Row, ...]:
    """Read the training part: JSON Lines with the fields of `FIELDS`.

    Raises:
        CourseError: It is missing or not of that form.
    """
    rows = []
    for number, data in read_lines(path):
        if not all(isinstance(data.get(name), str) for name in FIELDS):
            raise CourseError(
                f"a row needs the texts {', '.join(FIELDS)}",
                where=f"{path}, line {number}",
                todo="Name the train.jsonl of the data set",
            )
        rows.append(Row(*(str(data[name]) for name in FIELDS)))
    return tuple(rows)


def read_answers(path: Path) -> Mapping[str, str]:
    """Read answers by id: JSON Lines of ``{"id", "answer"}``.

    Raises:
        CourseError: It is missing or not of that form.
    """
    found: dict[str, str] = {}
    for number, data in read_lines(path):
        if not isinstance(data.get("id"), str) or not isinstance(data.get("answer"), str):
            raise CourseError(
                'a row needs the texts "id" and "answer"', where=f"{path}, line {number}"
            )
        found[str(data["id"])] = str(data["answer"])
    return found


def read_lines(path: Path) -> list[tuple[int, dict[str, object]]]:
    """Return the objects of a JSON Lines file with their line numbers; empty lines are skipped.

    Raises:
        CourseError: It cannot be read, or a line is not an object.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"the file cannot be read ({error})", where=str(path)) from error
    return parse_lines(text, path)


def parse_lines(text: str, path: Path) -> list[tuple[int, dict[str, object]]]:
    """Return the objects of JSON Lines as `read_lines` does; the path is for the message.

    Raises:
        CourseError: A line is not an object.
    """
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            data = json.loads(line)
        except ValueError as error:
            raise CourseError(
                f"this is not JSON ({error})", where=f"{path}, line {number}"
            ) from error
        if not isinstance(data, dict):
            raise CourseError("a line must hold an object", where=f"{path}, line {number}")
        found.append((number, data))
    return found


def make_pairs(
    rows: Sequence[Row], seed: int, answers: Sequence[Mapping[str, str]] = ()
) -> tuple[Pair, ...]:
    """Return one pair of every kind for every row.

    Args:
        rows: Of the training part.
        seed: Of what is dropped, shuffled and chosen.
        answers: What models without training wrote, by id; each file adds pairs of the kind
            `MADE_BY_MODEL` for the rows that it answers.
    """
    random = np.random.default_rng(seed)
    others = _others(rows)
    pairs = []
    for row in rows:
        for kind, spoil in KINDS.items():
            worse = spoil(row, random, others)
            if _differs(worse, row.summary):
                pairs.append(Pair(kind, row.package, row.prompt, row.summary, worse))
        told = [given[row.id] for given in answers if row.id in given]
        pairs += [
            Pair(MADE_BY_MODEL, row.package, row.prompt, row.summary, answer)
            for answer in told
            if _differs(answer, row.summary)
        ]
        pairs += _off_topic(row, told, random, others)
    return tuple(pairs)


def _off_topic(
    row: Row, told: Sequence[str], random: np.random.Generator, others: Others
) -> list[Pair]:
    """Pair clumsy answers about the object with well-made sentences about none or another one."""
    clumsy = [_verbose(row, random, others), _copied(row, random, others)]
    known = set(words.content(row.prompt))
    clumsy += [text for text in told if len(known & set(words.content(text))) >= ON_TOPIC]
    found = []
    for better in clumsy:
        stray = _vacuous if random.random() < 0.5 else _foreign
        found.append(Pair(OFF_TOPIC, row.package, row.prompt, better, stray(row, random, others)))
    return found


def _differs(worse: str, better: str) -> bool:
    return words.words(worse) != words.words(better)


def _others(rows: Sequence[Row]) -> Mapping[str, Sequence[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.package, []).append(row)
    return found


Others = Mapping[str, Sequence[Row]]
Spoil = Callable[[Row, np.random.Generator, Others], str]


def _dropped(row: Row, random: np.random.Generator, _: Others) -> str:
    """Leave out a third to a half of the words."""
    parts = row.summary.split()
    drop = max(1, round(len(parts) * random.uniform(0.3, 0.5)))
    gone = set(random.choice(len(parts), size=min(drop, len(parts)), replace=False).tolist())
    return " ".join(part for place, part in enumerate(parts) if place not in gone)


def _shuffled(row: Row, random: np.random.Generator, _: Others) -> str:
    """Put the words in another order; the full stop stays where it was."""
    parts = row.summary.rstrip(".").split()
    return " ".join(parts[place] for place in random.permutation(len(parts))) + "."


def _truncated(row: Row, random: np.random.Generator, _: Others) -> str:
    """Break off after a third to two thirds of the words."""
    parts = row.summary.split()
    return " ".join(parts[: max(1, round(len(parts) * random.uniform(0.3, 0.65)))])


def _wrong_object(row: Row, random: np.random.Generator, others: Others) -> str:
    """Take the summary of another object of the package."""
    near = others[row.package]
    return near[int(random.integers(len(near)))].summary


def _foreign(row: Row, random: np.random.Generator, others: Others) -> str:
    """Take the summary of an object of any package."""
    package = sorted(others)[int(random.integers(len(others)))]
    return others[package][int(random.integers(len(others[package])))].summary


def _vacuous(_row: Row, random: np.random.Generator, _: Others) -> str:
    """Say something that fits any object."""
    return _VACUOUS[int(random.integers(len(_VACUOUS)))]


def _verbose(row: Row, random: np.random.Generator, _: Others) -> str:
    """Wrap the summary in phrases, pad it, or both."""
    way = int(random.integers(3))
    text = row.summary
    if way != 0:
        wrapping = _WRAPPING[int(random.integers(len(_WRAPPING)))]
        name = words.object_name(row.signature) or "It"
        text = wrapping.format(rest=text[:1].lower() + text[1:], name=name)
    if way != 1:
        number = int(random.integers(1, 3))
        chosen = random.choice(len(_PADDING), size=number, replace=False)
        text = " ".join([text, *(_PADDING[int(place)] for place in chosen)])
    return text


def _copied(row: Row, random: np.random.Generator, _: Others) -> str:
    """Take the first words of the description, or a run of words out of its middle."""
    told = row.document.split()
    length = int(random.integers(6, 15))
    start = 0 if random.random() < 0.75 else int(random.integers(max(1, len(told) - length)))
    return " ".join(told[start : start + length])


KINDS: Mapping[str, Spoil] = {
    "dropped": _dropped,
    "shuffled": _shuffled,
    "truncated": _truncated,
    "wrong_object": _wrong_object,
    "vacuous": _vacuous,
    "verbose": _verbose,
    "copied": _copied,
}
