"""Part "engine": the pieces of a Llama, and logits that do not depend on how they were come by."""

from __future__ import annotations

import math

import pytest


@pytest.mark.points("0.2", key="seminar7.engine.rms_norm", part="engine")
def test_rms_norm_divides_by_the_root_mean_square(student, case, noise, tensor, near, rng):
    import torch

    x, weight = noise(2, 3, 16) * 0.3 + 0.5, noise(16)
    eps = rng.uniform(0.05, 0.2)
    got = tensor(student.call("model:rms_norm", x, weight, eps), (2, 3, 16))
    square = x.square().mean(-1, keepdim=True)
    centred = x - x.mean(-1, keepdim=True)
    mistakes = {
        "seminar7.engine.norm_centred": centred * (centred.square().mean(-1, True) + eps).rsqrt(),
        "seminar7.engine.norm_eps_outside": x / (square.sqrt() + eps),
        "seminar7.engine.norm_sum": x * (square * 16 + eps).rsqrt(),
    }
    case.require(not near(got, x * (square + eps).rsqrt()), "seminar7.engine.norm_no_weight")
    for message, value in mistakes.items():
        case.require(not near(got, value * weight), message)
    case.require(near(got, x * (square + eps).rsqrt() * weight), "seminar7.engine.norm_wrong")
    # A float16 ends at 65504: the square of 300 is infinity there.
    wide = (noise(1, 64) * 300).half()
    wide[0, 0] = 300
    small = student.call("model:rms_norm", wide, torch.ones(64).half(), 1e-5)
    case.require(small.dtype is torch.float16, "seminar7.engine.norm_dtype", got=str(small.dtype))
    exact = wide.double() * (wide.double().square().mean() + 1e-5).rsqrt()
    case.require(near(small.double(), exact, 4e-3), "seminar7.engine.norm_low_precision")


@pytest.mark.points("0.3", key="seminar7.engine.rope", part="engine")
def test_rope_turns_pairs_that_are_half_a_head_apart(student, case, noise, tensor, near, rng):
    import torch

    dim, places, theta = 8, 12, rng.choice((500.0, 1000.0, 20_000.0))
    tables = student.call("model:rope_tables", places, dim, theta)
    case.require(len(tables) == 2, "seminar7.engine.tables_pair")
    cos, sin = (tensor(table, (places, dim)) for table in tables)
    rates = theta ** (-torch.arange(0, dim, 2).double() / dim)
    angles = torch.arange(places).double()[:, None] * rates
    doubled = torch.cat([angles, angles], -1)
    neighbours = angles.repeat_interleave(2, -1)
    case.require(not near(cos, neighbours.cos()), "seminar7.engine.rope_neighbours")
    case.require(not near(cos[:-1], doubled[1:].cos()), "seminar7.engine.rope_from_one")
    case.require(not near(cos, doubled.sin()), "seminar7.engine.tables_swapped")
    halved = torch.arange(places).double()[:, None] * rates.square()
    case.require(not near(cos, torch.cat([halved] * 2, -1).cos()), "seminar7.engine.rope_exponent")
    case.require(near(cos, doubled.cos()) and near(sin, doubled.sin()), "seminar7.engine.tables")

    x = noise(places, dim).double()
    got = tensor(student.call("model:rope", x, doubled.cos(), doubled.sin()), (places, dim))
    a, b = x.chunk(2, -1)
    back = torch.cat([a * angles.cos() + b * angles.sin(), b * angles.cos() - a * angles.sin()], -1)
    right = torch.cat(
        [a * angles.cos() - b * angles.sin(), b * angles.cos() + a * angles.sin()], -1
    )
    case.require(not near(got, back), "seminar7.engine.rope_backwards")
    case.require(near(got, right), "seminar7.engine.rope_wrong")


def _attention(q, k, v, seen, *, tiled=False, scale=None):
    """Return grouped attention by loops over heads."""
    import torch

    heads, dim = q.shape[2:]
    kv_heads = k.shape[1]
    scale = dim**-0.5 if scale is None else scale
    out = torch.empty_like(q)
    for head in range(heads):
        group = head % kv_heads if tiled else head // (heads // kv_heads)
        scores = q[:, :, head] @ k[:, group].transpose(1, 2) * scale  # B, T, S
        scores = scores.masked_fill(~seen, -math.inf)
        out[:, :, head] = scores.softmax(-1) @ v[:, group]
    return out


@pytest.mark.points("0.5", key="seminar7.engine.attention", part="engine")
def test_attention_of_grouped_queries(student, case, noise, tensor, near):
    import torch

    batch, new, heads, kv_heads, span, dim = 2, 3, 6, 2, 7, 4
    q = noise(batch, new, heads, dim).double() * 2
    k, v = (noise(batch, kv_heads, span, dim).double() for _ in range(2))
    at = torch.arange(span)
    ends = torch.tensor([[4, 5, 6], [1, 2, 3]])
    seen = at <= ends[:, :, None]
    shape = (batch, new, heads, dim)
    got = tensor(student.drive("engine", "attend", q, k, v, seen), shape)
    everything = torch.ones_like(seen)
    mistakes = {
        "seminar7.engine.attention_tiled": _attention(q, k, v, seen, tiled=True),
        "seminar7.engine.attention_unscaled": _attention(q, k, v, seen, scale=1.0),
        "seminar7.engine.attention_scale": _attention(q, k, v, seen, scale=1 / dim),
        "seminar7.engine.attention_unmasked": _attention(q, k, v, everything),
        "seminar7.engine.attention_mask_inverted": _attention(
            q, k, v, (at >= ends[:, :, None]) & everything
        ),
    }
    for message, value in mistakes.items():
        case.require(not near(got, value), message)
    case.require(near(got, _attention(q, k, v, seen)), "seminar7.engine.attention_wrong")
    free = tensor(student.drive("engine", "attend", q[:, :1], k, v, None), (batch, 1, heads, dim))
    right = _attention(q[:, :1], k, v, everything[:, :1])
    case.require(near(free, right), "seminar7.engine.attention_no_mask")


@pytest.mark.points("0.2", key="seminar7.engine.swiglu", part="engine")
def test_swiglu_gates_by_the_first_half(student, case, noise, tensor, near):
    from torch.nn.functional import gelu, silu

    x, gate_up, down = noise(2, 3, 8), noise(20, 8), noise(8, 10)
    got = tensor(student.call("model:swiglu", x, gate_up, down), (2, 3, 8))
    gate, up = (x @ gate_up.T).chunk(2, -1)
    case.require(not near(got, (gate * silu(up)) @ down.T), "seminar7.engine.gate_second")
    case.require(not near(got, (gelu(gate) * up) @ down.T), "seminar7.engine.gate_gelu")
    case.require(not near(got, (gate.sigmoid() * up) @ down.T), "seminar7.engine.gate_sigmoid")
    case.require(near(got, (silu(gate) * up) @ down.T), "seminar7.engine.swiglu_wrong")


@pytest.mark.points("0.4", key="seminar7.engine.prefill", part="engine")
def test_a_prompt_read_whole_gives_the_logits_of_its_end(
    student, clean, case, rows, tensor, near, model_seed
):
    ids = rows(11)[0]
    full = clean.drive("oracle", "logits", model_seed, ids)
    (got,) = student.drive("engine", "pieces", model_seed, ids, [len(ids)])
    got = tensor(got, (full.shape[1],))
    case.require(not near(got, full[0]), "seminar7.engine.prefill_first")
    case.require(not near(got, full[-2]), "seminar7.engine.prefill_last_but_one")
    case.require(near(got, full[-1]), "seminar7.engine.prefill_differs")
    met = student.drive("engine", "head_inputs", model_seed, ids)
    case.require(sum(met) == 1, "seminar7.engine.head_everywhere", n=sum(met))


@pytest.mark.points("0.5", key="seminar7.engine.cached", part="engine")
def test_cached_logits_equal_those_of_the_whole_sequence(
    student, clean, case, rows, tensor, near, model_seed, rng
):
    ids = rows(14)[0]
    full = clean.drive("oracle", "logits", model_seed, ids)
    start = rng.randint(3, 5)
    one_by_one = list(range(start, 15))
    uneven = [start, start + 1, start + 4, start + 5, 14]
    for cuts in (one_by_one, uneven):
        told = student.drive("engine", "pieces", model_seed, ids, cuts)
        got = [tensor(row, (full.shape[1],)) for row in told]
        case.require(near(got[0], full[start - 1]), "seminar7.engine.prefill_differs")
        forgot = clean.drive("oracle", "logits", model_seed, ids[start : start + 1])[0]
        case.require(not near(got[1], forgot), "seminar7.engine.cache_ignored")
        case.require(near(got[1], full[start]), "seminar7.engine.decode_differs")
        for end, row in zip(cuts, got, strict=True):
            case.require(near(row, full[end - 1]), "seminar7.engine.drifts", at=end)
    stale = student.drive("engine", "pieces", model_seed, ids, uneven, 6)
    same = all(near(tensor(a, b.shape), b.double()) for a, b in zip(stale, got, strict=True))
    case.require(same, "seminar7.engine.stale_entries")


@pytest.mark.points("0.4", key="seminar7.engine.ragged", part="engine")
def test_a_padded_batch_equals_its_rows_alone(
    student, clean, case, rows, tensor, near, model_seed, rng
):
    prompts = rows(9, 4, 6)
    rng.shuffle(prompts)
    nexts = rows(3)[0]
    pad = rng.choice((259, 0))
    told = student.drive("engine", "ragged", model_seed, prompts, nexts, pad)
    first, second = (tensor(told[name], (3, 260)) for name in ("first", "second"))
    lengths = [len(prompt) for prompt in prompts]
    case.require(told["lengths"][0] != [9, 9, 9], "seminar7.engine.padding_counted")
    case.require(told["lengths"][0] == lengths, "seminar7.engine.lengths_wrong")
    case.require(told["lengths"][1] == [n + 1 for n in lengths], "seminar7.engine.decode_length")
    for place, prompt in enumerate(prompts):
        full = clean.drive("oracle", "logits", model_seed, [*prompt, nexts[place]])
        case.require(near(first[place], full[-2]), "seminar7.engine.ragged_prefill", n=len(prompt))
        case.require(near(second[place], full[-1]), "seminar7.engine.ragged_decode", n=len(prompt))


@pytest.mark.points("0.2", key="seminar7.engine.rows", part="engine")
def test_rows_keep_to_themselves_and_can_be_moved(
    student, clean, case, rows, tensor, near, model_seed
):
    prompts, follow = rows(6, 5, 8), rows(1)[0][0]
    told = student.drive("engine", "rows", model_seed, prompts, follow, 2, 0)
    *firsts, moved = [tensor(row, (260,)) for row in told["logits"]]
    for prompt, row in zip(prompts, firsts, strict=True):
        full = clean.drive("oracle", "logits", model_seed, prompt)
        case.require(near(row, full[-1]), "seminar7.engine.rows_mixed")
    full = clean.drive("oracle", "logits", model_seed, [*prompts[2], follow])
    case.require(told["lengths"] == [9, 5, 0], "seminar7.engine.move_lengths")
    case.require(near(moved, full[-1]), "seminar7.engine.move_content")
    told = student.drive("engine", "rows", model_seed, prompts, follow, 1, 1)
    case.require(told["lengths"] == [6, 6, 8], "seminar7.engine.move_to_itself")


@pytest.mark.points("0.2", key="seminar7.engine.crop", part="engine")
def test_a_cropped_cache_has_forgotten(student, clean, case, rows, tensor, near, model_seed, rng):
    ids, other = rows(12, 4)
    keep = rng.randint(3, 6)
    got = tensor(student.drive("engine", "cropped", model_seed, ids, keep, other), (4, 260))
    full = clean.drive("oracle", "logits", model_seed, [*ids[:keep], *other])[keep:]
    for shift in (-1, 1):
        off = [*ids[: keep + shift], *other]
        wrong = clean.drive("oracle", "logits", model_seed, off)[keep + shift :]
        case.require(not near(got, wrong), "seminar7.engine.crop_off_by_one")
    unforgotten = clean.drive("oracle", "logits", model_seed, [*ids, *other])[len(ids) :]
    case.require(not near(got, unforgotten), "seminar7.engine.crop_nothing")
    case.require(near(got, full), "seminar7.engine.crop_wrong")
    for length in (len(ids) + 1, -1):
        raised = student.drive("engine", "crop_beyond", model_seed, ids, length)
        case.require(raised == "ValueError", "seminar7.engine.crop_beyond", length=length)


@pytest.mark.points("0.1", key="seminar7.engine.kv_bytes", part="engine")
def test_the_formula_of_the_cache_counts_what_the_cache_takes(student, case, model_seed, rng):
    tokens = rng.randint(20, 90)
    for dtype, size in (("bfloat16", 2), ("float32", 4)):
        told = student.drive("engine", "sizes", model_seed, tokens, dtype)
        right = 2 * 2 * 2 * 24 * tokens * size
        said = case.shaped(told["said"], int)
        case.require(said * 2 != right, "seminar7.engine.bytes_keys_only")
        case.require(said != right * 3, "seminar7.engine.bytes_all_heads")
        case.require(said == right == told["real"], "seminar7.engine.bytes_wrong", dtype=dtype)
