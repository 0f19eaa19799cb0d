"""Part "honesty": what was claimed against what the submitted adapter really does."""

from __future__ import annotations

from decimal import Decimal

import pytest


def _believed(case, name, claim, found, half, nothing):
    """Earn everything inside the interval, and less and less down to zero `nothing` away."""
    distance = abs(claim - found)
    if distance <= half:
        return
    share = max(Decimal(0), Decimal(f"{(nothing - distance) / (nothing - half):.3f}"))
    case.earn(share)
    key = "hw1.honesty.claim_off" if share else "hw1.honesty.claim_far"
    case.fail(key, name=name, claimed=claim)


@pytest.mark.points("0.50", key="hw1.honesty.accuracy", part="honesty")
def test_the_claimed_accuracy_is_measured_again(
    case, claims, claimed, measured, statistics, settings
):
    gold, answers = measured["public_gold"], measured["public_answers"]
    case.require(claims.get("n") == len(gold), "hw1.honesty.claim_n", n=len(gold))
    found = statistics["accuracy"](gold, answers)
    case.fact("public_accuracy", f"{found:.4f}")
    half = statistics["half_width"](found, len(gold))
    nothing = float(settings["honesty_zero"])
    _believed(case, "accuracy", claimed("accuracy"), found, half, nothing)


@pytest.mark.points("0.25", key="hw1.honesty.macro_f1", part="honesty")
def test_the_claimed_f1_is_measured_again(case, claimed, measured, statistics, settings):
    gold, answers = measured["public_gold"], measured["public_answers"]
    found = statistics["macro_f1"](gold, answers)
    case.fact("public_macro_f1", f"{found:.4f}")
    low, high = statistics["interval"](statistics["macro_f1"], gold, answers)
    nothing = float(settings["honesty_zero"])
    _believed(case, "macro_f1", claimed("macro_f1"), found, (high - low) / 2, nothing)


@pytest.mark.points("0.25", key="hw1.honesty.predictions", part="honesty")
def test_the_predictions_are_the_adapters_own(case, answers, measured, public, settings):
    missing = [name for name in public if name not in answers]
    case.require(not missing, "hw1.honesty.ids_missing", n=len(missing), id=(missing or [""])[0])
    extra = [name for name in answers if name not in public]
    case.require(not extra, "hw1.honesty.ids_unknown", n=len(extra), id=(extra or [""])[0])
    own = dict(zip(public, measured["public_answers"], strict=True))
    different = sum(answers[name] != own[name] for name in public)
    allowed = int(float(settings["prediction_tolerance"]) * len(public))
    case.require(
        different <= allowed, "hw1.honesty.predictions_differ", n=different, allowed=allowed
    )
