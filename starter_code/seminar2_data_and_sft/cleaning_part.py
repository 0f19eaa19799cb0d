"""First part of the run: clean real documentation with planted faults, and measure each filter.

What is real has no labels. So recall and precision are measured on what was planted (faults and
their look-alikes), and what a filter says of untouched real rows is reported beside them, as a
count to look at and not as an error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .cleaning import Row, exact_dedup, mask_pii, normalize, quality_filter
from .near_duplicates import (
    BANDS,
    PERMUTATIONS,
    SHINGLE,
    jaccard,
    lsh_candidates,
    minhash,
    minhash_lsh,
    near_dedup,
    shingles,
)
from .planted import Planted, plant
from .splitting import contamination_ngrams, group_split

if TYPE_CHECKING:
    from .experiment import Report

THRESHOLD = 0.6  # Jaccard from which two documents are near-duplicates
NGRAM = 8  # words in a row that a clean training text does not share with the test set
VALIDATION = 0.1

Share = tuple[float, float, float]  # a share and the ends of its interval


def clean(report: Report, rows: Sequence[Row], test: Sequence[str], faults: int) -> dict[str, Any]:
    """Plant, clean, measure, split; return ``train`` and ``validation`` rows and the readings.

    Args:
        report: Gets the tables and figures.
        rows: Real rows with ``id``, ``package`` and ``text``.
        test: Texts that the model will be examined on.
        faults: How many faults of each kind are planted.
    """
    seed = report.setting.seed
    planted = plant(rows, test, faults, seed)
    funnel: list[list[Any]] = [["start", len(planted.rows), 0, ""]]

    def went(step: str, left: Sequence[Row], why: str) -> None:
        funnel.append([step, len(left), funnel[-1][1] - len(left), why])

    start = [{**row, "text": normalize(row["text"])} for row in planted.rows]
    changed = sum(a["text"] != b["text"] for a, b in zip(start, planted.rows, strict=True))
    went("normalize", start, f"{changed} texts changed")
    unique = exact_dedup(start)
    went("exact_dedup", unique, "the same text but for case and white space")
    distinct = near_dedup(unique, THRESHOLD, seed)
    went("near_dedup", distinct, f"Jaccard of {SHINGLE}-word shingles ≥ {THRESHOLD}")
    reasons = {row["id"]: quality_filter(row["text"]) for row in distinct}
    good = [row for row in distinct if not reasons[row["id"]]]
    said = Counter(reason for own in reasons.values() for reason in own)
    went("quality_filter", good, ", ".join(f"{k} {n}" for k, n in sorted(said.items())))
    shares = contamination_ngrams(test, [row["text"] for row in good], NGRAM)
    leaking = {row["id"] for row, share in zip(good, shares, strict=True) if share > 0}
    safe = [row for row in good if row["id"] not in leaking]
    went("contamination", safe, f"shares {NGRAM} words in a row with the test set")
    masked = [mask_pii(row["text"]) for row in safe]
    kinds: Counter[str] = sum((Counter(counts) for _, counts in masked), Counter())
    went("mask_pii", safe, "masked: " + ", ".join(f"{k} {n}" for k, n in sorted(kinds.items())))
    report.table("funnel", ["step", "rows left", "dropped", "why"], funnel, "What was dropped, why")
    final = [
        {**row, "text": text, "group": row["package"]}
        for row, (text, _) in zip(safe, masked, strict=True)
    ]
    lines = _measure(report, planted, start, test)
    parts = group_split(final, (), VALIDATION, seed)
    packages = {name: {row["group"] for row in part} for name, part in parts.items()}
    report.result("split", {name: len(part) for name, part in parts.items()})
    report.result("packages_on_both_sides", len(packages["train"] & packages["validation"]))
    return {**parts, "reading": lines}


def _measure(
    report: Report, planted: Planted, rows: Sequence[Row], test: Sequence[str]
) -> list[str]:
    """Measure every filter by itself on the normalized rows; return what to say of it."""
    seed = report.setting.seed
    ids = {row["id"] for row in rows}
    touched = planted.exact | planted.near.keys() | planted.pii.keys() | planted.junk.keys()
    touched |= planted.look_alikes | planted.leaked
    text = {row["id"]: row["text"] for row in rows}
    copies = ids - {row["id"] for row in exact_dedup(rows)}
    unique = [row for row in rows if row["id"] not in copies]
    near = {row["id"] for row in unique} - {r["id"] for r in near_dedup(unique, THRESHOLD, seed)}
    sets = {name: shingles(text[name], SHINGLE) for name in (*planted.near, *planted.near.values())}
    alike = {a: jaccard(sets[a], sets[b]) for a, b in planted.near.items()}
    same = {name for name, likeness in alike.items() if likeness >= THRESHOLD}
    pii = {row["id"] for row in rows if any(mask_pii(row["text"])[1].values())}
    bad = {row["id"] for row in rows if quality_filter(row["text"])}
    shares = contamination_ngrams(test, [row["text"] for row in rows], NGRAM)
    leaked = {row["id"] for row, share in zip(rows, shares, strict=True) if share > 0}
    filters = {
        "exact_dedup": (copies, planted.exact, planted.near.keys()),
        "near_dedup": (near, same, planted.near.keys() - same),
        "mask_pii": (pii, planted.pii.keys(), planted.look_alikes),
        "quality_filter": (bad, planted.junk.keys(), planted.look_alikes | planted.leaked),
        "contamination": (leaked, planted.leaked, planted.look_alikes | planted.pii.keys()),
    }
    table, lines, shown = [], [], {}
    for name, (flagged, faults, harmless) in filters.items():
        hit, false = len(flagged & faults), len(flagged & harmless)
        recall, precision = _share(hit, len(faults)), _share(hit, hit + false)
        shown[name] = {"recall": recall, "precision": precision}
        real = len((flagged - touched) & ids)
        table.append(
            [name, len(faults), len(harmless), hit, false, _said(recall), _said(precision), real]
        )
        lines.append(f"{name}: recall {_said(recall)}, precision {_said(precision)}.")
    columns = ["filter", "faults", "look-alikes", "found", "false", "recall", "precision", "real"]
    report.table("filters", columns, table, "Filters on planted faults, and flagged real rows")
    report.result("filters", shown)
    _draw_filters(report, shown)
    return [*lines, _curve(report, rows, seed)]


def _curve(report: Report, rows: Sequence[Row], seed: int) -> str:
    """Hold MinHash and LSH against the exact Jaccard of all pairs; return what to say of it.

    All pairs by brute force, as one product of sparse matrices: the oracle that LSH spares us.
    """
    from scipy.sparse import csr_matrix

    sets = [shingles(row["text"], SHINGLE) for row in rows]
    index = {s: n for n, s in enumerate(sorted(set().union(*sets)))}
    where = [(i, index[s]) for i, own in enumerate(sets) for s in own]
    ones = csr_matrix((np.ones(len(where)), np.array(where).T), shape=(len(sets), len(index)))
    common = (ones @ ones.T).tocoo()
    sizes = np.array([len(own) for own in sets])
    upper = common.row < common.col
    one, other, both = common.row[upper], common.col[upper], common.data[upper]
    exact = both / (sizes[one] + sizes[other] - both)
    some = exact >= 0.05  # below, there are very many and none is ever found
    one, other, exact = one[some], other[some], exact[some]
    signatures = np.array([minhash(own, PERMUTATIONS, seed) for own in sets])  # N, P
    estimate = (signatures[one] == signatures[other]).mean(axis=1)
    candidates = set(lsh_candidates(signatures.tolist(), BANDS))
    found = np.array([(i, j) in candidates for i, j in zip(one, other, strict=True)])
    error = estimate - exact
    promised = np.sqrt(np.maximum(exact * (1 - exact), 1e-12) / PERMUTATIONS)
    pairs = len(rows) * (len(rows) - 1) // 2
    verified = set(minhash_lsh([row["text"] for row in rows], THRESHOLD, seed=seed))
    truth = {(int(i), int(j)) for i, j, s in zip(one, other, exact, strict=True) if s >= THRESHOLD}
    recall = _share(len(verified & truth), len(truth))
    report.result(
        "minhash",
        {
            "pairs": pairs,
            "compared": len(candidates),
            "above_threshold": len(truth),
            "recall": recall,
            "wrong": len(verified - truth),
            "mean_absolute_error": float(np.abs(error).mean()),
            "within_two_sigma": float((np.abs(error) <= 2 * promised + 1e-9).mean()),
        },
    )
    _draw_curve(report, exact, estimate, found)
    return (
        f"MinHash compared {len(candidates)} of {pairs} pairs and found "
        f"{len(verified & truth)} of the {len(truth)} pairs that brute force finds at Jaccard ≥ "
        f"{THRESHOLD}: recall {_said(recall)}, {len(verified - truth)} pairs too many."
    )


def _draw_curve(report: Report, exact: Any, estimate: Any, found: Any) -> None:
    rows = PERMUTATIONS // BANDS
    with report.figure("minhash", "MinHash estimate against exact Jaccard") as (_, axes):
        axes.plot([0, 1], [0, 1], color="#797979", linewidth=1, label="exact")
        axes.scatter(exact, estimate, s=8, alpha=0.5, label=f"{PERMUTATIONS} permutations")
        axes.set_xlabel("exact Jaccard of 3-word shingles")
        axes.set_ylabel("share of equal minima")
        axes.legend()
    grid = np.linspace(0, 1, 200)
    edges = np.linspace(0.05, 1.0001, 20)
    with report.figure("lsh", "How likely a pair becomes a candidate") as (_, axes):
        axes.plot(grid, 1 - (1 - grid**rows) ** BANDS, label=f"1 − (1 − s^{rows})^{BANDS}")
        place = np.digitize(exact, edges)
        points = [
            (exact[place == k].mean(), found[place == k].mean(), (place == k).sum())
            for k in range(1, len(edges))
            if (place == k).any()
        ]
        x, y, n = np.array(points).T
        axes.scatter(x, y, s=12 + 12 * np.log2(n), color="#c96a1b", label="measured (area: pairs)")
        axes.axvline(THRESHOLD, color="#797979", linestyle="--", linewidth=1, label="threshold")
        axes.set_xlabel("exact Jaccard s")
        axes.set_ylabel("share of pairs compared")
        axes.legend()


def _draw_filters(report: Report, shown: dict[str, dict[str, Share | None]]) -> None:
    with report.figure("filters", "Filters on planted faults, 95 % intervals") as (whole, axes):
        for shift, label in ((-0.1, "recall"), (0.1, "precision")):
            measured = [(at, own[label]) for at, own in enumerate(shown.values())]
            at, values = zip(*((x + shift, s) for x, s in measured if s is not None), strict=True)
            middle, low, high = np.array(values).T
            ends = np.maximum([middle - low, high - middle], 0)  # rounding
            axes.errorbar(at, middle, ends, fmt="o", capsize=4, label=label)
        axes.set_xticks(range(len(shown)), list(shown))
        axes.set_ylabel("share")
        axes.set_ylim(top=1.02)
        whole.legend(loc="outside lower center", ncols=2)


def _share(hits: int, of: int) -> Share | None:
    """Return a share with its 95 % Wilson interval (Wilson 1927), or None of nothing."""
    if not of:
        return None
    z, p = 1.959964, hits / of
    middle, width = p + z * z / (2 * of), z * np.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    scale = 1 + z * z / of
    return p, max(0.0, float((middle - width) / scale)), min(1.0, float((middle + width) / scale))


def _said(share: Share | None) -> str:
    return "not measured" if share is None else f"{share[0]:.2f} [{share[1]:.2f}, {share[2]:.2f}]"
