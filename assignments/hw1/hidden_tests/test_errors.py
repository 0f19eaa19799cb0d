"""Part "errors": the analysis functions, and the structure of the error table."""

from __future__ import annotations

import math
from collections import Counter

import pytest

FEWEST = 50
GROUP = {"category": str, "count": int, "share": float}
COLUMNS = ("id", "headline", "gold", "predicted", "category", "category_second_annotator", "note")


def _kappa(first, second):
    """Return Cohen's κ (Cohen 1960); 1 when both annotators always use one same category."""
    n = len(first)
    agreed = sum(a == b for a, b in zip(first, second, strict=True)) / n
    left, right = Counter(first), Counter(second)
    chance = sum(left[name] * right[name] for name in left) / n**2
    return 1.0 if chance == 1 else (agreed - chance) / (1 - chance)


@pytest.mark.points("0.10", key="hw1.errors.error_rows", part="errors")
def test_error_rows_come_most_confident_first_with_ties_by_id(case, ask, rng, invent):
    rows, predictions, scores = [], {}, {}
    for number, text in zip(rng.sample(range(100, 999), 30), invent(30), strict=True):
        name, label = f"e{number}", rng.randint(0, 1)
        rows.append({"id": name, "headline": text, "label": label})
        predictions[name] = label if rng.random() < 0.4 else 1 - label
        scores[name] = rng.choice((0.5, 0.625, 0.75, 0.875))
    got = ask([{"id": str}], "analysis:error_rows", rows, predictions, scores)
    names = [row["id"] for row in got]
    wrong = {row["id"] for row in rows if predictions[row["id"]] != row["label"]}
    case.require(set(names) <= wrong, "hw1.errors.right_answers_listed")
    case.require(set(names) == wrong and len(names) == len(wrong), "hw1.errors.errors_missing")
    confidence = [scores[name] for name in names]
    case.require(confidence == sorted(confidence, reverse=True), "hw1.errors.not_by_confidence")
    expected = sorted(wrong, key=lambda name: (-scores[name], name))
    case.require(names == expected, "hw1.errors.ties_not_by_id")
    case.require(ask([{"id": str}], "analysis:error_rows", [], {}, {}) == [], "hw1.errors.no_rows")


@pytest.mark.points("0.05", key="hw1.errors.cohen_kappa", part="errors")
def test_kappa_corrects_for_chance(case, ask, rng):
    names = ["irony", "имя", "quote"]
    for _ in range(3):
        first = rng.choices(names, weights=(8, 2, 1), k=40)
        second = [a if rng.random() < 0.7 else rng.choice(names) for a in first]
        got = ask(float, "analysis:cohen_kappa", first, second)
        agreed = sum(a == b for a, b in zip(first, second, strict=True)) / len(first)
        case.require(abs(got - agreed) > 1e-9 or agreed == 1.0, "hw1.errors.kappa_without_chance")
        uniform = (agreed - 1 / 3) / (1 - 1 / 3)
        case.require(abs(got - uniform) > 1e-9, "hw1.errors.kappa_uniform_chance")
        case.require(abs(got - _kappa(first, second)) < 1e-9, "hw1.errors.kappa_wrong")
    opposite = ask(float, "analysis:cohen_kappa", ["a", "b"] * 5, ["b", "a"] * 5)
    case.require(abs(opposite + 1) < 1e-9, "hw1.errors.kappa_wrong")
    one = ask(float, "analysis:cohen_kappa", ["a"] * 6, ["a"] * 6)
    case.require(one == 1.0, "hw1.errors.kappa_one_category")


@pytest.mark.points("0.05", key="hw1.errors.taxonomy", part="errors")
def test_the_taxonomy_counts_every_category_once(case, ask, rng):
    counts = dict(zip(("irony", "имя собственное", "quote", "домен"), (9, 5, 5, 1), strict=True))
    rows = [{"id": f"{name}{i}", "category": name} for name, n in counts.items() for i in range(n)]
    rng.shuffle(rows)
    got = ask([GROUP], "analysis:taxonomy", rows)
    found = {row["category"]: row["count"] for row in got}
    case.require(found == counts and len(got) == len(counts), "hw1.errors.taxonomy_counts")
    shares = {row["category"]: row["share"] for row in got}
    case.require(
        all(abs(shares[name] - counts[name] / 20) < 1e-6 for name in counts),
        "hw1.errors.taxonomy_shares",
    )
    order = [row["count"] for row in got]
    case.require(order == sorted(order, reverse=True), "hw1.errors.taxonomy_order")
    case.require(ask([GROUP], "analysis:taxonomy", []) == [], "hw1.errors.no_rows")


@pytest.fixture
def table(submission, case):
    """Return the rows of errors.csv, with its columns checked."""
    rows = submission.csv("errors.csv")
    missing = [name for name in COLUMNS if not rows or name not in rows[0]]
    case.require(bool(rows), "hw1.errors.table_empty")
    case.require(not missing, "hw1.errors.columns_missing", names=", ".join(missing))
    return rows


@pytest.mark.points("0.15", key="hw1.errors.table_rows", part="errors")
def test_the_table_has_fifty_rows(case, table, public, answers):
    # A model that makes fewer mistakes than that has only those to show.
    made = sum(answers.get(name) != item["label"] for name, item in public.items())
    needed = min(FEWEST, made)
    different = {row["id"] for row in table}
    case.require(len(different) == len(table), "hw1.errors.rows_repeated")
    case.require(len(table) >= needed, "hw1.errors.too_few_rows", n=len(table), needed=needed)


@pytest.mark.points("0.15", key="hw1.errors.table_real", part="errors")
def test_every_row_is_a_real_error(case, table, public, answers):
    right = 0
    message, where = "", ""
    for row in table:
        item = public.get(row["id"])
        if item is None:
            problem = "hw1.errors.row_unknown"
        elif row["gold"].strip() != str(item["label"]):
            problem = "hw1.errors.row_gold"
        elif row["predicted"].strip() != str(answers.get(row["id"])):
            problem = "hw1.errors.row_predicted"
        elif row["gold"].strip() == row["predicted"].strip():
            problem = "hw1.errors.row_no_error"
        elif " ".join(row["headline"].split()) != " ".join(item["headline"].split()):
            problem = "hw1.errors.row_headline"
        else:
            right += 1
            continue
        message, where = message or problem, where or row["id"]
    case.require(right == len(table), message, id=where, n=len(table) - right)


@pytest.mark.points("0.10", key="hw1.errors.table_categories", part="errors")
def test_the_categories_divide_the_errors(case, table):
    names = [row["category"].strip().casefold() for row in table]
    case.require(all(names), "hw1.errors.category_empty", n=sum(not name for name in names))
    counts = Counter(names)
    case.require(len(counts) >= 3, "hw1.errors.few_categories", n=len(counts))
    largest, size = counts.most_common(1)[0]
    case.require(size <= 0.8 * len(names), "hw1.errors.one_category", name=largest)
    singles = sum(count == 1 for count in counts.values())
    case.require(singles <= len(names) / 3, "hw1.errors.category_per_row", n=len(counts))
    case.fact("error_categories", dict(sorted(counts.items())))


@pytest.mark.points("0.10", key="hw1.errors.table_annotators", part="errors")
def test_two_annotators_agree_beyond_chance(case, table):
    first = [row["category"].strip().casefold() for row in table]
    second = [row["category_second_annotator"].strip().casefold() for row in table]
    empty = sum(not name for name in second)
    case.require(empty == 0, "hw1.errors.second_annotator_missing", n=empty)
    kappa = _kappa(first, second)
    case.fact("kappa", f"{kappa:.3f}")
    case.require(kappa >= 0.2, "hw1.errors.kappa_low", kappa=kappa)
    if first == second:
        case.flag("hw1.errors.annotators_identical", n=len(first))


@pytest.mark.points("0.10", key="hw1.errors.fix", part="errors")
def test_the_fix_names_both_accuracies(case, claims):
    fix = claims.get("fix")
    case.require(isinstance(fix, dict), "hw1.errors.fix_missing")
    for name in ("before", "after"):
        value = fix.get(name)
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        fits = fits and math.isfinite(value) and 0 <= value <= 1
        case.require(fits, "hw1.errors.fix_number", name=name)
    case.require(fix["before"] != fix["after"], "hw1.errors.fix_changes_nothing")
    case.fact("fix", {name: f"{fix[name]:.4f}" for name in ("before", "after")})
