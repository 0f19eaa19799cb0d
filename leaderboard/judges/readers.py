"""Public collections of labelled pairs, read as exam items: an instructor brings the files.

| format | file | label |
|---|---|---|
| LLMBar (arXiv 2310.07641) | JSON list of ``input, output_1, output_2, label`` | 1 or 2 |
| PandaLM (arXiv 2306.05087) | JSON list of ``instruction, input, response1, response2, annotator1…3`` | 0 tie, 1, 2; the majority's |
| MT-Bench (arXiv 2306.05685) | JSON Lines or list of ``question_id, model_a, model_b, winner, judge, turn, conversation_a, conversation_b`` | model_a, model_b, tie |
| PyRIT's scorer evaluations | CSV of ``objective, assistant_response, human_score[_1…]`` below a line ``# dataset_version=…`` | higher is more of what is scored |

A PyRIT file scores single replies: two replies to one objective with different scores make a
pair, and the better one is that with the lower score (the refusal scorer's 1 is a refusal, the
harm scorers' 1 is the most harm, an objective's 1 is that it was achieved).
"""  # noqa: E501 - a table's row cannot be broken

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from graders.core.errors import CourseError
from leaderboard.judges.exam import ExamItem
from leaderboard.records import Label

_NUMBERED = {0: Label.TIE, 1: Label.FIRST, 2: Label.SECOND}
_WINNERS = {"model_a": Label.FIRST, "model_b": Label.SECOND, "tie": Label.TIE}


def read(path: Path, form: str) -> tuple[ExamItem, ...]:
    """Read a file of one of the `READERS`.

    Raises:
        CourseError: The form is unknown, or the file is not of it or holds no pair.
    """
    if form not in READERS:
        raise CourseError(
            "no such format of labelled pairs", where=form, todo=f"Use one of {', '.join(READERS)}"
        )
    try:
        items = READERS[form](path)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise CourseError(f"the file cannot be read ({error})", where=str(path)) from error
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise CourseError(
            f"the file is not of the form {form}: {error!r} is wrong or missing", where=str(path)
        ) from error
    if not items:
        raise CourseError("there is no labelled pair in the file", where=str(path))
    return items


def read_llmbar(path: Path) -> tuple[ExamItem, ...]:
    """Read LLMBar: every item has a winner. The kind is the folder that the file lies in."""
    rows = json.loads(_text(path))
    return tuple(
        ExamItem(
            id=f"llmbar-{number}",
            group="",
            kind=path.parent.name or "llmbar",
            prompt=row["input"],
            first=row["output_1"],
            second=row["output_2"],
            label=_NUMBERED[int(row["label"])],
        )
        for number, row in enumerate(rows)
    )


def read_pandalm(path: Path) -> tuple[ExamItem, ...]:
    """Read PandaLM's test set; the label is the majority's, a tie when all three differ.

    Its empty inputs are written as NaN, which is no JSON but what the file has.
    """
    rows = json.loads(_text(path), parse_constant=lambda _: "")
    items = []
    for row in rows:
        votes = [row[f"annotator{number}"] for number in (1, 2, 3)]
        vote, times = Counter(votes).most_common(1)[0]
        items.append(
            ExamItem(
                id=f"pandalm-{row['idx']}",
                group=row["instruction"],
                kind=row.get("motivation_app") or "pandalm",
                prompt="\n\n".join(part for part in (row["instruction"], row["input"]) if part),
                first=row["response1"],
                second=row["response2"],
                label=_NUMBERED[int(vote)] if times > 1 else Label.TIE,
            )
        )
    return tuple(items)


def read_mt_bench(path: Path) -> tuple[ExamItem, ...]:
    """Read MT-Bench's judgments: conversations up to the judged turn, ``tie (…)`` is a tie.

    Several people's votes on one pair stay several items of one group.
    """
    text = _text(path)
    rows = json.loads(text) if text.lstrip().startswith("[") else _lines(text)
    return tuple(_mt_bench_item(number, row) for number, row in enumerate(rows))


def _mt_bench_item(number: int, row: Mapping[str, Any]) -> ExamItem:
    turn = int(row.get("turn", 1))
    end = 2 * turn
    asked = [said["content"] for said in row["conversation_a"][:end] if said["role"] == "user"]
    winner = str(row["winner"])
    return ExamItem(
        id=f"mt-bench-{number}-{row['question_id']}",
        group=str(row["question_id"]),
        kind=f"turn {turn}",
        prompt="\n\n".join(asked),
        first=_said(row["conversation_a"][:end]),
        second=_said(row["conversation_b"][:end]),
        label=Label.TIE if winner.startswith("tie") else _WINNERS[winner],
    )


def _said(conversation: Sequence[Mapping[str, str]]) -> str:
    replies = [said["content"] for said in conversation if said["role"] == "assistant"]
    return "\n\n".join(replies)


def read_pyrit(path: Path) -> tuple[ExamItem, ...]:
    """Read a CSV of PyRIT's `datasets/scorer_evals`; scores of several people are averaged."""
    table = _text(path)
    while table.startswith(("#", '"#')):  # a heading inside a reply may begin so too
        table = table.partition("\n")[2]
    replies: dict[str, list[tuple[float, str]]] = {}
    for row in csv.DictReader(io.StringIO(table)):
        scores = [
            float(value)
            for name, value in row.items()
            if name and name.startswith("human_score") and value and value.strip()
        ]
        if row["data_type"] == "text" and scores:
            mean = sum(scores) / len(scores)
            replies.setdefault(row["objective"], []).append((mean, row["assistant_response"]))
    items: list[ExamItem] = []
    for objective, found in replies.items():
        for (left, first), (right, second) in combinations(found, 2):
            if left != right:
                items.append(
                    ExamItem(
                        id=f"pyrit-{path.stem}-{len(items)}",
                        group=objective,
                        kind=path.stem,
                        prompt=objective,
                        first=first,
                        second=second,
                        label=Label.FIRST if left < right else Label.SECOND,
                    )
                )
    return tuple(items)


def _text(path: Path) -> str:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return file.read()


def _lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.split("\n") if line.strip()]


READERS: Mapping[str, Callable[[Path], tuple[ExamItem, ...]]] = {
    "llmbar": read_llmbar,
    "pandalm": read_pandalm,
    "mt-bench": read_mt_bench,
    "pyrit": read_pyrit,
}
