"""Examples for the code. The hidden tests ask for more, on inputs of their own."""

from __future__ import annotations

import pytest


@pytest.mark.points("1", key="hw2a.open.encode", part="submission")
def test_only_the_summary_and_the_end_are_learned(student, case, row):
    made = case.shaped(student.drive("tiny", "encode", [row], 128), [{"labels": [int]}])[0]
    wanted = [token for token in made["labels"] if token >= 0]
    case.require(
        wanted[-1:] == [student.drive("tiny", "specials")["eos"]], "hw2a.encode.eos_untrained"
    )
    (text,) = student.drive("tiny", "decoded", [wanted[:-1]])
    case.require(text.strip() == row["summary"], "hw2a.open.encode.failed")


@pytest.mark.points("1", key="hw2a.open.padding", part="rerun")
def test_a_batch_answers_like_its_rows_alone(student, case, row):
    other = {**row, "name": "tie", "document": "Two ends make a knot."}
    both = student.drive("tiny", "summarize", [row, other], 2, 7)
    each = [student.drive("tiny", "summarize", [one], 1, 7)["answers"][0] for one in (row, other)]
    case.require(
        not any(line[-1] == 0 for m in both["masks"] for line in m), "hw2a.rerun.right_padding"
    )
    case.require(both["answers"] == each, "hw2a.rerun.batch_changes")


@pytest.mark.points("1", key="hw2a.open.one_line", part="rerun")
def test_an_answer_loses_all_but_its_first_line(student, case):
    told = student.call("generation:one_line", " Open  a knot.\nSummary: Open it again.")
    case.require(told == "Open a knot.", "hw2a.one_line.not_cut")


@pytest.mark.points("1", key="hw2a.open.rouge", part="ablations")
def test_rouge_of_two_short_lines(student, case):
    value = case.shaped(
        student.call("evaluation:rouge_l", "Open the knot", "open a tight knot"), float
    )
    case.require(abs(value - 4 / 7) < 1e-6, "hw2a.open.rouge.failed")


@pytest.mark.points("1", key="hw2a.open.bootstrap", part="ablations")
def test_a_steady_gain_has_a_narrow_interval(student, case):
    theirs = [k / 50 for k in range(50)]
    ours = [k / 50 + (0.125 if k % 2 else 0.25) for k in range(50)]
    wanted = dict.fromkeys(("difference", "low", "high"), float)
    told = case.shaped(
        student.call("evaluation:paired_bootstrap", ours, theirs, 0.95, 500, 0), wanted
    )
    case.require(abs(told["difference"] - 0.1875) < 1e-6, "hw2a.bootstrap.difference")
    case.require(0.15 < told["low"] < told["high"] < 0.23, "hw2a.bootstrap.not_paired")


@pytest.mark.points("1", key="hw2a.open.split", part="ablations")
def test_a_package_stays_on_one_side(student, case, row):
    given = [{**row, "id": f"a{k}", "package": f"p{k % 4}"} for k in range(40)]
    halves = case.shaped(
        student.call("data:split", given, 0.25, 1),
        {"train": [{"package": str}], "validation": [{"package": str}]},
    )
    held_out = len(halves["validation"]) / len(given)
    case.require(0 < held_out < 1, "hw2a.split.share", share=held_out)
    here, there = ({one["package"] for one in halves[side]} for side in ("train", "validation"))
    case.require(not here & there, "hw2a.split.package_crosses", n=len(here & there))
