"""Part "rerun": the code that was handed in gives the answers that were handed in."""

from __future__ import annotations

from decimal import Decimal

import pytest

SEEDS = (11, 12)
TOLD = {"answers": [str], "shapes": [[int]], "masks": [[[int]]], "first": [int]}


@pytest.fixture
def run_tiny(student, case):
    """Return a function that lets the student's `summarize` run a tiny model."""

    def run(rows, batch_size, model_seed):
        told = student.drive("tiny", "summarize", rows, batch_size, model_seed)
        found = case.shaped(told, TOLD, "summarize")
        case.require(len(found["answers"]) == len(rows), "hw2a.rerun.count", n=len(rows))
        case.require(all(found["shapes"]) and found["shapes"], "hw2a.rerun.model_ignored")
        return found

    return run


def _plain(text):
    return " ".join(text.split()).casefold()


@pytest.mark.points("0.90", key="hw2a.rerun.same", part="rerun")
def test_the_code_and_the_adapter_give_the_submitted_answers(case, rerun, answers, settings):
    names, own, bare = rerun["names"], rerun["answers"], rerun["bare"]
    case.fact("rerun_answers", dict(zip(names, own, strict=True)))
    ignored = [_plain(text) for text in bare] == [_plain(text) for text in own[: len(bare)]]
    case.require(not ignored, "hw2a.rerun.model_ignored")
    same = sum(
        _plain(answers.get(name, "")) == _plain(text) for name, text in zip(names, own, strict=True)
    )
    share = same / len(names)
    case.fact("rerun_equal", f"{share:.4f}")
    nothing, everything = float(settings["rerun_nothing"]), float(settings["rerun_everything"])
    earned = min(1.0, max(0.0, (share - nothing) / (everything - nothing)))
    case.earn(Decimal(f"{earned:.3f}"))
    case.require(earned > 0, "hw2a.rerun.other_answers", n=same, total=len(names))
    case.require(earned == 1, "hw2a.rerun.some_differ", n=same, total=len(names))


@pytest.mark.points("0.15", key="hw2a.rerun.one_line", part="rerun")
def test_an_answer_is_the_first_line_that_holds_something(case, ask, rng, invent):
    text = invent([5])[0]["summary"]
    for end in ("\n", "\r\n", "\x0b", "\u2028"):
        got = ask(str, "generation:one_line", f" {text}{end}{text} again{end}")
        case.require(got == text, "hw2a.one_line.not_cut")
    got = ask(str, "generation:one_line", f"\n \t\n{text}\nmore")
    case.require(got == text, "hw2a.one_line.blank_first")
    got = ask(str, "generation:one_line", "  " + text.replace(" ", "\t \u00a0"))
    case.require(got == text, "hw2a.one_line.spaces")
    for nothing in ("", " \n\t\n "):
        got = ask(str, "generation:one_line", nothing)
        case.require(got.strip() and "\n" not in got, "hw2a.one_line.empty")


@pytest.mark.points("0.25", key="hw2a.rerun.padding", part="rerun")
def test_an_answer_does_not_depend_on_the_rows_beside_it(case, run_tiny, invent):
    for model_seed in SEEDS:
        rows = invent([30, 8, 22, 15, 45, 11])
        single = [run_tiny([row], 1, model_seed)["answers"][0] for row in rows]
        found = run_tiny(rows, 3, model_seed)
        widest = max(shape[0] for shape in found["shapes"])
        case.require(widest > 1, "hw2a.rerun.not_batched")
        case.require(widest <= 3, "hw2a.rerun.batch_size_ignored", got=widest)
        case.require(found["masks"], "hw2a.rerun.no_mask")
        right = any(row[-1:] == [0] for mask in found["masks"] for row in mask)
        case.require(not right, "hw2a.rerun.right_padding")
        moved = sorted(found["answers"]) == sorted(single) and found["answers"] != single
        case.require(not moved, "hw2a.rerun.order_lost")
        case.require(found["answers"] == single, "hw2a.rerun.batch_changes")


@pytest.mark.points("0.20", key="hw2a.rerun.prompt", part="rerun")
def test_the_model_is_asked_what_it_was_trained_on(student, case, run_tiny, invent):
    for row in invent([12, 20, 28]):
        told = student.drive("tiny", "encode", [row], 128)
        (example,) = case.shaped(told, ({"input_ids": [int], "labels": [int]},), "encode_example")
        pairs = zip(example["input_ids"], example["labels"], strict=False)
        trained = [token for token, label in pairs if label == -100]
        asked = run_tiny([row], 1, SEEDS[0])["first"]
        case.require(asked[:1] != [1] or trained[:1] == [1], "hw2a.encode.bos_added")
        case.require(asked == trained, "hw2a.rerun.prompt_differs")
