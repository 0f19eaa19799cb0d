"""A tour of seminar 3: every piece on a tiny random model or a handful of numbers."""

# %%
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from .comparison import compare_with_base, forgetting, perplexity, text_losses
from .lora import fingerprint, inject, lora_size, merge, trainable
from .nf4 import (
    bits_per_weight,
    dequantize_scales,
    nf4_codebook,
    nf4_dequantize,
    nf4_quantize,
    quantize_scales,
)
from .qlora import memory, quantize_linears
from .task import Example
from .training import Plan, train_lora

torch.manual_seed(20)
toy = LlamaForCausalLM(
    LlamaConfig(
        vocab_size=96,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        initializer_range=0.2,
        tie_word_embeddings=False,
    )
).eval()
ids = torch.randint(3, 96, (2, 8))  # B, T

# %%
# Adapters go in, and not one bit of the answer changes: B is zero.
with torch.no_grad():
    before = toy(input_ids=ids).logits  # B, T, V
predicted = lora_size(toy, ["q_proj", "v_proj"], rank=4)
base_hash = fingerprint(toy)
names = inject(toy, ["q_proj", "v_proj"], rank=4, alpha=8)
with torch.no_grad():
    after = toy(input_ids=ids).logits
counted = sum(p.numel() for p in trainable(toy).values())
print(f"{len(names)} layers adapted, {counted} numbers train (predicted: {predicted})")
print("the same logits, bit for bit:", torch.equal(before, after))

# %%
# At the first step the gradient reaches B alone: A's is a product with B, which is zero.
toy(input_ids=ids, labels=ids).loss.backward()
for name, parameter in list(trainable(toy).items())[:2]:
    print(f"{name}: gradient norm {float(parameter.grad.norm()):.4f}")

# %%
# Training on sixteen questions, with held-out ones beside them. The base's hash stays.
questions = [Example(tuple(torch.randint(3, 96, (5,)).tolist()), 7 + n % 2) for n in range(24)]
history = train_lora(
    toy, questions[:16], questions[16:], Plan(steps=24, batch=8, rate=0.03, every=4)
)
for look in history.looks:
    print(f"step {look.step:2d}: train {look.train:.2f}, held out {look.held_out:.2f}")
print(f"kept: the adapter of step {history.best.step}")
print("the base is unchanged:", fingerprint(toy) == base_hash)

# %%
# Random answers cannot be learned, only stored: the train loss goes to zero, and the held-out loss
# stays far above ln 2 = 0.69, that of a coin. Merging gives a plain model with the same answers.
with torch.no_grad():
    adapted = toy(input_ids=ids).logits
    merge(toy)
    gap = float((toy(input_ids=ids).logits - adapted).abs().max())
print(f"largest change of a logit by merging: {gap:.1e}")

# %%
# NF4: sixteen values, dense near zero; a block of 64 weights shares a scale.
print([round(value, 3) for value in nf4_codebook().tolist()])
weight = torch.randn(256, 128)
packed, absmax = nf4_quantize(weight)
back = nf4_dequantize(packed, absmax, weight.shape)
print(f"{weight.nbytes} bytes became {packed.nbytes} and {absmax.nbytes} of scales")
print(f"relative error {float((back - weight).norm() / weight.norm()):.3f}")
codes, steps, mean = quantize_scales(absmax)
off = float((dequantize_scales(codes, steps, mean) - absmax).abs().max())
print(f"scales in one byte each: off by at most {off:.4f}")
print(f"bits a weight: {bits_per_weight():.3f}, doubly quantized {bits_per_weight(group=256):.3f}")

# %%
# QLoRA: the same model with four-bit layers under the adapters.
plain = memory(toy).weights
quantize_linears(toy)
inject(toy, ["q_proj", "v_proj"], rank=4, alpha=8)
print(f"frozen weights: {plain} bytes, then {memory(toy).weights}")

# %%
# A comparison is paired: what counts are the items where two systems differ.
gold = [1, 0] * 20
worse = [1 - g if n % 3 == 0 else g for n, g in enumerate(gold)]
better = [1 - g if n % 9 == 0 else g for n, g in enumerate(gold)]
found = compare_with_base(gold, worse, better)
low, high = found.difference_interval
print(f"{found.fixed} fixed, {found.broken} broken, p = {found.p:.3f}")
print(f"difference {found.difference:.2f}, 95 % interval {low:.2f} to {high:.2f}")

# %%
# Forgetting: the perplexity of other texts, before and after.
texts = [row.tolist() for row in ids]
losses, counts = text_losses(toy, texts)
print(f"perplexity {perplexity(losses, counts):.1f}: an even guess among 96 words has 96")
ratio, _ = forgetting(losses, [loss + 1 for loss in losses], counts)
print(f"one nat more a text makes it {ratio:.2f} times as large")
