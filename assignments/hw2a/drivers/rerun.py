"""Driver: answers rows by the student's `summarize` on the warm base model.

It runs beside the student's code. Staff only, so that nobody learns here when it is asked without
the adapter.
"""

from __future__ import annotations

import importlib
from typing import Any

from graders.sandbox import warm

FOLDER = "/submission/hw2a/adapter"


def answers(rows: list[dict[str, Any]], with_adapter: bool) -> list[Any]:
    """Return the student's answers; the adapter stays merged into this process's model."""
    model, _ = warm.base_model()
    tokenizer = warm.spare_tokenizer()
    if with_adapter:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, FOLDER).merge_and_unload()
    generation = importlib.import_module("hw2a.generation")
    return list(generation.summarize(model.eval(), tokenizer, rows, 8))
