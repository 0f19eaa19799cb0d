"""Ratios measured side by side in one run: `make bench` writes `build/bench.json`.

The file is a list of ``{"name", "ours", "other", "ratio", "unit", "against", "command"}``, where
`ratio` is other / ours, so that above 1 means that ours is better. Nothing here is a test: a busy
machine makes both sides slow, and the ratio stays.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tools import bench_engine, bench_grading, bench_judge, bench_ranking

OUT = Path(__file__).resolve().parents[1] / "build" / "bench.json"


def main() -> None:
    """Measure everything, print it and write the file."""
    rows: list[dict[str, Any]] = []
    OUT.parent.mkdir(exist_ok=True)
    for room in (bench_ranking, bench_judge, bench_engine, bench_grading):
        found = room.rows()
        rows += found
        # After each, so that a fault of a later one loses nothing.
        OUT.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
        for row in found:
            told = f"{row['name']:24} {row['ours']:>10} {row['other']:>10} {row['unit']:3}"
            print(f"{told} {row['ratio']:>7}x", flush=True)
    print(f"{OUT.parent.name}/{OUT.name}")


if __name__ == "__main__":
    main()
