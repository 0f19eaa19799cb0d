"""The reference passes HW1's hidden tests in the real jail, whatever the seed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from graders.core.records import CaseStatus, RunOutcome

HIDDEN = Path(__file__).resolve().parents[2] / "assignments" / "hw1" / "hidden_tests"
KEYS = {
    path.stem: re.findall(r'points\("[\d.]+", key="([\w.]+)"', path.read_text(encoding="utf-8"))
    for path in HIDDEN.glob("test_*.py")
}
CODE = [
    key
    for stem in ("test_data", "test_training", "test_evaluation", "test_errors")
    for key in KEYS[stem]
]
MEASURED = [*KEYS["test_quality"], *KEYS["test_honesty"]]

pytestmark = [pytest.mark.slow, pytest.mark.model]


def statuses(report):
    return {case.key: (case.status, case.message) for case in report.cases}


@pytest.mark.parametrize("seed", [3, 2**62 + 1])
def test_the_reference_passes_every_case_that_measures_no_adapter(tried, seed):
    report = tried(CODE, seed)
    assert report.outcome is RunOutcome.COMPLETED
    assert statuses(report) == dict.fromkeys(CODE, (CaseStatus.PASSED, "")), report.log


def test_the_reference_earns_all_that_is_measured_and_keeps_its_facts(tried):
    report = tried(MEASURED)
    assert statuses(report) == dict.fromkeys(MEASURED, (CaseStatus.PASSED, "")), report.log
    assert not report.flags
    assert len(report.facts["hidden_predictions"]) == 1000
    assert set(report.facts["hidden_predictions"].values()) == {0, 1}


def test_claims_are_held_against_the_measurement_of_the_same_adapter(tried):
    def inflate(files):
        path = files / "claims.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"accuracy": 0.99}))

    report = tried(KEYS["test_honesty"], edit=inflate)
    assert statuses(report)["hw1.honesty.accuracy"] == (CaseStatus.FAILED, "hw1.honesty.claim_far")
    assert statuses(report)["hw1.honesty.macro_f1"] == (CaseStatus.PASSED, "")


def test_a_missing_adapter_costs_what_it_measures_and_not_the_base_model(tried):
    report = tried(
        MEASURED, edit=lambda files: (files / "adapter" / "adapter_model.safetensors").unlink()
    )
    found = statuses(report)
    assert found.pop("hw1.quality.base") == (CaseStatus.PASSED, "")
    assert set(found.values()) == {(CaseStatus.FAILED, "hw1.quality.adapter_missing")}
