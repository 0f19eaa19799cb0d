# zachetka: staff
"""Put the reference together as a student would hand it in: modules, adapter, answers, report.

`python reference/hw2a/assemble.py OUT --data DIR` fills the new folder OUT. Everything lies in
the repository already; DIR, the folder that `zachetka data prepare hw2a` prints, is read only to
see that the answers are for the test set that is there. Standard library only.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def files(data: Path, adapter: Path | None = None) -> dict[str, bytes]:
    """Return the whole submission: path inside it to content.

    Args:
        data: Folder of the data set.
        adapter: Folder of another adapter to hand in; None takes the reference's own.

    Raises:
        SystemExit: The committed answers are for another test set.
    """
    artefacts = HERE / "artefacts"
    found = {
        path.name: path.read_bytes() for path in HERE.glob("*.py") if path.name != "assemble.py"
    }
    for path in artefacts.rglob("*"):
        if path.is_file() and path.parent.name != "baselines":
            found[path.relative_to(artefacts).as_posix()] = path.read_bytes()
    if adapter is not None:
        found = {name: content for name, content in found.items() if "adapter/" not in name}
        found |= {f"adapter/{path.name}": path.read_bytes() for path in adapter.iterdir()}
    if _ids(found["submission.jsonl"]) != _ids((data / "test.jsonl").read_bytes()):
        sys.exit("artefacts/submission.jsonl is for another test set: run tools.reference hw2a")
    return dict(sorted(found.items()))


def _ids(content: bytes) -> list[str]:
    return [json.loads(line)["id"] for line in content.decode("utf-8").splitlines()]


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
