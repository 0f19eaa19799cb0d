"""The files that you hand in beside the code: are they there, and of the right form?"""

from __future__ import annotations

import pytest

CLAIMS = ("n", "accuracy", "macro_f1", "base_accuracy", "fix")
NAMES = ("id", "headline", "gold", "predicted", "category", "category_second_annotator", "note")
MEGABYTE = 1 << 20


@pytest.mark.points("1", key="hw1.open.predictions", part="honesty")
def test_there_is_one_prediction_for_each_public_headline(submission, case, open_items):
    lines = submission.jsonl("predictions.jsonl")
    for place, line in enumerate(lines, start=1):
        fits = isinstance(line, dict) and sorted(line) == ["answer", "id"]
        case.require(fits, "hw1.predictions.row", line=place)
        case.require(line["answer"] in (0, 1), "hw1.predictions.answer", id=str(line["id"]))
    told = [line["id"] for line in lines]
    lost = sorted(set(open_items) - set(told))
    case.require(not lost, "hw1.honesty.ids_missing", n=len(lost), id="".join(lost[:1]))
    case.require(len(told) == len(open_items), "hw1.open.predictions.failed")


@pytest.mark.points("1", key="hw1.open.claims", part="honesty")
def test_the_claims_are_complete(submission, case):
    told = submission.json("claims.json")
    case.require(type(told) is dict, "hw1.claims.not_object")
    for wanted in CLAIMS:
        case.require(wanted in told, "hw1.claims.missing", name=wanted)


@pytest.mark.points("1", key="hw1.open.table", part="errors")
def test_the_table_of_errors_has_its_columns(submission, case):
    submission.csv("errors.csv", NAMES)


@pytest.mark.points("1", key="hw1.open.adapter", part="quality")
def test_the_adapter_and_its_task_are_there(submission, case):
    size = len(submission.bytes("adapter/adapter_model.safetensors"))
    case.require(size <= 20 * MEGABYTE, "hw1.open.adapter.failed")
    submission.json("adapter/adapter_config.json")
    about = submission.json("adapter/task.json")
    complete = type(about) is dict and {"template", "labels"}.issubset(about)
    case.require(complete, "hw1.quality.task_keys")
    case.require(str(about["template"]).count("{headline}") == 1, "hw1.quality.task_template")
