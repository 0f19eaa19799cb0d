"""A competition as a host uploads it to Kaggle with the host commands of Kaggle's package.

`data/` is what participants get, `solution.csv` is not in it. `HOST.md` lists the commands in
order. The same competition gives the same bytes.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from graders.core.clock import iso_utc
from graders.core.errors import CourseError, InfraError
from graders.core.messages import Messages
from graders.pipeline.files import write_text
from leaderboard.records import Part

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{3,48})[a-z0-9]")
SHOWN = ("id", "name", "signature", "document")  # a package would tell the part
PLACEHOLDER = "Return something."


@dataclass(frozen=True, slots=True)
class Host:
    """What the host says of the competition.

    Args:
        slug: Its name in Kaggle's address.
        title: By language.
        deadline: Last instant, or None while it is not set.
        per_day: Submissions a day.
        weights: Of the composite's columns, by key.
        commitment: The sealed split's hash, which is published.
        languages: In which pages are written; the first one is the competition's.
    """

    slug: str
    title: Mapping[str, str]
    deadline: datetime | None
    per_day: int
    weights: Mapping[str, Decimal]
    commitment: str
    languages: Sequence[str]


def export(host: Host, data: Path, parts_at: Mapping[Part, Path], out: Path) -> list[str]:
    """Write the folder; return the paths of its files, relative to it.

    Args:
        host: What the host says.
        data: The data set: train and test.
        parts_at: The public and the private items with their references, as they were sealed.
        out: The folder to write.

    Raises:
        CourseError: The slug cannot be Kaggle's.
        InfraError: The data are damaged.
    """
    if not SLUG.fullmatch(host.slug):
        raise CourseError(
            f"{host.slug!r} cannot be a competition's name on Kaggle",
            where="--slug",
            todo="Use 5 to 50 lower-case Latin letters, digits and hyphens",
        )
    parts = {name: _rows(data / f"{name}.jsonl") for name in ("train", "test")}
    parts |= {part.value: _rows(path) for part, path in parts_at.items()}
    ids = [row["id"] for row in parts["test"]]
    files = {
        "data/train.csv": _table((*SHOWN, "package", "summary"), parts["train"]),
        "data/test.csv": _table(SHOWN, parts["test"]),
        "data/sample_submission.csv": _table(
            ("id", "answer"), [{"id": one, "answer": PLACEHOLDER} for one in ids]
        ),
        "solution.csv": _table(("id", "answer", "Usage"), _solution(parts, ids)),
        "competition-metadata.json": _json(_metadata(host)),
        "settings.json": _json(_settings(host)),
        "metric.py": Path(__file__).with_name("metric.py").read_text("utf-8"),
        "HOST.md": _host_page(host),
    }
    for lang in host.languages:
        for page, text in _pages(host, lang, parts).items():
            files[f"pages/{page}.{lang}.md"] = text
    for name, text in files.items():
        write_text(out / name, text)
    return sorted(files)


def _solution(
    parts: Mapping[str, Sequence[Mapping[str, str]]], ids: Iterable[str]
) -> list[dict[str, str]]:
    """Return the solution in the order of the test set, each row with its part."""
    rows = {
        row["id"]: {"id": row["id"], "answer": row["summary"], "Usage": part.value.capitalize()}
        for part in Part
        for row in parts[part]
    }
    return [rows[one] for one in ids]


def _metadata(host: Host) -> dict[str, object]:
    """Return what `kaggle competitions create` reads."""
    title = host.title[host.languages[0]]
    return {
        "title": title[:80],
        "slug": host.slug,
        "briefDescription": _words(host.languages[0]).text("competition.kaggle.brief"),
        "privacy": "LIMITED",
        "disableKernels": False,
        "hackathon": False,
    }


def _settings(host: Host) -> dict[str, object]:
    """Return what `kaggle competitions settings update --from-file` reads."""
    settings: dict[str, object] = {
        "has_leaderboard": True,
        "rules_required": True,
        "public_leaderboard_disclaimer_message": _words(host.languages[0]).text(
            "competition.kaggle.disclaimer"
        ),
    }
    if host.deadline is not None:
        settings["deadline"] = iso_utc(host.deadline)
    return settings


def _pages(
    host: Host, lang: str, parts: Mapping[str, Sequence[Mapping[str, str]]]
) -> dict[str, str]:
    words = _words(lang)
    weights = "\n".join(
        f"- {words.text(f'leaderboard.column.{key}')}: {weight}"
        for key, weight in host.weights.items()
    )
    fields = {
        "title": host.title[lang],
        "train": len(parts["train"]),
        "test": len(parts["test"]),
        "public": len(parts[Part.PUBLIC]),
        "private": len(parts[Part.PRIVATE]),
        "per_day": host.per_day,
        "weights": weights,
        "commitment": host.commitment,
    }
    return {
        page: words.text(f"competition.kaggle.{page}", **fields) + "\n"
        for page in ("description", "evaluation")
    }


def _host_page(host: Host) -> str:
    """Return the commands of a host, in order."""
    slug = host.slug

    def page(name: str) -> str:
        return f"-f pages/{name}.{host.languages[0]}.md --mime-type text/markdown --publish"

    return f"""# Upload, in this order

    kaggle competitions create -p .
    kaggle competitions settings update {slug} --from-file settings.json
    kaggle competitions data update {slug} -p data -m "first version"
    kaggle competitions solution create {slug} -p solution.csv
    kaggle competitions solution status {slug}
    kaggle competitions pages create -c {slug} --page-name description {page("description")}
    kaggle competitions pages create -c {slug} --page-name evaluation {page("evaluation")}
    kaggle competitions launch {slug}

By hand, on the competition's pages: the metric (upload `metric.py` as a metric notebook; higher is
better; the id column is `id`) and the limit of {host.per_day} submissions a day.

Never put `solution.csv` into `data/`: participants get that folder whole.
"""


def _words(lang: str) -> Messages:
    return Messages.load((), lang)


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise InfraError(
            f"the data cannot be read ({type(error).__name__})",
            where=str(path),
            todo="Prepare the data again",
        ) from error


def _table(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> str:
    memory = io.StringIO()
    writer = csv.DictWriter(memory, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return memory.getvalue()


def _json(value: Mapping[str, object]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
