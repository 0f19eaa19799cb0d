# zachetka: staff
"""Put the reference together as a student would hand it in: modules, adapter, tables, report.

`python reference/hw1/assemble.py OUT --data DIR` fills the new folder OUT; DIR is the folder that
`zachetka data prepare hw1` prints. The repository holds no headlines, so `errors.csv` is joined
here from the labels that people gave and the data set. Standard library only.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
LABELS = "error_labels.csv"
COLUMNS = ("id", "headline", "gold", "predicted", "category", "category_second_annotator", "note")


def files(data: Path, adapter: Path | None = None) -> dict[str, bytes]:
    """Return the whole submission: path inside it to content.

    Args:
        data: Folder of the data set.
        adapter: Folder of another adapter to hand in; None takes the reference's own.
    """
    artefacts = HERE / "artefacts"
    found = {
        path.name: path.read_bytes() for path in HERE.glob("*.py") if path.name != "assemble.py"
    }
    for path in artefacts.rglob("*"):
        if path.is_file() and path.name != LABELS:
            found[path.relative_to(artefacts).as_posix()] = path.read_bytes()
    if adapter is not None:
        found = {name: content for name, content in found.items() if "adapter/" not in name}
        found |= {f"adapter/{path.name}": path.read_bytes() for path in adapter.iterdir()}
    found["errors.csv"] = _error_table(artefacts, data)
    return dict(sorted(found.items()))


def _error_table(artefacts: Path, data: Path) -> bytes:
    """Return `errors.csv`: the labelled mistakes with their headlines and answers."""
    public = {row["id"]: row for row in _rows(data / "public.jsonl")}
    answers = {row["id"]: row["answer"] for row in _rows(artefacts / "predictions.jsonl")}
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    with (artefacts / LABELS).open(encoding="utf-8", newline="") as file:
        for label in csv.DictReader(file):
            item = public[label["id"]]
            told = {
                "headline": item["headline"],
                "gold": item["label"],
                "predicted": answers[label["id"]],
            }
            writer.writerow({**label, **told})
    return text.getvalue().encode()


def _rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def main() -> None:
    """Write the submission into a new folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--adapter", type=Path)
    told = parser.parse_args()
    if told.out.exists() and any(told.out.iterdir()):
        sys.exit(f"{told.out} is not empty: name a new folder")
    for name, content in files(told.data, told.adapter).items():
        path = told.out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    main()
# zachetka: end
