"""How "summaries" is divided: by package, without leaks, as a pure function of the harvest.

Train takes the packages with the most to tell. Public and private take others, matched by kind
(arrays and tables, networks and events, text, drawing, statistics, geometry), so that the public
board foretells the private one, while no package stands on both sides: who tunes to the public
packages gains nothing by it. Projects that document one another's interfaces stand together
(numpy, scipy, jax and dask; shapely and geopandas). What nearly repeats something else is kept
once, in the part that is examined first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from graders.assets.summaries.alike import even, jaccard, pairs_alike, words_of
from graders.assets.summaries.docstrings import Documented
from graders.core.errors import CourseError

_SALT = "zachetka/summaries/1"
ECHO = 0.6  # Jaccard from which a sentence of the description counts as the answer itself

PACKAGES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "private": (
            "astropy",
            "bokeh",
            "geopandas",
            "nltk",
            "polars",
            "pymc",
            "seaborn",
            "shapely",
            "tornado",
            "trio",
        ),
        "public": ("optuna", "scikit-image", "scrapy", "sphinx", "twisted", "xarray"),
        "train": (
            "dask",
            "django",
            "jax",
            "matplotlib",
            "networkx",
            "numpy",
            "pandas",
            "scikit-learn",
            "scipy",
            "sqlalchemy",
            "statsmodels",
            "sympy",
            "transformers",
        ),
    }
)
SIZES: Mapping[str, int] = MappingProxyType({"private": 480, "public": 240, "train": 3000})


@dataclass(frozen=True, slots=True)
class Item:
    """One question with its answer, as the parts' files hold it."""

    id: str
    package: str
    name: str
    signature: str
    document: str
    summary: str


def items_of(package: str, rows: Iterable[Documented]) -> list[Item]:
    """Return the rows that make fair questions: those that do not tell their own answer."""
    return [
        Item(
            "s" + _digest(row.document).hex()[:12],
            package,
            row.name,
            row.signature,
            row.document,
            row.summary,
        )
        for row in rows
        if not tells_itself(row.summary, row.document)
    ]


def tells_itself(summary: str, document: str) -> bool:
    """Tell whether a description holds its summary, verbatim or nearly as one of its sentences."""
    if even(summary) in even(document):
        return True
    asked = frozenset(words_of(summary))
    sentences = document.replace("\n", ". ").split(". ")
    return any(jaccard(asked, frozenset(words_of(sentence))) >= ECHO for sentence in sentences)


def divide(
    items: Iterable[Item],
    packages: Mapping[str, Sequence[str]] = PACKAGES,
    sizes: Mapping[str, int] = SIZES,
) -> dict[str, list[Item]]:
    """Draw the parts.

    Args:
        items: Every item of every package.
        packages: Each part's packages, the most strictly examined part first.
        sizes: Each part's size; the last one takes what there is when it is less.

    Raises:
        CourseError: A package stands in two parts, or an examined part cannot be filled.
    """
    _require_disjoint(packages)
    part_of = {package: part for part, names in packages.items() for package in names}
    rank = {part: place for place, part in enumerate(packages)}
    pool = sorted(
        (item for item in items if item.package in part_of),
        key=lambda item: (rank[part_of[item.package]], _order(item)),
    )
    last = list(packages)[-1]
    unique = _without_repetition(pool)
    told = "\n".join(even(item.document) for item in unique)
    parts: dict[str, list[Item]] = {}
    for part, names in packages.items():
        fitting = [
            item
            for item in unique
            # What another item's description says verbatim would stand in students' files.
            if item.package in names and (part == last or even(item.summary) not in told)
        ]
        chosen = _draw(fitting, sizes[part])
        if len(chosen) < sizes[part] and part != last:
            raise CourseError(
                f"{len(chosen)} items are too few, {sizes[part]} are needed", where=part
            )
        # By id, that is by a hash: neither packages nor objects stand in runs.
        parts[part] = sorted(chosen, key=lambda item: item.id)
    return parts


def mixed(items: Iterable[Item]) -> list[Item]:
    """Return examined items in the one order in which everybody answers them."""
    return sorted(items, key=lambda item: _digest(f"{_SALT}/test/{item.id}"))


def _without_repetition(pool: Sequence[Item]) -> list[Item]:
    """Return the items of which none repeats an earlier one's summary, nor nearly its document."""
    again = {later for _, later in pairs_alike([item.document for item in pool])}
    kept: list[Item] = []
    summaries: set[str] = set()
    for at, item in enumerate(pool):
        summary = even(item.summary)
        if at not in again and summary not in summaries:
            summaries.add(summary)
            kept.append(item)
    return kept


def _draw(items: Sequence[Item], size: int) -> list[Item]:
    """Take items from the packages in turn: none weighs more than a fair share can explain."""
    turns: dict[str, int] = {}
    numbered: list[tuple[int, int, Item]] = []
    for at, item in enumerate(items):
        turn = turns[item.package] = turns.get(item.package, 0) + 1
        numbered.append((turn, at, item))
    numbered.sort(key=lambda entry: entry[:2])
    return [item for _, _, item in numbered[:size]]


def _require_disjoint(packages: Mapping[str, Sequence[str]]) -> None:
    every = [package for names in packages.values() for package in names]
    twice = sorted({package for package in every if every.count(package) > 1})
    if twice:
        raise CourseError(
            f"a package stands in two parts: {', '.join(twice)}",
            where="PACKAGES",
            todo="Parts are told apart by package; leave it in one",
        )


def _order(item: Item) -> bytes:
    return _digest(f"{_SALT}/{item.package}/{item.id}")


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
