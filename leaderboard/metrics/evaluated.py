"""The metrics as modules of the `evaluate` library: offline, quiet, and leaving no files behind.

``evaluate.load("leaderboard/metrics/modules/chrf")`` works as it is, and copies the file into the
library's cache of modules. `load` makes the same object without the copy, and everything that it
writes is in a private temporary folder, which is removed when the process ends.
"""

from __future__ import annotations

import atexit
import inspect
import shutil
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from leaderboard.metrics.declare import Declared, checked
from leaderboard.metrics.discovery import MODULES, declared


def load(key: str) -> Any:
    """Return a metric as an `evaluate.EvaluationModule`.

    Its ``compute(predictions=, references=)`` returns the mean under the metric's key and the
    scores of all items under ``<key>_per_item``.

    Raises:
        CourseError: There is no such metric.
    """
    made = module_class(key, declared(MODULES / key / f"{key}.py"))
    return made(cache_dir=str(_scratch()), keep_in_memory=True)


def module_class(key: str, made_of: Declared) -> type[Any]:
    """Return a metric's subclass of `evaluate.Metric`."""
    import datasets
    import evaluate

    score = checked(key, made_of)
    text = inspect.cleandoc(made_of.raw.__doc__ or "")
    direction = "Higher is better." if made_of.higher_is_better else "Lower is better."

    def info(_self: Any) -> Any:
        return evaluate.MetricInfo(
            description=f"{text}\n\n{direction}",
            citation="",
            inputs_description="predictions: answers, references: one for each answer.",
            features=datasets.Features(
                {"predictions": datasets.Value("string"), "references": datasets.Value("string")}
            ),
        )

    def compute(_self: Any, predictions: Sequence[str], references: Sequence[str]) -> Any:
        values = score(predictions, references)
        return {key: float(values.mean()), f"{key}_per_item": values.tolist()}

    name = "".join(part.capitalize() for part in key.split("_"))
    body = {"_info": info, "_compute": compute, "higher_is_better": made_of.higher_is_better}
    return type(name, (evaluate.Metric,), body)


@cache
def _scratch() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="zachetka-metrics-"))  # 0700: nobody plants code in it
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
