"""Examples. The hidden tests ask for more, on inputs of their own."""

from __future__ import annotations

import math

import pytest

WORDS = ["<unk>", "<bos>", "<start>", "<end>", "\n", "system", "user", "assistant", "sum", "up"]


@pytest.mark.points("1", key="seminar2.open.normalize", part="cleaning")
def test_an_untidy_text_becomes_plain(student, case):
    got = student.call("cleaning:normalize", "\ufeffCafe\u0301\u00a0 au\u200b  lait\r\n\n \nx²  \n")
    case.require(got == "Café au lait\n\nx²", "seminar2.open.normalize.failed")


@pytest.mark.points("1", key="seminar2.open.exact_dedup", part="cleaning")
def test_the_smallest_id_of_equal_texts_stays(student, case):
    texts = {"c": "Return the MEAN", "b": "return  the\nmean", "a": "Return the sum"}
    rows = [{"id": name, "text": text} for name, text in texts.items()]
    got = case.shaped(student.call("cleaning:exact_dedup", rows), [{"id": str}])
    case.require([row["id"] for row in got] == ["a", "b"], "seminar2.open.exact_dedup.failed")


@pytest.mark.points("1", key="seminar2.open.mask_pii", part="cleaning")
def test_an_address_is_masked_and_a_decorator_is_not(student, case):
    text = "Write to a.b@example.com. Use @property on 127.0.0.1"
    got = case.shaped(student.call("cleaning:mask_pii", text), (str, {"EMAIL": int}))
    wanted = "Write to [EMAIL]. Use @property on 127.0.0.1"
    case.require(got[0] == wanted and got[1]["EMAIL"] == 1, "seminar2.open.mask_pii.failed")


@pytest.mark.points("1", key="seminar2.open.minhash", part="near")
def test_half_of_the_minima_of_half_equal_sets_agree(student, case):
    items = [f"item {k}" for k in range(90)]
    one, other = (
        student.call("near_duplicates:minhash", own, 512, 1) for own in (items[:60], items[30:])
    )
    share = sum(a == b for a, b in zip(one, other, strict=True)) / 512
    case.require(abs(share - 1 / 3) < 0.1, "seminar2.open.minhash.failed")


@pytest.mark.points("1", key="seminar2.open.split", part="splitting")
def test_groups_and_links_stay_together(student, case):
    rows = [{"id": f"r{k:02}", "group": f"g{k // 2}"} for k in range(40)]
    got = student.call("splitting:group_split", rows, [("r01", "r02")], 0.25, 1)
    parts = case.shaped(got, {"train": [{"id": str}], "validation": [{"id": str}]})
    side = {row["id"]: name for name in ("train", "validation") for row in parts[name]}
    pairs = [(f"r{k:02}", f"r{k + 1:02}") for k in range(0, 40, 2)]
    together = all(side[a] == side[b] for a, b in [*pairs, ("r01", "r02")])
    case.require(together, "seminar2.open.split.failed")


@pytest.mark.points("1", key="seminar2.open.chat_mask", part="sequences")
def test_the_answer_and_its_end_are_learned(student, case):
    chat = [{"role": "user", "content": "sum"}, {"role": "assistant", "content": "up"}]
    got = student.drive("tiny", "chat", WORDS, [chat], True)[0]
    case.require(got["input_ids"].count(1) == 1, "seminar2.sequences.bos_twice", n=2)
    learned = [WORDS[label] for label in got["labels"] if label != -100]
    case.require(learned == ["up", "<end>"], "seminar2.open.chat_mask.failed")


@pytest.mark.points("1", key="seminar2.open.pack", part="sequences")
def test_three_examples_share_two_rows(student, case):
    examples = [{"input_ids": ids, "labels": ids} for ids in ([3, 4], [5, 6, 7, 8], [9, 10, 11])]
    packed = student.drive("tiny", "packs", examples, 6)
    case.require(packed is not None, "seminar2.sequences.pack_refuses")
    same = [row["input_ids"] for row in packed] == [[5, 6, 7, 8, 3, 4], [9, 10, 11]]
    case.require(same, "seminar2.open.pack.failed")
    labels = [-100, 6, 7, 8, -100, 4]
    case.require(packed[0]["labels"] == labels, "seminar2.sequences.border_learned")


@pytest.mark.points("1", key="seminar2.open.microbatches", part="training")
def test_two_microbatches_are_the_same_step(student, case):
    batch = [
        {"input_ids": [3, 4, 5, 6, 7, 8], "labels": [-100, 4, 5, 6, 7, 8]},
        {"input_ids": [9, 10], "labels": [-100, 10]},
    ]
    settings = {"max_norm": 1e9, "lr": 0.1, "dirty": False}
    one, two = (
        student.drive("tiny", "steps", 5, [batch], {**settings, "microbatches": count})
        for count in (1, 2)
    )
    same = math.isclose(one["losses"][0], two["losses"][0], rel_tol=1e-4)
    near = all(
        math.isclose(a, b, rel_tol=1e-3, abs_tol=1e-5)
        for name in one["weights"]
        for a, b in zip(one["weights"][name], two["weights"][name], strict=True)
    )
    case.require(same and near, "seminar2.open.microbatches.failed")
