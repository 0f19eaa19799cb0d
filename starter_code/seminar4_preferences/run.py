"""The seminar's experiment: preferences formed, over-optimized and mended; refusals counted.

    python -m reference.seminar4_preferences.run --out DIR --model DIR \
        --data summaries=DIR --data safety=DIR

Conclusions are drawn from intervals by the code below, not written beforehand.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from .common import load_model, seed_everything
from .experiment import Report, setting
from .data import read_rows
from .run_safety import GUARD, GUARDED, PROMPTS, attacks, chat, harmful, interview
from .run_training import (
    DPO_WEIGHTS,
    FIXED,
    MENDED,
    ODDS,
    ORPO,
    OVER,
    OVERDONE,
    RAW,
    SFT,
    TAUGHT,
    Lab,
    Trained,
    aftermath,
    divide,
    dpo_fixed,
    open_lab,
    orpo,
    over_optimize,
    own_against_human,
    sft,
)
from .show_safety import read_safety, show_attacks, show_classifier, show_refusals
from .show_training import (
    read_training,
    show_aftermath,
    show_pairs,
    show_quality,
    show_robustness,
    show_steps,
)
from .training import pair_logps, restore, state_of


def main(argv: Sequence[str] | None = None) -> None:
    """Run the experiment."""
    asked = setting("Seminar 4: preferences and safety", argv)
    seed_everything(asked.seed)
    report = Report(4, "Preferences, over-optimization, refusals and red-teaming", asked)
    model, tokenizer = load_model(asked.model)
    rows = divide(read_rows(asked.data["summaries"] / "train.jsonl"), asked)
    lab = open_lab(asked, model, tokenizer, rows)
    report.budget(
        **{f"{name}_rows": len(getattr(rows, name)) for name in ("pairs", "sft", "check", "test")},
        **{f"{p.method}_lr_{p.lr:g}_steps": lab.plan(p).steps for p in (OVER, SFT, FIXED, ORPO)},
        harmful_prompts=asked.scaled(PROMPTS, 6),
    )
    started = time.perf_counter()
    trained = _training(report, lab)
    report.timing("training", time.perf_counter() - started, "s")
    started = time.perf_counter()
    _safety(report, lab, trained)
    report.timing("safety", time.perf_counter() - started, "s")
    report.finish()


# ---- training ------------------------------------------------------------------------------------


def _training(report: Report, lab: Lab) -> Mapping[str, Trained]:
    """Train in three ways and show what became of the model; return the trainings."""
    raw = state_of(lab.model)
    report.step("the raw model's own summaries, paired with people's")
    pairs = own_against_human(lab)
    report.step(f"  {RAW}: ROUGE-L {lab.test(RAW):.3f}")
    before = pair_logps(lab.model, lab.tokenizer, pairs.pairs)

    report.step("DPO from the raw model, overdone")
    trained = {OVERDONE: over_optimize(lab, pairs.pairs, before)}
    report.step(f"  {OVERDONE}: ROUGE-L {lab.test(OVERDONE):.3f}")
    after = {OVERDONE: aftermath(lab, pairs.pairs, before, DPO_WEIGHTS[OVERDONE])}

    report.step("ORPO from the raw model, on the same pairs")
    restore(lab.model, raw)
    trained[ODDS] = orpo(lab, pairs.pairs)
    report.step(f"  {ODDS}: ROUGE-L {lab.test(ODDS):.3f}")

    report.step("SFT, then DPO against its own summaries, stopped by ROUGE-L")
    restore(lab.model, raw)
    trained[TAUGHT] = sft(lab)
    report.step(f"  {TAUGHT}: ROUGE-L {lab.test(TAUGHT):.3f}")
    fresh = own_against_human(lab)
    before = pair_logps(lab.model, lab.tokenizer, fresh.pairs)
    trained[MENDED] = dpo_fixed(lab, fresh.pairs, before)
    report.step(f"  {MENDED}: ROUGE-L {lab.test(MENDED):.3f}")
    after[MENDED] = aftermath(lab, fresh.pairs, before, DPO_WEIGHTS[MENDED])

    show_pairs(report, {RAW: pairs, TAUGHT: fresh})
    show_steps(report, trained)
    show_quality(report, lab, trained)
    show_aftermath(report, lab, after)
    show_robustness(report, lab)
    read_training(report, lab, trained, after)
    return trained


# ---- safety --------------------------------------------------------------------------------------


def _safety(report: Report, lab: Lab, trained: Mapping[str, Trained]) -> None:
    asked = lab.setting
    folder = asked.data["safety"]
    show_classifier(report, asked)
    prompts, wrappers = harmful(folder, asked), attacks(folder, asked)
    report.step("refusals of the model after SFT and DPO")
    restore(lab.model, trained[MENDED].state)
    bare = chat(lab.model, lab.tokenizer)
    found = {MENDED: interview(bare, prompts, {}, asked)}
    with lab.model.disable_adapter():
        report.step("refusals of the raw model")
        found = {RAW: interview(bare, prompts, {}, asked), **found}
        report.step("red-teaming the raw model under a system prompt that tells it to refuse")
        guarded = chat(lab.model, lab.tokenizer, GUARD)
        found[GUARDED] = interview(guarded, prompts, wrappers, asked)
    rates = show_refusals(report, found)
    show_attacks(report, found[GUARDED], [row["id"] for row in prompts])
    read_safety(report, found, rates)


if __name__ == "__main__":
    main()
