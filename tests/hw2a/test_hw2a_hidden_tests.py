"""The reference passes HW2A's hidden tests in the real jail, whatever the seed."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from graders.core.records import CaseStatus, RunOutcome

HIDDEN = Path(__file__).resolve().parents[2] / "assignments" / "hw2a" / "hidden_tests"
KEYS = [
    key
    for path in sorted(HIDDEN.glob("test_*.py"))
    for key in re.findall(r'points\("[\d.]+", key="([\w.]+)"', path.read_text(encoding="utf-8"))
]
RERUN = "hw2a.rerun.same"
QUICK = [key for key in KEYS if key != RERUN]

pytestmark = [pytest.mark.slow, pytest.mark.model]


def statuses(report):
    return {case.key: (case.status, case.message) for case in report.cases}


def test_the_reference_passes_every_case_and_keeps_its_facts(tried):
    report = tried(KEYS)
    assert report.outcome is RunOutcome.COMPLETED
    assert statuses(report) == dict.fromkeys(KEYS, (CaseStatus.PASSED, "")), report.log
    assert len(report.facts["rerun_answers"]) == 24
    assert report.facts["rerun_equal"] == "1.0000"
    assert report.facts["answers"] == 720


def test_other_seeds_ask_the_same_of_the_reference(tried):
    report = tried(QUICK, 2**62 + 1)
    assert statuses(report) == dict.fromkeys(QUICK, (CaseStatus.PASSED, "")), report.log


def test_a_csv_is_as_good_as_json_lines(tried):
    import csv
    import json

    def rewrite(files):
        source = files / "submission.jsonl"
        rows = [json.loads(line) for line in source.read_text("utf-8").splitlines()]
        with (files / "submission.csv").open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, ["id", "answer"])
            writer.writeheader()
            writer.writerows(rows)
        source.unlink()

    keys = ["hw2a.submission.ids", "hw2a.submission.lines", "hw2a.submission.beats_lead"]
    assert statuses(tried(keys, edit=rewrite)) == dict.fromkeys(keys, (CaseStatus.PASSED, ""))


def test_a_missing_adapter_costs_the_rerun_alone(tried):
    keys = [RERUN, "hw2a.rerun.padding", "hw2a.submission.ids"]
    found = statuses(tried(keys, edit=lambda files: shutil.rmtree(files / "adapter")))
    assert found.pop(RERUN)[0] is CaseStatus.FAILED
    assert set(found.values()) == {(CaseStatus.PASSED, "")}
