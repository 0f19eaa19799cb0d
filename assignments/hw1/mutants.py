"""Wrong artefacts that no text edit makes: what `mutants.toml` names under `edit`.

Each function changes the folder of an assembled submission in place.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

Row = dict[str, str]


def _table(folder: Path, change: Callable[[list[Row]], list[Row]]) -> None:
    """Rewrite the rows of errors.csv."""
    path = folder / "errors.csv"
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows, columns = list(reader), list(reader.fieldnames or ())
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(change(rows))


def _answers(folder: Path, change: Callable[[int, dict[str, object]], dict[str, object]]) -> None:
    """Rewrite the lines of predictions.jsonl, each by its number."""
    path = folder / "predictions.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    lines = [json.dumps(change(number, row)) for number, row in enumerate(rows)]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def twenty_rows(folder: Path) -> None:
    """Show too few errors."""
    _table(folder, lambda rows: rows[:20])


def the_same_rows_again(folder: Path) -> None:
    """Reach the number of rows by repeating some."""
    _table(folder, lambda rows: [*rows[:30], *rows[:30]])


def gold_from_the_prediction(folder: Path) -> None:
    """Write the model's answer into the column of right answers."""
    _table(folder, lambda rows: [{**row, "gold": row["predicted"]} for row in rows])


def invented_errors(folder: Path) -> None:
    """List headlines that the data do not hold."""
    _table(folder, lambda rows: [{**row, "id": f"x{row['id']}"} for row in rows])


def one_category(folder: Path) -> None:
    """Put every error into one category."""
    _table(folder, lambda rows: [{**row, "category": "sarcasm"} for row in rows])


def a_category_per_error(folder: Path) -> None:
    """Give every error a category of its own."""
    _table(folder, lambda rows: [{**row, "category": f"case {row['id']}"} for row in rows])


def no_second_annotator(folder: Path) -> None:
    """Leave the second annotator's column empty."""
    _table(folder, lambda rows: [{**row, "category_second_annotator": ""} for row in rows])


def second_annotator_at_random(folder: Path) -> None:
    """Let the second annotator's labels slip by many rows."""
    labels = ("first", "second", "third")
    _table(
        folder,
        lambda rows: [
            {**row, "category": labels[n % 3], "category_second_annotator": labels[n // 3 % 3]}
            for n, row in enumerate(rows)
        ],
    )


def answers_of_another_run(folder: Path) -> None:
    """Change the answer to every tenth headline."""
    _answers(
        folder,
        lambda n, row: {**row, "answer": 1 - int(str(row["answer"]))} if n % 10 == 0 else row,
    )


def answers_for_other_ids(folder: Path) -> None:
    """Answer for headlines that the public set does not have."""
    _answers(folder, lambda n, row: {**row, "id": f"x{row['id']}"} if n % 10 == 0 else row)


def answers_as_words(folder: Path) -> None:
    """Write the label words instead of 0 and 1."""
    _answers(folder, lambda _, row: {**row, "answer": "yes" if row["answer"] else "no"})
