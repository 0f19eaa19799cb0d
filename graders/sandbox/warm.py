"""The base model that the warm process loads once and every jailed child finds ready.

The code that runs inside a jail uses it through `base_model` and `tokenizer`; the child shares the
parent's memory until it writes to it, so the model costs a jail nothing. On a student's own
machine there is no warm process: whoever runs the public tests calls `load` or `load_tokenizer`
first. Works on every system.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graders.core.errors import InfraError


@dataclass(slots=True)
class _Loaded:
    """What this process has loaded."""

    model: Any = None
    tokenizer: Any = None
    spare: Any = None


_loaded = _Loaded()


def load(path: Path) -> None:
    """Load the model and its tokenizer, and run one forward pass.

    Args:
        path: A folder as `save_pretrained` writes it (safetensors only).
    """
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(
        path, local_files_only=True, use_safetensors=True, dtype=torch.float32
    )
    model.train(mode=False)
    with torch.no_grad():
        model(torch.zeros((1, 4), dtype=torch.long))
    _loaded.model = model
    # A bare model is enough for code that brings its own token ids.
    if any((path / name).exists() for name in ("tokenizer.json", "tokenizer_config.json")):
        load_tokenizer(path)


def load_tokenizer(path: Path) -> None:
    """Load the tokenizer alone, without torch's model.

    Args:
        path: A folder as `save_pretrained` writes it.
    """
    from transformers import AutoTokenizer

    # Twice, for a copy made in a jailed child would cost more than most tests.
    _loaded.tokenizer = AutoTokenizer.from_pretrained(path, local_files_only=True)
    _loaded.spare = AutoTokenizer.from_pretrained(path, local_files_only=True)


def base_model() -> tuple[Any, Any]:
    """Return (model, tokenizer) of the base model; the tokenizer is None if it has none.

    Raises:
        InfraError: No base model was loaded into this process.
    """
    if _loaded.model is None:
        raise _nothing("base model")
    return _loaded.model, _loaded.tokenizer


def tokenizer() -> Any:
    """Return the base model's tokenizer.

    Raises:
        InfraError: No tokenizer was loaded into this process.
    """
    if _loaded.tokenizer is None:
        raise _nothing("tokenizer")
    return _loaded.tokenizer


def spare_tokenizer() -> Any:
    """Return a tokenizer equal to the base model's, which code under test may change.

    Raises:
        InfraError: No tokenizer was loaded into this process.
    """
    if _loaded.spare is None:
        raise _nothing("tokenizer")
    return _loaded.spare


def tiny_llama(seed: int, **config: Any) -> Any:
    """Return a random two-layer Llama in eval mode; equal arguments give equal weights.

    Args:
        seed: Of the weights.
        config: What `transformers.LlamaConfig` shall have beside or instead of this: its sizes,
            its vocabulary, its special tokens.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    # Ten times the usual range: at 0.02 a random model hardly looks at its context.
    told: dict[str, Any] = {
        "num_hidden_layers": 2,
        "num_key_value_heads": 2,
        "initializer_range": 0.2,
    }
    model: Any = LlamaForCausalLM(LlamaConfig(**(told | config)))
    return model.eval()


def _nothing(what: str) -> InfraError:
    return InfraError(
        f"no {what} was loaded into this process",
        todo="Run: zachetka model prepare",
    )
