"""A tour of seminar 7: each function once, on a tiny random model; nothing to download."""

# %%
# A model with random weights speaks nonsense, but it computes as a large one does.
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from .cache import kv_bytes
from .metrics import throughput, tpot, ttft
from .model import decode, from_transformers, prefill
from .protocol import Head, chunk, sse
from .quantize import int4_dequantize, int4_quantize, int8_dequantize, int8_quantize
from .scheduler import Request, Scheduler
from .speculative import (
    LookupDrafter,
    ModelDrafter,
    Session,
    expected_tokens,
    prompt_lookup,
    speculative_generate,
)

torch.manual_seed(20)
theirs = LlamaForCausalLM(
    LlamaConfig(
        vocab_size=256,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=128,
        initializer_range=0.2,
    )
).eval()
model = from_transformers(theirs)
text = [17, 4, 99, 23, 4, 99]

# %%
# A prompt is read once; after that each token costs one position, and the logits are the same.
cache = model.cache(rows=1, capacity=32)
first = prefill(model, cache, torch.tensor([text]), [len(text)])
second = decode(model, cache, first.argmax(-1))
with torch.no_grad():
    uncached = theirs(torch.tensor([[*text, int(first.argmax())]])).logits[0, -1]
print("largest difference from a pass without a cache:", float((second[0] - uncached).abs().max()))
print("bytes of a token's keys and values:", kv_bytes(model.shape, 1, torch.float32))

# %%
# Continuous batching: two rows, three requests; the third comes in when the second is done.
scheduler = Scheduler(model, rows=2, capacity=32)
for name, limit in (("long", 8), ("short", 3), ("waits", 4)):
    scheduler.submit(Request(name, text, limit))
while scheduler.busy:
    done = [request.name for request in scheduler.step()]
    print("running:", [request.name for request in scheduler.running], "done:", done)

# %%
# Latency and throughput of one request that came at 0 s.
times = [0.4, 0.5, 0.6, 0.7]
print("TTFT", ttft(0.0, times), "TPOT", tpot(times), "tokens/s", throughput([0.0], [times]))

# %%
# Fewer bits, larger steps: the error of a weight is at most half a scale.
weight = torch.randn(8, 64)
eight, scale = int8_quantize(weight)
packed, scales = int4_quantize(weight, 32)
print("int8 error", float((weight - int8_dequantize(eight, scale)).abs().max()))
print("int4 error", float((weight - int4_dequantize(packed, scales)).abs().max()))

# %%
# Speculative decoding with a draft that is always right, and by looking into the prompt.
told = speculative_generate(
    Session(model, 64), ModelDrafter(Session(model, 64)), text, max_new_tokens=40, k=4
)
print(len(told.tokens), "tokens in", told.forwards, "forwards, acceptance", told.acceptance)
print("after 4, 99 there came:", prompt_lookup(text, count=2))
told = speculative_generate(Session(model, 64), LookupDrafter(256), text, max_new_tokens=40, k=4)
print("prompt lookup:", told.forwards, "forwards, acceptance", round(told.acceptance, 2))
print("tokens a forward at acceptance 0.7, K = 4:", round(expected_tokens(0.7, 4), 2))

# %%
# What a client of the endpoint reads.
print(sse(chunk(Head("chatcmpl-1", 0, "tiny"), {"content": "Привет"})))
