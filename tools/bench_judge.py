"""What batches with a shared prefix buy: a local judge's verdicts per second.

`rows` gives what `tools/bench.py` writes; run alone (``python -m tools.bench_judge``) it prints
the same rows. Both sides are the same model in the same number format on the whole prompt of
HW2A; the loop reads each prompt from its first token, one at a time, and takes the same label
logits. Verdicts are compared: a difference beyond rounding ends the program.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from graders.assets import ensure_data, ensure_model
from graders.core.config import load_course
from leaderboard.judges.local import LABELS, LocalJudge, LocalOptions
from leaderboard.records import Duel, Label, Question

Result = TypeVar("Result")

ROOT = Path(__file__).resolve().parents[1]
QUESTIONS, TEAMS = 2, 50  # in both orders
LOOP = 16  # duels of the loop, spread over all
SALT = b"the bench needs no secret"


def duels() -> list[Duel]:
    """Return duels on real questions: teams answer with what people wrote about other objects."""
    text = (ensure_data("summaries", print) / "private.jsonl").read_text(encoding="utf-8")
    items = [json.loads(line) for line in text.splitlines()]
    found = []
    for place in range(QUESTIONS):
        item = items[place * len(items) // QUESTIONS]
        prompt = f"{item['signature']}\n\n{item['document']}"
        question = Question(item["id"], item["package"], prompt, "")
        for team in range(TEAMS):
            answer = items[(place + team * 7 + 1) % len(items)]["summary"]
            found += [Duel(question, answer, item["summary"])]
            found += [Duel(question, item["summary"], answer)]
    return found


def one_at_a_time(judge: LocalJudge, asked: Sequence[Duel]) -> list[Label]:
    """Return the labels of a loop that shares nothing."""
    import torch

    model, labels, found = judge.model, judge.label_ids, []
    with torch.inference_mode():
        for duel in asked:
            ids = torch.tensor([judge.tokens(duel)])
            logits = model(input_ids=ids, use_cache=False, logits_to_keep=1).logits[0, -1, labels]
            found.append(LABELS[int(logits.argmax())])
    return found


def rows() -> list[dict[str, Any]]:
    """Measure, and return the row judge_batch_ratio, in milliseconds a verdict."""
    course = load_course(ROOT / "assignments" / "course.toml")
    judge = LocalJudge(
        ensure_model(course.base_model, print), SALT, LocalOptions("base", "smollm2", "float32")
    )  # in bfloat16 a near tie falls to either side, and equality could not be asked for
    asked = duels()
    some = asked[:: len(asked) // LOOP][:LOOP]
    judge.judge(asked[:1])  # loads the model, and computes the prefix that is kept
    verdicts, ours = _timed(lambda: judge.judge(asked), len(asked))
    labels, loop = _timed(lambda: one_at_a_time(judge, some), len(some))
    _, calls = _timed(lambda: [judge.judge([duel]) for duel in some], len(some))
    said = dict(zip(asked, verdicts, strict=True))
    same = sum(said[duel].label is label for duel, label in zip(some, labels, strict=True))
    if same < len(some):
        sys.exit(f"bench: only {same} of {len(some)} verdicts are the same in batches and alone")
    tokens = sum(len(judge.tokens(duel)) for duel in some) // len(some)
    return [
        {
            "name": "judge_batch_ratio",
            "ours": round(ours, 3),
            "other": round(loop, 3),
            "ratio": round(loop / ours, 2),
            "unit": "ms",
            "against": f"a verdict, one at a time, whole prompts of about {tokens} tokens, nothing "
            f"shared, the same weights in {judge.card.parameters['dtype']} ({len(some)} duels of "
            f"{len(asked)}, all verdicts the same); one at a time with the kept prefix: "
            f"{calls:.0f} ms",
            "command": "make bench",
        }
    ]


def _timed(call: Callable[[], Result], number: int) -> tuple[Result, float]:
    """Return what a call returns, and its milliseconds for each of a number of duels."""
    started = time.perf_counter()
    found = call()
    return found, 1000 * (time.perf_counter() - started) / number


def main() -> None:
    """Print the rows."""
    print(json.dumps(rows(), indent=2))


if __name__ == "__main__":
    main()
