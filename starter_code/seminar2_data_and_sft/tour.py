"""Seminar 2 in small: every function once, on data that fit on the screen."""

# %%
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from .cleaning import exact_dedup, mask_pii, normalize, quality_filter
from .near_duplicates import jaccard, minhash, minhash_lsh, near_dedup, shingles
from .sequences import IGNORED, chat_mask, collate, collate_packed, pack
from .splitting import contamination_ngrams, group_split
from .training import overfit_one_batch, train_step

# %%
# Cleaning. One spelling first: everything behind it compares characters.
print(repr(normalize("A\u00a0zero\u200bwidth  cafe\u0301\r\n\r\n\r\nx\u00b2\t")))
rows = [
    {"id": "b", "group": "p", "text": "Return the mean of the values."},
    {"id": "a", "group": "p", "text": "return  THE mean of the values."},
    {"id": "c", "group": "q", "text": "Return the sum of the squares of all values in the list."},
    {"id": "d", "group": "r", "text": "Return the sum of the squares of all values in the array."},
]
unique = exact_dedup(rows)
print([row["id"] for row in unique], "are left of", len(rows))

# %%
# Personal data, and what only looks like it.
print(mask_pii("Mail a.b@example.com. or +7 912 345-67-89; not @property, 127.0.0.1, 2024-01-15"))
print(quality_filter("home docs search login register download contact about"))

# %%
# Near-duplicates: the share of equal minima estimates the Jaccard of the shingles.
one, other = (shingles(row["text"], 3) for row in rows[2:])
first, second = (minhash(own, 256, seed=1) for own in (one, other))
estimate = sum(a == b for a, b in zip(first, second, strict=True)) / 256
print(f"Jaccard {jaccard(one, other):.3f}, MinHash {estimate:.3f}")
print(minhash_lsh([row["text"] for row in unique], 0.6), [r["id"] for r in near_dedup(unique, 0.6)])

# %%
# What must not cross the border between training and test.
print(contamination_ngrams(["the cat sat on the mat"], ["a cat sat on it", "sat on"], 3))
parts = group_split(unique, [("c", "d")], share=0.5, seed=1)
print({name: [row["id"] for row in part] for name, part in parts.items()})

# %%
# A conversation as tokens. The toy tokenizer knows words; its pad token is its EOS.
EOS = "<eos>"
WORDS = [EOS, "user", "assistant", ":", "sum", "up", "the", "text", "a", "mean", "of", "it"]
backend = Tokenizer(models.WordLevel({word: n for n, word in enumerate(WORDS)}, WORDS[-1]))
backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, eos_token=EOS, pad_token=EOS)
tokenizer.chat_template = (
    "{% for m in messages %}{{ m['role'] + ' : ' + m['content'] + ' <eos> ' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant : ' }}{% endif %}"
)
chats = [
    [{"role": "user", "content": "sum up"}, {"role": "assistant", "content": "a mean of the text"}],
    [{"role": "user", "content": "the text"}, {"role": "assistant", "content": "it"}],
]
examples = [chat_mask(tokenizer, chat) for chat in chats]
for example in examples:
    read = tokenizer.convert_ids_to_tokens(example["input_ids"])
    pairs = zip(read, example["labels"], strict=True)
    print(" ".join(word.upper() if label != IGNORED else word for word, label in pairs))

# %%
# Two ways to a rectangle: padding wastes places, packing hides examples from each other.
padded = collate(examples, tokenizer.pad_token_id)
print(padded["attention_mask"])
packed = pack(examples, 24)
print(packed[0]["segments"], packed[0]["position_ids"])
print(collate_packed(packed, tokenizer.pad_token_id)["attention_mask"][0, 0].int())

# %%
# Training: the same step however it is cut, and a batch learned by heart.
torch.manual_seed(1)
config = LlamaConfig(
    vocab_size=len(WORDS),
    hidden_size=64,
    intermediate_size=128,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    pad_token_id=0,
)
weights = LlamaForCausalLM(config).state_dict()
for microbatches in (1, 2):
    model = LlamaForCausalLM(config)
    model.load_state_dict(weights)
    loss = train_step(model, torch.optim.SGD(model.parameters(), lr=0.1), padded, microbatches)
    print(microbatches, f"{loss:.6f}", f"{float(model.lm_head.weight.detach().abs().sum()):.6f}")
losses = overfit_one_batch(model, padded, steps=30, lr=3e-3)
print(f"by heart: {losses[0]:.2f} → {losses[-1]:.3f}")
