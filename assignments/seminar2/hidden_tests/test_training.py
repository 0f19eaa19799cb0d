"""Part "training": the loss, the step, and the batch that is learned by heart."""

from __future__ import annotations

import math

import pytest

IGNORED = -100


def _examples(rng, targets):
    """Return examples with these numbers of targets, and as many prompt tokens as they like."""
    made = []
    for count in targets:
        prompt = rng.randint(2, 5) if made else 1  # once, the second token is a target
        ids = [rng.randint(3, 60) for _ in range(prompt + count)]
        made.append({"input_ids": ids, "labels": [IGNORED] * prompt + ids[prompt:]})
    return made


def _settings(**changes):
    return {"microbatches": 1, "max_norm": 1e9, "lr": 0.05, "dirty": False, **changes}


def _close(one, other, tolerance=2e-3):
    return all(
        math.isclose(a, b, rel_tol=tolerance, abs_tol=1e-4) for a, b in zip(one, other, strict=True)
    )


def _same(one, other):
    """Tell whether two fingerprints are those of the same weights."""
    return all(
        math.isclose(a, b, rel_tol=1e-3, abs_tol=2e-5)
        for name in other
        for a, b in zip(one[name], other[name], strict=True)
    )


@pytest.mark.points("0.30", key="seminar2.training.loss", part="training")
def test_the_loss_is_a_sum_over_shifted_targets(student, clean, case, rng, seed):
    examples = _examples(rng, (1, 4, 2))
    examples[1]["labels"][0] = examples[1]["input_ids"][0]  # nobody predicts a first token
    model = seed % 10_000
    total, count = student.drive("tiny", "loss", model, examples)
    wanted = sum(clean.drive("oracle", "losses", model, examples, 1))
    mistakes = {
        sum(clean.drive("oracle", "losses", model, examples, 0)): "seminar2.training.unshifted",
        sum(clean.drive("oracle", "losses", model, examples, 2)): "seminar2.training.shifted_twice",
        wanted / 7: "seminar2.training.mean",
        wanted / 3: "seminar2.training.mean",
        wanted: "",
    }
    message = mistakes[min(mistakes, key=lambda value: abs(total - value))]
    case.require(not message, message)
    case.require(math.isclose(total, wanted, rel_tol=1e-3), "seminar2.training.loss_value")
    case.require(count == 7, "seminar2.training.count", got=count)
    nothing = [
        {"input_ids": e["input_ids"], "labels": [IGNORED] * len(e["labels"])} for e in examples
    ]
    case.require(
        student.drive("tiny", "loss", model, nothing) == [0.0, 0], "seminar2.training.no_targets"
    )


@pytest.mark.points("0.30", key="seminar2.training.step", part="training")
def test_a_step_is_that_of_the_whole_batch(student, clean, case, rng, seed):
    batches = [_examples(rng, (1, 5, 2)), _examples(rng, (3, 1))]
    model = seed % 10_000
    got = student.drive("tiny", "steps", model, batches, _settings(dirty=True))
    case.require(got["steps"] == len(batches), "seminar2.training.steps", n=got["steps"])
    wanted = clean.drive("oracle", "steps", model, batches, 0.05, 1e9)
    case.require(_close(got["losses"][:1], wanted["losses"][:1]), "seminar2.training.first_loss")
    case.require(_close(got["losses"], wanted["losses"]), "seminar2.training.dirty_gradients")
    case.require(_same(got["weights"], wanted["weights"]), "seminar2.training.weights")
    case.require(not got["gradients_left"], "seminar2.training.gradients_left")
    limit = min(wanted["norms"]) / 4
    clipped = clean.drive("oracle", "steps", model, batches, 0.05, limit)
    got = student.drive("tiny", "steps", model, batches, _settings(max_norm=limit))
    case.require(not _same(got["weights"], wanted["weights"]), "seminar2.training.not_clipped")
    case.require(_same(got["weights"], clipped["weights"]), "seminar2.training.clipped_wrong")
    empty = [{"input_ids": [5, 6, 7], "labels": [5, IGNORED, IGNORED]}]
    case.require(
        student.drive("tiny", "refuses_no_targets", model, empty),
        "seminar2.training.nothing_learned",
    )


@pytest.mark.points("0.40", key="seminar2.training.microbatches", part="training")
def test_microbatches_add_up_to_the_batch(student, clean, case, rng, seed):
    batches = [_examples(rng, rng.sample((1, 2, 4, 7, 9), 5)) for _ in range(2)]
    model = seed % 10_000
    wanted = clean.drive("oracle", "steps", model, batches, 0.05, 1e9)
    limit = min(wanted["norms"]) / 3
    clipped = clean.drive("oracle", "steps", model, batches, 0.05, limit)
    for count in (2, 3, 5):
        got = student.drive("tiny", "steps", model, batches, _settings(microbatches=count))
        case.require(
            max(got["sizes"]) <= math.ceil(5 / count), "seminar2.training.not_cut", n=count
        )
        case.require(len(got["sizes"]) <= 2 * count, "seminar2.training.too_many_pieces", n=count)
        case.require(got["steps"] == 2, "seminar2.training.step_per_piece", n=count)
        case.require(sum(got["sizes"]) == 10, "seminar2.training.rows_lost", n=count)
        same = _same(got["weights"], wanted["weights"])
        case.require(same, "seminar2.training.mean_of_means", n=count)
        case.require(_close(got["losses"], wanted["losses"]), "seminar2.training.reported_loss")
        tight = _settings(microbatches=count, max_norm=limit)
        got = student.drive("tiny", "steps", model, batches, tight)
        case.require(
            _same(got["weights"], clipped["weights"]), "seminar2.training.clipped_pieces", n=count
        )
    many = student.drive("tiny", "steps", model, batches[:1], _settings(microbatches=9))
    case.require(
        sum(many["sizes"]) == 5 and 0 not in many["sizes"], "seminar2.training.empty_piece"
    )


@pytest.mark.points("0.30", key="seminar2.training.overfit", part="training")
def test_one_batch_is_learned_by_heart(student, clean, case, rng, seed):
    examples = _examples(rng, (3, 5, 4, 2))
    for number, example in enumerate(examples):
        example["input_ids"][0] = 10 + number  # or equal prompts could want different answers
    model, steps, lr = seed % 10_000, 60, 3e-3
    got = student.drive("tiny", "overfit", model, examples, steps, lr)
    case.require(
        len(got["losses"]) == steps, "seminar2.training.losses_count", n=len(got["losses"])
    )
    case.require(got["steps"] == steps, "seminar2.training.steps", n=got["steps"])
    first = sum(clean.drive("oracle", "losses", model, examples, 1)) / 14
    case.require(
        math.isclose(got["losses"][0], first, rel_tol=2e-3), "seminar2.training.first_is_untrained"
    )
    names = {own["name"] for own in got["optimizers"]}
    case.require(names == {"AdamW"}, "seminar2.training.optimizer", got=", ".join(sorted(names)))
    case.require(len(got["optimizers"]) == 1, "seminar2.training.optimizer_anew")
    own = got["optimizers"][0]
    case.require(own["decay"] == 0, "seminar2.training.decay")
    case.require(math.isclose(own["lr"], lr), "seminar2.training.rate")
    case.require(got["losses"][-1] < 0.1, "seminar2.training.not_learned")
    case.require(not got["frozen_moved"], "seminar2.training.frozen_moved")
    case.require(got["trained_in_training_mode"], "seminar2.training.eval_mode")
    case.require(got["mode_after"] is False, "seminar2.training.mode_changed")
    for example, said in zip(examples, got["said"], strict=True):
        for at, label in enumerate(example["labels"][1:]):
            case.require(label in (IGNORED, said[at]), "seminar2.training.says_otherwise")
