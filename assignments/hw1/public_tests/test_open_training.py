"""Examples for `training.py`."""

from __future__ import annotations

import math

import pytest

HEADLINE = "local man still waiting for the kettle to boil"


@pytest.mark.points("1", key="hw1.open.encode", part="training")
def test_the_answer_and_the_end_are_learned_and_the_prompt_is_not(student, case):
    said_by = student.drive("tiny", "label_words")
    end = student.drive("tiny", "specials")["eos"]
    for label, example in enumerate(
        student.drive("tiny", "encode", [[HEADLINE, 0], [HEADLINE, 1]], 128)
    ):
        learned = [token for token in example["labels"] if token != -100]
        case.require(learned[-1:] == [end], "hw1.training.eos_untrained")
        case.require(len(learned) == 2, "hw1.training.prompt_trained", n=len(learned))
        said = student.drive("tiny", "decoded", [learned[:1]])[0]
        case.require(said == said_by[label], "hw1.training.labels_swapped")


@pytest.mark.points("1", key="hw1.open.collate", part="training")
def test_a_short_example_is_padded_on_the_right(student, case):
    long = {"input_ids": [5, 6, 7, 2], "labels": [-100, -100, 7, 2]}
    short = {"input_ids": [8, 2], "labels": [8, 2]}
    made = student.drive("tiny", "collate", [long, short], 2)["rows"]
    case.require(made["input_ids"] == [[5, 6, 7, 2], [8, 2, 2, 2]], "hw1.training.collate_ids")
    case.require(
        made["attention_mask"] == [[1, 1, 1, 1], [1, 1, 0, 0]], "hw1.training.collate_mask"
    )
    case.require(made["labels"][1] == [8, 2, -100, -100], "hw1.training.collate_labels")


@pytest.mark.points("1", key="hw1.open.loss", part="training")
def test_even_logits_lose_the_logarithm_of_the_vocabulary(student, case):
    even = [[[0.0] * 5] * 4] * 2
    total, count = student.drive("tiny", "loss", even, [[-100, 1, 2, 3], [-100, -100, -100, 4]])
    case.require(count == 4, "hw1.training.count_wrong", got=count)
    case.require(math.isclose(total, 4 * math.log(5), rel_tol=1e-4), "hw1.training.loss_value")
