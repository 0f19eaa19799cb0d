"""A tour of seminar 1 on toys: every function once, each on an example one can check by eye."""

# %%
# A toy model: a real Llama of two layers whose next token depends on the last one by a table that
# we choose. So we know every probability, and can see what each decoder does with it.

import math

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from .beam import beam_search, sequence_logprob
from .decoding import greedy, sample
from .filters import Sampling, min_p_filter, top_k_filter, top_p_filter, warp
from .measures import distinct_n, self_bleu, stability
from .reading import Stop


def chain_model(shares: dict[str, dict[str, float]], words: list[str]) -> LlamaForCausalLM:
    """Return a Llama that follows a Markov chain of words."""
    config = LlamaConfig(
        vocab_size=len(words), hidden_size=32, intermediate_size=32, num_hidden_layers=2,
        num_attention_heads=2, tie_word_embeddings=False, bos_token_id=None, eos_token_id=None,
    )  # fmt: skip
    model = LlamaForCausalLM(config).eval()
    table = torch.full((len(words), len(words)), 1e-9)
    for word, following in shares.items():
        for after, share in following.items():
            table[words.index(word), words.index(after)] = share
    with torch.no_grad():
        for layer in model.model.layers:  # the layers add nothing
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        model.model.embed_tokens.weight.copy_(1000 * torch.eye(len(words), 32))
        model.lm_head.weight.zero_()
        model.lm_head.weight[:, : len(words)] = table.log().T / math.sqrt(32)
    return model


# %%
# Filters work on logits. What is out is -inf; what stays is as it was, and softmax shares out the
# rest.

logits = torch.tensor([0.40, 0.25, 0.20, 0.10, 0.05]).log()
for name, kept in {
    "all": logits,
    "top-k 2": top_k_filter(logits, 2),
    "top-p 0.8": top_p_filter(logits, 0.8),
    "min-p 0.4": min_p_filter(logits, 0.4),
    "T 0.5": warp(logits, Sampling(temperature=0.5)),
    "T 0": warp(logits, Sampling(temperature=0.0)),
}.items():
    print(f"{name:10}", [round(share, 3) for share in kept.softmax(-1).tolist()])

# %%
# The smallest counter-example to «beam search is at least as good as greedy». «a» is the likeliest
# start, but goes on in three ways; «b» and «c» go on in one or two, which push all three out of a
# beam of two or three. What greedy finds next is certain, and what the beam kept is not.

words = ["<s>", "a", "b", "c", "x", "y", "z", "u", "v"]
mixed = {"a": 0.4, "b": 0.3, "c": 0.2, "u": 0.1}
model = chain_model(
    {
        "<s>": {"a": 0.42, "b": 0.38, "c": 0.20},
        "a": {"x": 0.34, "u": 0.33, "v": 0.33},
        "b": {"y": 0.5, "z": 0.5},
        "c": {"y": 1.0},
        "x": {"x": 1.0},
        "y": mixed,
        "z": mixed,
        "u": mixed,
        "v": mixed,
    },
    words,
)
prompt = torch.tensor([[0]])
stop = Stop(max_new_tokens=3, eos_id=-1, pad_id=0)
plain = greedy(model, prompt, torch.ones_like(prompt), stop)
whole = torch.cat([prompt, plain], dim=-1)
answer = torch.tensor([[0, 1, 1, 1]])
total = sequence_logprob(model, whole, torch.ones_like(whole), answer).item()
print("greedy ", [words[i] for i in plain[0]], f"p = {math.exp(total):.3f}")
for beams in (2, 3, 4):
    best = beam_search(model, prompt, stop, beams)[0]
    print(f"beam {beams} ", [words[i] for i in best.tokens], f"p = {math.exp(best.logprob):.3f}")

# %%
# Sampling: all chance comes from one generator, so the same seed gives the same texts. Hot is
# diverse, cold repeats itself; stability says how far a score depends on the seed.


def texts_of(settings: Sampling, seed: int) -> list[str]:
    """Draw six texts of the chain."""
    chance = torch.Generator().manual_seed(seed)
    rows = torch.zeros(6, 1, dtype=torch.long)
    longer = Stop(max_new_tokens=6, eos_id=-1, pad_id=0)
    drawn = sample(model, rows, torch.ones_like(rows), longer, settings, generator=chance)
    return [" ".join(words[i] for i in row) for row in drawn.tolist()]


for settings in (Sampling(), Sampling(temperature=0.3), Sampling(top_k=1)):
    texts = texts_of(settings, seed=20)
    print(settings)
    print("   distinct-2", round(distinct_n(texts, 2), 3), "self-BLEU", round(self_bleu(texts), 3))

# %%
# A score for the toy: how many words of a text are «x». Between seeds the mean moves less than one
# prompt's score does: it averages six of them.


def experiment(seed: int) -> tuple[list[str], list[float]]:
    """Draw texts and score them."""
    texts = texts_of(Sampling(), seed)
    return texts, [text.split().count("x") / 6 for text in texts]


print({name: round(value, 3) for name, value in stability(experiment, range(5)).items()})
