"""The table of `docs/course/README.md`, written from `docs/course/topics.toml`.

`python -m tools.course_map` writes it again; a test fails when it is stale.
"""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path

from tools.seminars import ROOT, topics

PAGE = ROOT / "docs" / "course" / "README.md"
HEAD = """\
# The programme and the code

Every seminar topic of the course's programme, word for word, and the functions that cover it.
Topics of a lecture that its seminar puts into practice are in italics. `topics.toml` holds the
same for programs, and `python -m tools.course_map` writes this page from it. How an assignment is
made stands in [adding an assignment](../adding-an-assignment.md).

| seminar | topic | where in `reference/` |
|---|---|---|
"""


def page(topics_file: Path | None = None) -> str:
    """Return the whole page."""
    rows = []
    for topic in topics(topics_file) if topics_file else topics():
        text = topic.texts["ru"]
        told = f"*{text}*" if topic.lecture else text
        rows.append(f"| {topic.seminar} | {told} | {_places(topic.where)} |\n")
    return HEAD + "".join(rows)


def _places(where: tuple[tuple[str, ...], ...]) -> str:
    """Return files with their functions: a link to each file, once."""
    return "; ".join(
        f"[{file}](../../reference/{file}): {', '.join(f'`{name}`' for _, name in group)}"
        for file, group in groupby(where, key=lambda place: place[0])
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
