"""The experiment of seminar 7: one model, many ways to run it; then the prototype, with what won.

    python -m reference.seminar7_inference.run --out DIR --model DIR --data summaries=DIR \
        --data documentation=DIR

Every mode answers the same prompts – descriptions of Python objects, to be summed up – greedily and
with the same number of tokens. Times are the clock's and stay outside the hash; tokens, forwards,
bytes and quality are the model's. A ratio is taken of modes timed in one run, and the reading gives
its interval over prompts where there are several.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from .common import dtype, load_model, seed_everything
from .experiment import Report, setting
from .bench import Bench, prompts_of
from .model import from_transformers
from .modes import best_in_a_batch
from .prototype import optimize
from .quality import quantization, speculation
from .reading import read
from .speed import batches, caches, uneven

PROMPTS = 16  # of the batch


def main(argv: Sequence[str] | None = None) -> None:
    """Run everything and write the report."""
    # Of `generate` about flags that this seminar sets on purpose.
    warnings.filterwarnings("ignore", module="transformers")
    chosen = setting(__doc__ or "", argv)
    seed_everything(chosen.seed)
    report = Report(7, "inference: latency, throughput and what they cost", chosen)
    theirs, tokenizer = load_model(chosen.model)
    prompts = prompts_of(chosen, tokenizer, chosen.scaled(PROMPTS, 4))
    bench = Bench(report, chosen, theirs, tokenizer, from_transformers(theirs), prompts)
    report.budget(prompts=len(prompts), single=len(bench.single), new_tokens=bench.new)
    report.result("dtype", str(dtype()).removeprefix("torch."))
    alone = caches(bench)
    together = batches(bench)
    uneven(bench)
    trials = quantization(bench)
    drafts = speculation(bench)
    served = optimize(bench, best_in_a_batch(trials))
    report.reading(*read(alone, together, trials, drafts, served))
    report.finish()


if __name__ == "__main__":
    main()
