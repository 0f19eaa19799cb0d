"""Part "training": encoding, masking, the loss, LoRA and the loop, on tiny random Llamas."""

from __future__ import annotations

import json
import math

import pytest

IGNORED = -100


def _labelled(texts, rng):
    return [
        {"id": f"t{place}", "headline": text, "label": rng.randint(0, 1)}
        for place, text in enumerate(texts)
    ]


def _targets(example):
    return [label for label in example["labels"] if label != IGNORED]


@pytest.mark.points("0.10", key="hw1.training.label_words", part="training")
def test_label_words_are_two_different_single_tokens(student, case, ask, invent):
    words = student.drive("tiny", "label_words")
    case.require(len(words) == 2 and words[0] != words[1], "hw1.training.two_label_words")
    for word, ids in zip(words, student.drive("tiny", "ids_of", words), strict=True):
        case.require(len(ids) == 1, "hw1.training.label_word_long", word=word, n=len(ids))
    for headline in invent(3):
        prompt = ask(str, "training:build_prompt", headline)
        case.require(headline in prompt, "hw1.training.prompt_without_headline")
        case.require(prompt == prompt.rstrip(), "hw1.training.prompt_ends_with_space")


@pytest.mark.points("0.20", key="hw1.training.encode_labels", part="training")
def test_only_the_answer_and_the_end_are_targets(student, clean, case, ask, rng, invent, encoded):
    rows = _labelled(invent(6), rng)
    prompts = [ask(str, "training:build_prompt", row["headline"]) for row in rows]
    words = student.drive("tiny", "label_words")
    special = clean.drive("oracle", "specials")
    ids = clean.drive("oracle", "ids_of", [*words, *prompts])
    for row, prompt, example in zip(rows, ids[2:], encoded(rows, 256), strict=True):
        answer = ids[row["label"]]
        targets = _targets(example)
        case.require(
            len(example["labels"]) == len(example["input_ids"]), "hw1.training.labels_length"
        )
        case.require(targets[-1:] == [special["eos"]], "hw1.training.eos_untrained")
        other = ids[1 - row["label"]]
        case.require(targets[:-1] != other, "hw1.training.labels_swapped")
        case.require(len(targets) <= 2, "hw1.training.prompt_trained", n=len(targets))
        case.require(targets == [*answer, special["eos"]], "hw1.training.answer_untrained")
        tail = example["input_ids"][-len(targets) :]
        case.require(example["labels"][-len(targets) :] == tail, "hw1.training.labels_shifted")
        case.require(
            example["input_ids"] == [*prompt, *tail], "hw1.training.prompt_ids", label=row["label"]
        )


@pytest.mark.points("0.15", key="hw1.training.encode_truncation", part="training")
def test_truncation_takes_from_the_headline_and_never_from_the_answer(
    student, case, ask, rng, invent, encoded
):
    short = _labelled(invent(1, 4), rng)
    long = [{**short[0], "headline": " ".join(invent(12))}]
    whole = encoded(short, 256)[0]
    limit = len(whole["input_ids"]) + rng.randint(5, 15)
    cut = encoded(long, limit)[0]
    length = len(cut["input_ids"])
    case.require(length <= limit, "hw1.training.too_long", n=length, limit=limit)
    case.require(len(_targets(cut)) == 2, "hw1.training.answer_truncated")
    case.require(_targets(cut) == _targets(whole), "hw1.training.answer_truncated")
    case.require(length >= limit - 3, "hw1.training.truncated_too_much", n=length, limit=limit)
    # What follows the headline in the prompt asks the question: it must survive the cut.
    empty = ask(str, "training:build_prompt", "\x00").split("\x00")
    text = student.drive("tiny", "decoded", [cut["input_ids"]])[0]
    case.require(empty[-1].strip() in text, "hw1.training.question_truncated")
    case.require(empty[0].strip() in text, "hw1.training.question_truncated")


@pytest.mark.points("0.10", key="hw1.training.encode_bos", part="training")
def test_bos_is_never_doubled(student, case, rng, invent):
    pairs = [[text, rng.randint(0, 1)] for text in invent(3)]
    special = student.drive("tiny", "specials")
    plain = student.drive("tiny", "encode", pairs, 256, False)
    opened = student.drive("tiny", "encode", pairs, 256, True)
    for without, example in zip(plain, opened, strict=True):
        extra = example["input_ids"].count(special["bos"]) - without["input_ids"].count(
            special["bos"]
        )
        case.require(extra <= 1, "hw1.training.bos_twice", n=extra)
        case.require(
            extra == 0 or example["input_ids"][0] == special["bos"], "hw1.training.bos_inside"
        )
        case.require(special["bos"] not in _targets(example), "hw1.training.bos_trained")


@pytest.mark.points("0.20", key="hw1.training.collate", part="training")
def test_batches_are_padded_on_the_right_and_masked_by_length(student, case, rng):
    pad = rng.choice((0, 2))
    examples = []
    for length in rng.sample(range(3, 12), 4):
        ids = [rng.randint(3, 900) for _ in range(length - 1)] + [pad]  # pad is also EOS
        ids[rng.randrange(length - 2)] = pad  # and it may stand inside a prompt
        examples.append({"input_ids": ids, "labels": [IGNORED] * (length - 2) + ids[-2:]})
    batch = student.drive("tiny", "collate", examples, pad)
    types = sorted(set(batch["types"].values()))
    case.require(types == ["torch.int64"], "hw1.training.collate_types", types=", ".join(types))
    rows = batch["rows"]
    width = max(len(example["input_ids"]) for example in examples)
    for place, example in enumerate(examples):
        ids, gap = example["input_ids"], width - len(example["input_ids"])
        got = {name: rows[name][place] for name in rows}
        case.require(len(got["input_ids"]) == width, "hw1.training.collate_width")
        left = gap and got["input_ids"] == [pad] * gap + ids
        case.require(not left, "hw1.training.collate_left")
        case.require(got["input_ids"] == ids + [pad] * gap, "hw1.training.collate_ids")
        by_value = got["attention_mask"] == [int(token != pad) for token in got["input_ids"]]
        case.require(not by_value, "hw1.training.mask_by_pad_id")
        case.require(
            got["attention_mask"] == [1] * len(ids) + [0] * gap, "hw1.training.collate_mask"
        )
        wanted = example["labels"] + [IGNORED] * gap
        case.require(got["labels"][len(ids) - 1] == pad, "hw1.training.eos_masked")
        case.require(got["labels"] == wanted, "hw1.training.collate_labels")


def _cross_entropy(logits, labels):
    """Return the loss sum by hand: position t predicts label t + 1."""
    total = 0.0
    for row, marks in zip(logits, labels, strict=True):
        for scores, label in zip(row[:-1], marks[1:], strict=True):
            if label != IGNORED:
                top = max(scores)
                total += top + math.log(sum(math.exp(s - top) for s in scores)) - scores[label]
    return total


@pytest.mark.points("0.20", key="hw1.training.loss", part="training")
def test_the_loss_is_a_sum_over_shifted_target_tokens(student, case, rng):
    batch, length, words = 4, 7, 11
    logits = [
        [[rng.gauss(0, 3) for _ in range(words)] for _ in range(length)] for _ in range(batch)
    ]
    labels = [
        [rng.randrange(words) if rng.random() < 0.5 else IGNORED for _ in range(length)]
        for _ in range(batch)
    ]
    labels[0][1] = labels[1][-1] = labels[2][0] = 3
    expected = _cross_entropy(logits, labels)
    targets = sum(label != IGNORED for row in labels for label in row[1:])
    total, count = student.drive("tiny", "loss", logits, labels)

    unshifted = _cross_entropy([[*row, row[-1]] for row in logits], [[0, *row] for row in labels])
    twice = _cross_entropy([row[:-1] for row in logits], [row[1:] for row in labels])
    mistakes = {
        unshifted: "hw1.training.loss_unshifted",
        twice: "hw1.training.loss_shifted_twice",
        expected / targets: "hw1.training.loss_is_mean",
        expected / batch: "hw1.training.loss_is_mean",
        expected: "",
    }
    message = mistakes[min(mistakes, key=lambda value: abs(total - value))]
    case.require(not message, message)
    case.require(math.isclose(total, expected, rel_tol=1e-4), "hw1.training.loss_value")
    case.require(count != batch, "hw1.training.count_is_batch")
    case.require(count == targets, "hw1.training.count_wrong", got=count)
    halves = [student.drive("tiny", "loss", logits[s], labels[s]) for s in (slice(2), slice(2, 4))]
    together = sum(half[0] for half in halves)
    case.require(math.isclose(together, expected, rel_tol=1e-4), "hw1.training.microbatches_differ")
    nothing = student.drive("tiny", "loss", logits, [[IGNORED] * length] * batch)
    case.require(nothing == [0.0, 0], "hw1.training.no_targets")


def _lora(rng):
    rank = rng.choice((2, 3, 4))
    targets = rng.choice((["q_proj", "v_proj"], ["k_proj", "o_proj"], ["v_proj", "up_proj"]))
    return {"rank": rank, "alpha": rank * rng.choice((1, 3)), "dropout": 0.5, "targets": targets}


SIZES = {"q_proj": (32, 32), "k_proj": (32, 16), "v_proj": (32, 16), "o_proj": (32, 32)}
SIZES["up_proj"] = (32, 48)


@pytest.mark.points("0.15", key="hw1.training.lora_added", part="training")
def test_lora_adds_a_and_b_to_the_targets_and_changes_no_logit(student, case, rng, seed):
    lora = _lora(rng)
    ids = [rng.randrange(3, 900) for _ in range(6)]
    got = student.drive("tiny", "add_lora", seed % 10_000, lora, ids)
    names = got["trainable"]
    plain = sum("lora_" not in name for name in names)
    case.require(plain == 0, "hw1.training.base_trainable", n=plain)
    wanted = {}
    for layer in (0, 1):
        for target in lora["targets"]:
            inputs, outputs = SIZES[target]
            wanted[layer, target, "A"] = [lora["rank"], inputs]
            wanted[layer, target, "B"] = [outputs, lora["rank"]]
    found = {}
    for name, shape in names.items():
        piece = name.split(".lora_")
        layer = int(name.split(".layers.")[1].split(".")[0])
        found[layer, piece[0].rsplit(".", 1)[1], piece[1][0]] = shape
    modules = {key[1] for key in found}
    case.require(
        modules == set(lora["targets"]), "hw1.training.lora_targets", got=", ".join(sorted(modules))
    )
    case.require(found == wanted, "hw1.training.lora_rank")
    case.require(got["difference"] == 0.0, "hw1.training.lora_moves_logits")


@pytest.mark.points("0.10", key="hw1.training.lora_scaling", part="training")
def test_lora_is_scaled_by_alpha_over_rank(student, clean, case, rng, seed):
    lora = {**_lora(rng), "alpha": 8, "rank": 2, "dropout": 0.25}
    ids = [rng.randrange(3, 900) for _ in range(6)]
    got = student.drive("tiny", "scaled_lora", seed % 10_000, lora, ids)
    scaling = lora["alpha"] / lora["rank"]
    expected = clean.drive("oracle", "merged_logits", seed % 10_000, got["factors"], scaling, ids)
    gap = max(abs(a - b) for a, b in zip(got["logits"], expected, strict=True))
    case.require(gap <= 1e-3 * max(map(abs, expected)), "hw1.training.lora_scaling_wrong")


def _config(**changes):
    config = {"steps": 4, "batch_size": 3, "microbatches": 1, "lr": 0.03, "warmup": 1}
    return {**config, "max_length": 96, "seed": 7, "weight_decay": 0.0, **changes}


def _close(got, expected):
    return len(got) == len(expected) and all(
        math.isclose(a, b, rel_tol=2e-3, abs_tol=1e-4) for a, b in zip(got, expected, strict=True)
    )


@pytest.mark.points("0.15", key="hw1.training.train_loss", part="training")
def test_training_equals_a_replay_on_whole_batches(
    student, clean, case, rng, seed, invent, encoded
):
    rows = _labelled(invent(3, 3, plain=True), rng)  # in two pieces of different sizes
    config = _config(microbatches=2, weight_decay=0.1, seed=rng.randint(0, 999))
    got = student.drive("tiny", "train", seed % 10_000, rows, config)
    case.require(len(got["losses"]) == config["steps"], "hw1.training.losses_per_step")
    case.require(bool(got["steps"]), "hw1.training.no_optimizer")
    case.require(
        len(got["steps"]) == config["steps"], "hw1.training.step_count", n=len(got["steps"])
    )
    examples = encoded(rows, config["max_length"])
    expected = clean.drive(
        "oracle", "replay", seed % 10_000, got["initial"], examples, got["steps"]
    )
    case.require(_close(got["losses"][:1], expected[:1]), "hw1.training.first_loss")
    case.require(_close(got["losses"], expected), "hw1.training.trajectory")
    case.require(not got["moved"], "hw1.training.base_moved", n=len(got["moved"]))


@pytest.mark.points("0.05", key="hw1.training.train_schedule", part="training")
def test_the_rate_warms_up_and_decays_and_gradients_are_clipped(student, case, rng, seed, invent):
    rows = _labelled(invent(3, 3, plain=True), rng)
    config = _config(steps=8, warmup=3, batch_size=1, lr=0.003, weight_decay=0.05)
    steps = student.drive("tiny", "train", seed % 10_000, rows, config)["steps"]
    case.require(bool(steps), "hw1.training.no_optimizer")
    case.require({step["optimizer"] for step in steps} == {"AdamW"}, "hw1.training.optimizer_other")
    rates = [step["lr"] for step in steps]
    top = rates.index(max(rates))
    case.require(rates[0] < 0.75 * config["lr"], "hw1.training.no_warmup")
    case.require(
        1 <= top <= 4 and rates[: top + 1] == sorted(rates[: top + 1]), "hw1.training.no_warmup"
    )
    case.require(abs(max(rates) - config["lr"]) < 0.26 * config["lr"], "hw1.training.rate_peak")
    case.require(rates[-1] <= 0.5 * config["lr"], "hw1.training.no_decay")
    case.require(rates[top:] == sorted(rates[top:], reverse=True), "hw1.training.no_decay")
    norm = max(step["norm"] for step in steps)
    case.require(norm <= 1.001, "hw1.training.not_clipped")
    decay = {step["weight_decay"] for step in steps}
    case.require(decay == {config["weight_decay"]}, "hw1.training.weight_decay_ignored")


@pytest.mark.points("0.05", key="hw1.training.train_seed", part="training")
def test_training_depends_on_its_seed_alone(student, case, rng, seed, invent):
    rows = _labelled(invent(12, 3, plain=True), rng)
    config = _config(steps=2, batch_size=2)
    runs = [student.drive("tiny", "train", seed % 10_000, rows, config) for _ in range(2)]
    case.require(runs[0]["losses"] == runs[1]["losses"], "hw1.training.not_deterministic")
    case.require(runs[0]["final"] == runs[1]["final"], "hw1.training.not_deterministic")
    other = student.drive("tiny", "train", seed % 10_000, rows, {**config, "seed": 8})
    case.require(other["losses"] != runs[0]["losses"], "hw1.training.seed_ignored")
    case.require(not runs[0]["training_mode"], "hw1.training.left_in_training_mode")


@pytest.mark.points("0.05", key="hw1.training.adapter_saved", part="training")
def test_a_saved_adapter_comes_back_with_its_task(student, case, seed, invent):
    headline = invent(1)[0]
    words = student.drive("tiny", "label_words")
    got = student.drive("tiny", "save_and_load", seed % 10_000, headline)
    for name in ("adapter_config.json", "adapter_model.safetensors", "task.json"):
        case.require(name in got["files"], "hw1.training.adapter_file_missing", name=name)
    case.require(got["difference"] == 0.0, "hw1.training.adapter_differs")
    try:
        task = json.loads(got["task"])
        text = task["template"].replace("{headline}", headline)
        labels = task["labels"]
    except (ValueError, KeyError, TypeError, AttributeError):
        case.fail("hw1.training.task_unreadable")
    case.require(text == got["prompt"], "hw1.training.template_differs")
    case.require(labels == words, "hw1.training.task_labels")
