"""The model: a Llama's weights, and its forward pass against a cache, from scratch.

Everything that the engine computes goes through `forward`: a prompt (`prefill`), one token a row
(`decode`), or a handful of drafted tokens that wait for their verdict (`extend`). They differ only
in how many new tokens each row brings; the cache knows where each row stands.

The network is the one of Touvron et al. 2023 (LLaMA, section 2.2; Llama 2 for grouped queries):
pre-normalization by RMSNorm, rotary positions, grouped-query attention, SwiGLU. The weights come
from a transformers model, so that the two can be held against each other logit by logit.

Left out, because a 135M model on two cores shows nothing of it: tensor parallelism, CUDA graphs,
paged attention (our rows are whole slabs: simple, and they waste what a short answer does not use).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name

from .cache import KVCache, Shape

Weight = Tensor | Callable[[Tensor], Tensor]  # a matrix (out, in), or a quantized one


@dataclass(frozen=True)
class Layer:
    """One block's weights. Fused: one wide product is faster than three narrow ones."""

    attention_norm: Tensor  # D
    qkv: Weight  # (H + 2 H_kv) d, D: queries of all heads, then keys, then values
    out: Weight  # D, H d
    mlp_norm: Tensor  # D
    gate_up: Weight  # 2 I, D: the gate's half, then the half it multiplies
    down: Weight  # D, I


@dataclass(frozen=True)
class Llama:
    """A model's weights and the tables that depend on nothing but its shape."""

    shape: Shape
    eps: float
    embed: Tensor  # V, D
    layers: Sequence[Layer]
    norm: Tensor  # D
    head: Weight  # V, D
    cos: Tensor  # P, d
    sin: Tensor  # P, d

    def cache(self, rows: int, capacity: int) -> KVCache:
        """Return an empty cache for this model, in its dtype and on its device."""
        return KVCache(self.shape, rows, capacity, self.embed.dtype, self.embed.device)


def from_transformers(model: Any) -> Llama:
    """Take the weights of a transformers Llama; nothing is shared but the embedding.

    Args:
        model: A `LlamaForCausalLM` with plain rotary positions and no biases.

    Raises:
        ValueError: The model scales its rotary positions.
    """
    config, trunk = model.config, model.model
    rope = config.rope_parameters
    if rope.get("rope_type", "default") != "default":
        raise ValueError(f"rotary positions of type {rope['rope_type']!r} are not covered here")
    layers = []
    for block in trunk.layers:
        attention, mlp = block.self_attn, block.mlp
        qkv = [attention.q_proj.weight, attention.k_proj.weight, attention.v_proj.weight]
        layers.append(
            Layer(
                block.input_layernorm.weight.detach(),
                torch.cat(qkv).detach(),
                attention.o_proj.weight.detach(),
                block.post_attention_layernorm.weight.detach(),
                torch.cat([mlp.gate_proj.weight, mlp.up_proj.weight]).detach(),
                mlp.down_proj.weight.detach(),
            )
        )
    embed = trunk.embed_tokens.weight.detach()
    shape = Shape(
        layers=config.num_hidden_layers,
        heads=config.num_attention_heads,
        kv_heads=config.num_key_value_heads,
        head_dim=config.head_dim,
        positions=config.max_position_embeddings,
    )
    cos, sin = rope_tables(shape.positions, shape.head_dim, rope["rope_theta"])
    return Llama(
        shape,
        config.rms_norm_eps,
        embed,
        layers,
        trunk.norm.weight.detach(),
        model.lm_head.weight.detach(),
        cos.to(embed),
        sin.to(embed),
    )


def project(x: Tensor, weight: Weight) -> Tensor:
    """Return x Wᵀ for a plain or a quantized matrix."""
    return F.linear(x, weight) if isinstance(weight, Tensor) else weight(x)


def rms_norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """Return x / sqrt(mean(x²) + eps) · weight over the last dimension.

    The mean is taken in float32 at least: the square of 300 is infinity in float16, and squares in
    bfloat16 keep two digits.
    Zhang & Sennrich 2019, equation 4.
    """
    raise NotImplementedError("write your solution here")


def rope_tables(positions: int, dim: int, theta: float) -> tuple[Tensor, Tensor]:
    """Return cos and sin of every position's angles, (P, d) each.

    Pair i of a head turns by position · theta^(-2i/d) (Su et al. 2021, section 3.2.2). Llama pairs
    coordinate i with i + d/2, not with its neighbour, so the d/2 angles stand there twice.
    """
    raise NotImplementedError("write your solution here")


def rope(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn every pair (x_i, x_{i + d/2}) of the last dimension by its angle.

    Args:
        x: Queries or keys, (..., d).
        cos: Of the angles at x's positions, broadcastable to x.
        sin: The same.
    """
    raise NotImplementedError("write your solution here")


def attention(q: Tensor, k: Tensor, v: Tensor, seen: Tensor | None) -> Tensor:
    """Return softmax(q kᵀ / sqrt(d)) v for grouped queries.

    The G = H / H_kv query heads of a group read the same keys. So a group's heads are nothing but
    more queries: fold them into the query axis, and no key is ever copied (repeating the keys G
    times is what makes grouped queries as slow as full ones).

    Args:
        q: (B, T, H, d).
        k: (B, H_kv, S, d), a view into the cache.
        v: The same.
        seen: (B, T, S), True where a query may look; None when it may look everywhere.

    Returns:
        (B, T, H, d).
    """
    raise NotImplementedError("write your solution here")


def swiglu(x: Tensor, gate_up: Weight, down: Weight) -> Tensor:
    """Return W_down (silu(W_gate x) ⊙ W_up x), the gate first (Shazeer 2020, section 2)."""
    raise NotImplementedError("write your solution here")


@torch.inference_mode()
def forward(model: Llama, cache: KVCache, ids: Tensor, first: int = 0) -> Tensor:
    """Run new tokens of neighbouring rows through the model and leave their keys in the cache.

    Row b's tokens stand at positions `cache.lengths[first + b]` and on; each sees what its row
    holds up to itself. The lengths do not move: the caller says how many of the tokens count.

    Args:
        model: The weights.
        cache: Where rows `first` to `first + B - 1` keep their past.
        ids: New tokens, (B, T).
        first: The first row.

    Returns:
        Final normalized states, (B, T, D).
    """
    raise NotImplementedError("write your solution here")


def prefill(
    model: Llama, cache: KVCache, ids: Tensor, counts: Sequence[int], first: int = 0
) -> Tensor:
    """Read prompts of different lengths into rows and return the logits after each one's end.

    Prompts are padded on the right. No mask is needed for that: padding comes after everything
    that counts, and a length that does not include it hides it from all that follows.

    Args:
        model: The weights.
        cache: Its rows `first` and on are empty, or hold what stands before these tokens.
        ids: (B, T), padded on the right by any id.
        counts: How many of each row's tokens are real, 1 to T.
        first: The first row.

    Returns:
        Logits of the next token, (B, V).
    """
    raise NotImplementedError("write your solution here")


def decode(model: Llama, cache: KVCache, ids: Tensor, first: int = 0) -> Tensor:
    """Add one token to each row and return the logits of the next, (B, V).

    Args:
        model: The weights.
        cache: Rows may have different lengths.
        ids: One token a row, (B,).
        first: The first row.
    """
    raise NotImplementedError("write your solution here")


def extend(model: Llama, cache: KVCache, ids: Tensor, first: int = 0) -> Tensor:
    """Add all tokens of (B, T) and return the logits after each, (B, T, V)."""
    states = forward(model, cache, ids, first)
    cache.advance(first, [ids.shape[1]] * len(ids))
    return project(states, model.head)
