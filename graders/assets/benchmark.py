"""The data set "benchmark": six small multiple-choice tasks, four in English and two in Russian.

Two files, read out of one pinned wheel (`prepare`), with rows `{"id", "task", "language",
"context", "question", "options", "answer"}`, where `answer` is the place of the right option:

- `dev.jsonl`: a few rows a task, for few-shot examples and for choosing a prompt;
- `test.jsonl`: the other rows.

The tasks: `quartz` (qualitative physics, Tafjord et al. 2019), `fcc_amateur_extra` (the radio
licence's question pool), `socialiqa` (Sap et al. 2019), `unsolvable_questions` (after SQuAD 2.0,
Rajpurkar et al. 2018: can the context answer the question?), `rucola` (Mikhailov et al. 2022: a
sentence by a person, or by a machine that went wrong?) and `russe` (Shavrina et al. 2020: one
meaning of a word, or two?). Nothing here is hidden from students: all of it is public anyway.

Rows are divided by a digest of their text, not by meaning: `quartz` has pairs of questions that
differ in a word, and such a pair may stand on both sides. The seminar looks for them.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from graders.assets.cache import Say
from graders.assets.sources import SARCASM, Made
from graders.assets.wheels import opened
from graders.core.errors import InfraError

Row = dict[str, Any]

LETTERS = "ABCD"
DEV_ROWS = 32  # a task
BENCHMARK = Made(
    version="1",
    room_mb=60,
    prepared=MappingProxyType(
        {
            "dev.jsonl": "f4774f2fa0bcd30257f62e771ab9beedbdc37a54af23c013970ef65828b5f980",
            "test.jsonl": "0ca92b0f2098ddba011c9153cb62d83cf32b329544d9bf0e38f9ce78c93975bd",
        }
    ),
)

_FOLDER = "evals/registry/data/"
_LETTERED = re.compile(r"(?m)^ ?([A-D])[:.] ?(.*)$")
_IN_A_LINE = re.compile(r"(?:^| )A: (.+); B: (.+); C: (.+?)\.?$", re.DOTALL)
_WITH_CONTEXT = re.compile(r"Question: (.*)\n Context: (.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a user's message of the source holds: options are empty when the task has fixed ones."""

    question: str
    options: tuple[str, ...] = ()
    context: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """One task of the wheel.

    Args:
        name: What it is called here.
        language: Of its texts.
        licence: Of its texts, as the package says or their authors.
        file: Its rows inside the wheel.
        read: Takes a message apart.
        fixed: The options of a task that has the same ones in every row.
    """

    name: str
    language: str
    licence: str
    file: str
    read: Callable[[str], Asked]
    fixed: tuple[str, ...] = ()


def _lettered(text: str) -> Asked:
    """Read options that stand each on a line of its own."""
    found = list(_LETTERED.finditer(text))
    options = tuple(match[2].strip() for match in found)
    return Asked(text[: found[0].start()].strip() if found else text, options)


def _in_a_line(text: str) -> Asked:
    """Read options that follow the question in one line."""
    found = _IN_A_LINE.search(text)
    if found is None:
        return Asked(text)
    return Asked(text[: found.start()].strip(), tuple(part.strip() for part in found.groups()))


def _with_context(text: str) -> Asked:
    found = _WITH_CONTEXT.fullmatch(text)
    return Asked(found[1].strip(), context=found[2].strip()) if found else Asked("")


def _whole(text: str) -> Asked:
    return Asked(text.strip().removesuffix("\nAnswer:"))


_PACKAGES = "MIT (as the package says)"
TASKS = (
    Task("quartz", "en", _PACKAGES, "quartz/samples.jsonl", _lettered),
    Task("fcc_amateur_extra", "en", _PACKAGES, "fcc_amateur_extra/samples.jsonl", _lettered),
    Task("socialiqa", "en", "CC BY 4.0", "theory_of_mind/socialiqa/test.jsonl", _in_a_line),
    Task(
        "unsolvable_questions",
        "en",
        f"{_PACKAGES}; its passages are SQuAD 2.0's, CC BY-SA 4.0",
        "unsolvable_questions/samples.jsonl",
        _with_context,
        ("Solveable", "Unsolveable"),
    ),
    Task(
        "rucola", "ru", _PACKAGES, "rucola/samples.jsonl", _whole, ("Acceptable", "Hallucination")
    ),
    Task("russe", "ru", _PACKAGES, "russe/samples.jsonl", _whole, ("Yes", "No")),
)


def prepare(part: Path, say: Say) -> Mapping[str, Any]:
    """Write dev and test into a folder and return the manifest's facts.

    Raises:
        InfraError: The wheel cannot be brought here, or a row is not as expected.
    """
    parts: dict[str, list[Row]] = {"dev": [], "test": []}
    with opened(SARCASM.wheel, part, say) as archive:
        for task in TASKS:
            say(f"benchmark: reading {task.name}")
            rows = rows_of(task, _messages(archive, task))
            parts["dev"] += rows[:DEV_ROWS]
            parts["test"] += rows[DEV_ROWS:]
        licences = f"{SARCASM.package}-{SARCASM.version}.dist-info/LICENSE.md"
        (part / "LICENSES.md").write_bytes(archive.read(licences))
    for name, rows in parts.items():
        _write(part / f"{name}.jsonl", rows)
    return {
        "package": SARCASM.package,
        "version": SARCASM.version,
        "wheel_sha256": SARCASM.wheel_sha256,
        "licence": "MIT (the package); each task's texts have their own",
        "licences": {task.name: task.licence for task in TASKS},
        "counts": {
            name: dict(sorted(Counter(row["task"] for row in rows).items()))
            for name, rows in parts.items()
        },
    }


def rows_of(task: Task, messages: Iterable[tuple[str, str]]) -> list[Row]:
    """Return a task's rows, each text once, in the order of their digests.

    Left out are rows with two equal options and rows that hold two questions at once: neither
    has one right answer.

    Args:
        task: The task.
        messages: What the user says, and the right answer: a letter, or one of the fixed options.

    Raises:
        InfraError: A message cannot be taken apart, or its answer is none of its options.
    """
    rows: dict[str, Row] = {}
    for text, ideal in messages:
        asked = task.read(text)
        options = list(task.fixed or asked.options)
        place = options.index(ideal) if ideal in task.fixed else LETTERS.find(ideal)
        if not asked.question or len(options) < 2 or not 0 <= place < len(options):
            raise InfraError(
                "a row of the wheel is not as it was when this was written",
                where=f"{task.name}: {text[:80]!r}",
                todo="Report it: the pinned wheel should give the pinned rows",
            )
        if len(set(options)) < len(options) or len(options) > len(LETTERS):
            continue
        told = json.dumps([asked.context, asked.question, sorted(options)], ensure_ascii=False)
        digest = hashlib.sha256(told.casefold().encode()).hexdigest()
        rows[digest] = {
            "id": f"{task.name}-{digest[:10]}",
            "task": task.name,
            "language": task.language,
            "context": asked.context,
            "question": asked.question,
            "options": options,
            "answer": place,
        }
    return [rows[digest] for digest in sorted(rows)]


def _messages(archive: zipfile.ZipFile, task: Task) -> list[tuple[str, str]]:
    lines = archive.read(_FOLDER + task.file).decode("utf-8").splitlines()
    samples = [json.loads(line) for line in lines]
    return [(sample["input"][-1]["content"], sample["ideal"]) for sample in samples]


def _write(path: Path, rows: Iterable[Row]) -> None:
    lines = (json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
