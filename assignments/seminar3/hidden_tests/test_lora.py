"""Part "lora": one layer, a whole model, and the way back into plain weights."""

from __future__ import annotations

import pytest
import torch


def _layer(draw, rng, dropout=0.0):
    """Return a random layer with filled factors, and an input of three dimensions."""
    inputs, outputs = rng.choice(((12, 20), (20, 12)))
    rank = rng.choice((2, 3))
    given = {
        "weight": draw(outputs, inputs),
        "bias": draw(outputs),
        "rank": rank,
        "alpha": rank * rng.choice((2, 4)),
        "dropout": dropout,
        "a": draw(rank, inputs),
        "b": draw(outputs, rank),
    }
    return given, draw(2, 3, inputs)


def _plain(given, x):
    return x @ given["weight"].T + given["bias"]


@pytest.mark.points("0.5", key="seminar3.lora.start", part="lora")
def test_an_adapter_starts_as_nothing(student, case, small, lora, tokens, names):
    got = student.drive("tiny", "injected", small, lora, tokens(2, 9))
    for name, tensor in got["first"].items():
        if name.endswith("lora_b"):
            case.require(not tensor.any(), "seminar3.lora.b_not_zero")
    # Bit for bit: the update is exactly zero, so there is nothing to be rounded.
    case.require(torch.equal(got["before"], got["after"]), "seminar3.lora.start_moves_logits")
    firsts = [got["first"].get(f"{name}.lora_a") for name in names(lora["targets"])]
    case.require(all(a is not None for a in firsts), "seminar3.lora.factor_names")
    case.require(all(bool(a.any()) for a in firsts), "seminar3.lora.a_zero")
    for a in firsts:
        bound = a.shape[1] ** -0.5  # Kaiming-uniform with slope √5
        case.require(float(a.abs().max()) <= bound * 1.001, "seminar3.lora.a_range")
        case.require(float(a.std()) > bound / 3, "seminar3.lora.a_range")
    case.require(
        not any(torch.equal(a, b) for i, a in enumerate(firsts) for b in firsts[:i]),
        "seminar3.lora.same_start",
    )
    other = student.drive("tiny", "injected", small, {**lora, "seed": 5}, tokens(1, 4))["first"]
    again = student.drive("tiny", "injected", small, {**lora, "seed": 5}, tokens(1, 4))["first"]
    name = f"{names(lora['targets'])[0]}.lora_a"
    case.require(torch.equal(other[name], again[name]), "seminar3.lora.seed_unused")
    case.require(not torch.equal(other[name], got["first"][name]), "seminar3.lora.seed_unused")


@pytest.mark.points("0.5", key="seminar3.lora.forward", part="lora")
def test_the_output_is_the_bases_plus_the_scaled_product(student, case, rng, draw, close):
    given, x = _layer(draw, rng)
    got = student.drive("tiny", "layer", given, x)
    update = x @ given["a"].T @ given["b"].T
    scaling = given["alpha"] / given["rank"]
    out = got["outputs"][0]
    case.require(out.shape == (2, 3, len(given["bias"])), "seminar3.lora.output_shape")
    plain = _plain(given, x)
    case.require(not close(out, plain), "seminar3.lora.no_update")
    case.require(not close(out, scaling * update), "seminar3.lora.no_base")
    wrong = {
        "seminar3.lora.no_scaling": 1.0,
        "seminar3.lora.scaling_is_alpha": float(given["alpha"]),
        "seminar3.lora.scaling_inverse": 1 / scaling,
    }
    for key, factor in wrong.items():
        case.require(not close(out, plain + factor * update), key)
    case.require(close(out, plain + scaling * update), "seminar3.lora.forward_wrong")
    case.require(abs(got["scaling"] - scaling) < 1e-6, "seminar3.lora.scaling_attribute")
    delta = scaling * given["b"] @ given["a"]
    case.require(not close(got["delta"], delta / scaling), "seminar3.lora.delta_unscaled")
    case.require(close(got["delta"], delta), "seminar3.lora.delta_wrong")
    case.require(not got["delta_grad"], "seminar3.lora.delta_gradient")


@pytest.mark.points("0.25", key="seminar3.lora.precision", part="lora")
def test_factors_are_float32_beside_a_bfloat16_base(student, case, rng, draw, close):
    given, x = _layer(draw, rng)
    low = {n: given[n].bfloat16() if n in ("weight", "bias") else given[n] for n in given}
    got = student.drive("tiny", "layer", low, x.bfloat16())
    kinds = set(got["dtypes"].values())
    case.require(kinds == {"torch.float32"}, "seminar3.lora.factors_low", got=", ".join(kinds))
    case.require(got["outputs"][0].dtype == torch.bfloat16, "seminar3.lora.output_dtype")
    wide = {n: low[n].float() for n in ("weight", "bias", "a", "b")}
    update = x.bfloat16().float() @ wide["a"].T @ wide["b"].T * given["alpha"] / given["rank"]
    wanted = _plain(wide, x.bfloat16().float()) + update
    case.require(close(got["outputs"][0].float(), wanted, 0.02), "seminar3.lora.forward_wrong")


@pytest.mark.points("0.25", key="seminar3.lora.thin", part="lora")
def test_the_big_product_is_never_made(student, case, rng):
    inputs, outputs, tokens = 64 + rng.randrange(9), 64 + rng.randrange(9), 3
    got = student.drive("tiny", "layer_products", inputs, outputs, 2, tokens)
    case.require(got["largest"] <= tokens * outputs, "seminar3.lora.big_product")


@pytest.mark.points("0.5", key="seminar3.lora.gradients", part="lora")
def test_gradients_reach_the_factors_alone_and_b_alone_at_first(student, case, small, lora, tokens):
    ids = tokens(2, 9)
    first = student.drive("tiny", "gradients", small, lora, ids, False)
    later = student.drive("tiny", "gradients", small, lora, ids, True)
    for found in (first, later):
        outside = [n for n, g in found.items() if g is not None and "lora_" not in n]
        case.require(not outside, "seminar3.lora.base_gradient", n=len(outside))
        factors = [g for n, g in found.items() if "lora_" in n]
        case.require(factors and None not in factors, "seminar3.lora.no_gradient")
    for name, norm in first.items():
        if name.endswith("lora_b"):
            case.require(norm > 0, "seminar3.lora.b_without_gradient")
        if name.endswith("lora_a"):
            case.require(norm == 0, "seminar3.lora.a_gradient_at_start")
    dead = [n for n, g in later.items() if "lora_" in n and not g]
    case.require(not dead, "seminar3.lora.no_gradient")


@pytest.mark.points("0.25", key="seminar3.lora.dropout", part="lora")
def test_dropout_is_off_in_eval_and_on_in_training(
    student, clean, case, small, lora, tokens, close
):
    ids, scaling = tokens(2, 7), lora["alpha"] / lora["rank"]
    got = student.drive("tiny", "dropped", small, {**lora, "dropout": 0.5}, ids)
    case.require(torch.equal(*got["eval"]), "seminar3.lora.dropout_in_eval")
    wanted = clean.drive("oracle", "logits", small, ids, got["factors"], scaling)
    case.require(close(got["eval"][0], wanted, 1e-3), "seminar3.lora.eval_wrong")
    case.require(not torch.equal(*got["train"]), "seminar3.lora.no_dropout")


@pytest.mark.points("0.25", key="seminar3.lora.dropout_place", part="lora")
def test_dropout_stands_before_a_and_never_on_the_bases_path(student, case, rng, draw):
    # With B = 0 the dropped update is nothing, so even in training the base must answer exactly.
    given, x = _layer(draw, rng, dropout=0.5)
    empty = {**given, "b": torch.zeros_like(given["b"])}
    trained = student.drive("tiny", "layer", empty, x, True)
    case.require(torch.equal(trained["outputs"][0], trained["plain"]), "seminar3.lora.base_dropped")
    # What is dropped is an input as a whole: with one input, the whole update is there (twice, so
    # that the mean stays) or it is not there at all.
    one = {**given, "weight": draw(4, 1), "bias": draw(4), "a": draw(2, 1), "b": draw(4, 2)}
    one = {**one, "rank": 2, "alpha": 4}
    x = draw(40, 1).sign()
    out = student.drive("tiny", "layer", one, x, True)["outputs"][0]
    update = 2 * x @ one["a"].T @ one["b"].T  # 40, 4
    none = ((out - _plain(one, x)).abs() < 1e-4).all(dim=1)
    twice = ((out - _plain(one, x) - 2 * update).abs() < 1e-4).all(dim=1)
    case.require(bool((none | twice).all()), "seminar3.lora.dropout_elsewhere")


@pytest.mark.points("0.5", key="seminar3.lora.inject", part="lora")
def test_the_named_layers_and_no_others_are_adapted(
    student, case, small, lora, tokens, layers, names
):
    got = student.drive("tiny", "injected", small, lora, tokens(1, 4))
    wanted = names(lora["targets"])
    frozen = [n for n in got["trainable"] if "lora_" not in n]
    case.require(not frozen, "seminar3.lora.base_trainable", n=len(frozen))
    shapes = {}
    for name in wanted:
        inputs, outputs = layers[name.rpartition(".")[2]]
        shapes[f"{name}.lora_a"] = [lora["rank"], inputs]
        shapes[f"{name}.lora_b"] = [outputs, lora["rank"]]
    found = {name.removesuffix(".lora_a").removesuffix(".lora_b") for name in got["trainable"]}
    case.require(found == set(wanted), "seminar3.lora.targets", n=len(found))
    case.require(got["trainable"] == shapes, "seminar3.lora.shapes")
    case.require(sorted(got["names"]) == wanted, "seminar3.lora.names_returned")
    case.require(not got["moved"], "seminar3.lora.base_moved", n=len(got["moved"]))
    case.require(not got["training"], "seminar3.lora.mode_changed")
    case.require(
        all(student.drive("tiny", "training_kept", small, lora)), "seminar3.lora.mode_changed"
    )


@pytest.mark.points("0.25", key="seminar3.lora.inject_errors", part="lora")
def test_a_target_that_is_no_layer_and_a_second_adapter_are_refused(student, case, small, lora):
    part = {**lora, "targets": ["proj"]}
    case.require(student.drive("tiny", "attempt", small, part), "seminar3.lora.part_of_a_name")
    typo = {**lora, "targets": [lora["targets"][0], "qproj"]}
    case.require(student.drive("tiny", "attempt", small, typo), "seminar3.lora.typo_accepted")
    twice = student.drive("tiny", "attempt", small, lora, 2)
    case.require(twice == "ValueError", "seminar3.lora.injected_twice")
    none = {**lora, "rank": 0, "alpha": 1}
    case.require(student.drive("tiny", "attempt", small, none), "seminar3.lora.rank_zero")
    tried = [student.drive("tiny", "attempt", small, one) for one in (part, typo, none)]
    case.require(set(tried) == {"ValueError"}, "seminar3.lora.other_error", got=", ".join(tried))
    case.require(not student.drive("tiny", "attempt", small, lora), "seminar3.lora.good_refused")


@pytest.mark.points("0.25", key="seminar3.lora.size", part="lora")
def test_the_count_of_trainable_numbers_is_exact(student, case, small, lora, tokens, layers):
    got = student.drive("tiny", "injected", small, lora, tokens(1, 4))
    wanted = sum(2 * lora["rank"] * sum(layers[kind]) for kind in lora["targets"])
    counted = sum(rows * columns for rows, columns in got["trainable"].values())
    case.require(counted == wanted, "seminar3.lora.trainable_count", got=counted)
    full = sum(2 * layers[kind][0] * layers[kind][1] for kind in lora["targets"])
    case.require(got["size"] != full, "seminar3.lora.size_of_base")
    case.require(got["size"] == wanted, "seminar3.lora.size_wrong", got=got["size"])


@pytest.mark.points("0.25", key="seminar3.lora.merge", part="lora")
def test_a_merged_model_is_plain_and_answers_like_the_adapted_one(
    student, case, small, lora, tokens, names, close
):
    ids = tokens(2, 9)
    got = student.drive("tiny", "merged", small, lora, ids, False)
    case.require(not got["left"], "seminar3.lora.merge_left", n=len(got["left"]))
    case.require(got["kinds"] == ["Linear"], "seminar3.lora.merge_kind")
    case.require(sorted(got["names"]) == names(lora["targets"]), "seminar3.lora.merge_names")
    case.require(close(got["after"], got["before"], 1e-3), "seminar3.lora.merge_differs")
    case.require(got["again"] == [], "seminar3.lora.merge_twice")
    case.require(not got["training"], "seminar3.lora.mode_changed")
    case.require(got["trainable"] == 0, "seminar3.lora.merge_trainable")


@pytest.mark.points("0.25", key="seminar3.lora.merge_apart", part="lora")
def test_merging_writes_into_nothing_that_others_share(
    student, case, small, lora, tokens, draw, close
):
    head = {**lora, "targets": ["lm_head"]}
    got = student.drive("tiny", "merged", small, head, tokens(2, 9), True)
    case.require(not got["embeddings_moved"], "seminar3.lora.merge_in_place")
    case.require(close(got["after"], got["before"], 1e-3), "seminar3.lora.merge_differs")
    weight, bias = draw(6, 10).bfloat16(), draw(6).bfloat16()
    a, b = draw(2, 10), draw(6, 2) * 0.01
    half = student.drive("tiny", "merged_half", weight, bias, a, b)
    case.require(half["weight"].dtype == torch.bfloat16, "seminar3.lora.merge_dtype")
    # Added in float32 and rounded once: an update rounded on its own is lost in places.
    wanted = (weight.float() + 2 * b @ a).bfloat16()
    case.require(torch.equal(half["weight"], wanted), "seminar3.lora.merge_rounding")
    case.require(torch.equal(half["bias"], bias), "seminar3.lora.merge_bias")
