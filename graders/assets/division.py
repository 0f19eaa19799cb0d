"""How the sarcasm data are divided: the staff's part of the room, absent from students' wheels.

The division is a pure function of the pinned file: rows are ordered by hashes, so no platform and
no random generator has a say in it. Headlines that nearly repeat one another never stand in
different parts.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from graders.core.errors import CourseError

NEAR = 0.6  # Jaccard of word sets from which two headlines count as one
_SALT = "zachetka/sarcasm/1"


@dataclass(frozen=True, slots=True)
class Row:
    """One headline; `label` is 1 for sarcasm."""

    id: str
    headline: str
    label: int


def read_samples(path: Path) -> list[Row]:
    """Return the unique headlines of a file of samples, ordered by id.

    Raises:
        OSError: The file cannot be read.
    """
    rows: dict[str, Row] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        sample = json.loads(line)
        headline = sample["input"][-1]["content"]
        name = "h" + hashlib.sha256(headline.encode()).hexdigest()[:12]
        rows[name] = Row(name, headline, int(sample["ideal"]))
    return [rows[name] for name in sorted(rows)]


def divide(rows: Sequence[Row], sizes: Mapping[str, int]) -> dict[str, list[Row]]:
    """Draw parts without replacement, with the labels' shares of the whole in each.

    Headlines that have a near-duplicate go to the last part or nowhere, so that no two alike
    stand in different parts.

    Args:
        rows: All rows.
        sizes: The parts' sizes, in the order of drawing.

    Raises:
        CourseError: There are too few rows.
    """
    alike = near_duplicates([row.headline for row in rows])
    order = sorted(
        range(len(rows)),
        key=lambda at: hashlib.sha256(f"{_SALT}/{rows[at].id}".encode()).digest(),
    )
    share = sum(row.label for row in rows) / max(1, len(rows))
    last = list(sizes)[-1]
    parts: dict[str, list[Row]] = {}
    used: set[int] = set()
    for name, size in sizes.items():
        ones = math.floor(size * share + 0.5)
        chosen: list[int] = []
        for label, count in ((1, ones), (0, size - ones)):
            fitting = (
                at
                for at in order
                if rows[at].label == label and at not in used and (name == last or at not in alike)
            )
            chosen += [at for at, _ in zip(fitting, range(count), strict=False)]
        if len(chosen) < size:
            raise CourseError(f"{len(rows)} rows are too few for the part", where=name)
        used.update(chosen)
        # By id, that is by a hash: no run of equal labels.
        parts[name] = sorted((rows[at] for at in chosen), key=lambda row: row.id)
    return parts


def near_duplicates(texts: Sequence[str]) -> set[int]:
    """Return the places of texts that have a near-duplicate among the others.

    Two texts are near-duplicates when the Jaccard similarity of their sets of words is at least
    `NEAR`. Exact, by prefix filtering (Chaudhuri, Ganti and Kaushik 2006): with words ordered
    from rare to frequent, two sets that are similar enough share a word of their prefixes.
    """
    sets = [frozenset(text.casefold().split()) for text in texts]
    frequency = Counter(word for words in sets for word in words)
    seen: defaultdict[str, list[int]] = defaultdict(list)
    found: set[int] = set()
    for at, words in enumerate(sets):
        ranked = sorted(words, key=lambda word: (frequency[word], word))
        prefix = ranked[: len(ranked) - math.ceil(NEAR * len(ranked)) + 1]
        for other in {place for word in prefix for place in seen[word]}:
            common = len(words & sets[other])
            if common >= NEAR * (len(words) + len(sets[other]) - common):
                found |= {at, other}
        for word in prefix:
            seen[word].append(at)
    return found
