"""Part "quality": what the submitted adapter does on the base model, measured in the jail."""

from __future__ import annotations

from decimal import Decimal

import pytest


def _share(value):
    """Return a share of points as a Decimal between 0 and 1, to a thousandth."""
    return min(Decimal(1), max(Decimal(0), Decimal(f"{value:.3f}")))


@pytest.mark.points("0.50", key="hw1.quality.base", part="quality")
def test_the_base_model_is_reproduced(case, claimed, base_measured, statistics):
    gold, answers = base_measured["gold"], base_measured["answers"]
    found = statistics["accuracy"](gold, answers)
    case.fact("base_accuracy", f"{found:.4f}")
    half = statistics["half_width"](found, len(gold))
    claim = claimed("base_accuracy")
    case.require(abs(claim - found) <= half, "hw1.quality.base_differs", claimed=claim)


@pytest.mark.points("1.00", key="hw1.quality.hidden", part="quality")
def test_the_adapter_beats_the_base_on_hidden_headlines(case, measured, statistics, settings):
    gold, answers = measured["hidden_gold"], measured["hidden_answers"]
    found = statistics["accuracy"](gold, answers)
    low, high = statistics["interval"](statistics["accuracy"], gold, answers)
    case.fact("hidden_predictions", dict(zip(measured["hidden_ids"], answers, strict=True)))
    case.fact("hidden_accuracy", f"{found:.4f}")
    case.fact("hidden_accuracy_ci", [f"{low:.4f}", f"{high:.4f}"])
    case.fact("hidden_macro_f1", f"{statistics['macro_f1'](gold, answers):.4f}")
    _look_for_contamination(case, measured, statistics, settings, found)
    base, top = float(settings["base_accuracy"]), float(settings["reference_accuracy"])
    case.require(len(set(answers)) == 2, "hw1.quality.one_answer", answer=answers[0])
    case.require(found > base, "hw1.quality.no_better_than_base")
    case.earn(_share((found - base) / (top - base)))


def _look_for_contamination(case, measured, statistics, settings, accuracy):
    """Flag for a person what hidden items seen in training would look like; charge nothing.

    A model that has seen an item is surer of it than of the same item with two words swapped,
    which it cannot have seen. The gap on hidden items is held against the gap on public ones.
    """
    p = statistics["one_sided"](measured["hidden_gaps"], measured["public_gaps"])
    case.fact("contamination_p", f"{p:.4f}")
    if p < float(settings["contamination_p"]):
        case.flag("hw1.quality.contamination_loss", p=p)
    if accuracy > float(settings["suspicious_accuracy"]):
        case.flag("hw1.quality.contamination_accuracy", accuracy=accuracy)


@pytest.mark.points("0.50", key="hw1.quality.forgetting", part="quality")
def test_the_adapter_has_not_forgotten_plain_english(case, measured, base_measured, settings):
    base, adapted = base_measured["perplexity"], measured["perplexity"]
    case.fact("perplexity", {"base": f"{base:.3f}", "adapted": f"{adapted:.3f}"})
    case.require(not measured["is_zero"], "hw1.quality.adapter_is_zero")
    limit = float(settings["perplexity_ratio"])
    case.require(adapted <= limit * base, "hw1.quality.forgotten", ratio=adapted / base)
