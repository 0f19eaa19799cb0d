"""The files that you hand in beside the code: are they there, and of the right form?"""

from __future__ import annotations

import pytest

MEGABYTE = 1 << 20


@pytest.fixture
def lines(submission, case):
    """Return the rows of the file of answers."""
    both = submission.exists("submission.csv") and submission.exists("submission.jsonl")
    case.require(not both, "hw2a.submission.two_files")
    if submission.exists("submission.csv"):
        return submission.csv("submission.csv", ("answer", "id"))
    return submission.jsonl("submission.jsonl")


@pytest.mark.points("1", key="hw2a.open.ids", part="submission")
def test_each_test_item_has_one_answer(case, lines, bundle_rows):
    for place, line in enumerate(lines, start=1):
        fits = isinstance(line, dict) and sorted(line) == ["answer", "id"]
        case.require(fits, "hw2a.submission.row", line=place)
        texts = all(isinstance(value, str) for value in line.values())
        case.require(texts, "hw2a.submission.not_text", line=place)
    told, items = [line["id"] for line in lines], bundle_rows("test.jsonl")
    absent = sorted(items.keys() - set(told))
    case.require(not absent, "hw2a.submission.ids_missing", n=len(absent), id="".join(absent[:1]))
    case.require(len(told) == len(items), "hw2a.open.ids.failed")


@pytest.mark.points("1", key="hw2a.open.lines", part="submission")
def test_no_answer_is_empty_or_longer_than_a_line(case, lines):
    for line in lines:
        text = str(line.get("answer", ""))
        case.require(text.split(), "hw2a.submission.empty", id=str(line.get("id")))
        case.require(
            text.splitlines() == [text], "hw2a.submission.many_lines", id=str(line.get("id"))
        )


@pytest.mark.points("1", key="hw2a.open.adapter", part="rerun")
def test_the_adapter_is_there_and_not_too_large(submission, case):
    submission.json("adapter/adapter_config.json")
    size = len(submission.bytes("adapter/adapter_model.safetensors"))
    case.require(size <= 20 * MEGABYTE, "hw2a.open.adapter.failed")


@pytest.mark.points("1", key="hw2a.open.ablations", part="ablations")
def test_the_table_of_ablations_has_its_columns(submission, case, bundle_rows):
    whole = submission.json("ablations.json")
    keys = ("metric", "level", "items", "variants")
    absent = [key for key in keys if not isinstance(whole, dict) or key not in whole]
    case.require(not absent, "hw2a.table.keys", names=", ".join(absent))
    known = bundle_rows("train.jsonl")
    for item in case.shaped(whole["items"], [str]):
        case.require(item in known, "hw2a.table.unknown_item", id=item)
    columns = {"name": str, "change": str, "scores": [float], "answers": [str]}
    shown = case.shaped(whole["variants"], [columns])
    case.require(len(shown) >= 3, "hw2a.table.few_variants", needed=3)
    for one in shown:
        for key in ("ci", "difference_ci")[: 1 + (one.get("against") is not None)]:
            fits = isinstance(one.get(key), list)
            case.require(fits, "hw2a.table.no_ci", name=one["name"], list=key)
