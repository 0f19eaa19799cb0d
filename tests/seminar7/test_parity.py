"""The engine held to transformers: logits, `generate`, assisted generation, prompt lookup."""

import pytest
import torch

from reference.seminar7_inference import cache as caches
from reference.seminar7_inference import model as engine
from reference.seminar7_inference.scheduler import Request, Scheduler
from reference.seminar7_inference.speculative import (
    LookupDrafter,
    ModelDrafter,
    Session,
    speculative_generate,
)

pytestmark = pytest.mark.slow

PROMPT = [3, 77, 120, 9, 77, 120, 200, 3, 77]


def _generate(model, prompt, new, **how):
    ids = torch.tensor([prompt])
    how = {"do_sample": False, "eos_token_id": None, "pad_token_id": 259, **how}
    mask = torch.ones_like(ids)
    out = model.generate(ids, attention_mask=mask, max_new_tokens=new, **how)
    return out[0, len(prompt) :].tolist()


@pytest.mark.parametrize("cuts", [[9], [1, 2, 3, 9], [4, 5, 9], [8, 9]])
def test_logits_in_pieces_equal_transformers_logits(tiny, cuts):
    model, ours = tiny
    with torch.no_grad():
        full = model(torch.tensor([PROMPT])).logits[0]
    cache, start, got = ours.cache(1, len(PROMPT)), 0, []
    for end in cuts:
        got.append(engine.extend(ours, cache, torch.tensor([PROMPT[start:end]]))[0])
        start = end
    torch.testing.assert_close(torch.cat(got), full, rtol=0, atol=2e-5)


def test_a_ragged_batch_equals_generate_on_a_left_padded_one(tiny):
    model, ours = tiny
    prompts = [PROMPT, PROMPT[:4], PROMPT[2:8]]
    ids = torch.tensor([[259] * (9 - len(p)) + p for p in prompts])
    mask = (torch.arange(9) >= torch.tensor([[9 - len(p)] for p in prompts])).long()
    out = model.generate(
        ids, attention_mask=mask, max_new_tokens=12, do_sample=False, eos_token_id=None,
        pad_token_id=259,
    )  # fmt: skip
    scheduler = Scheduler(ours, rows=2, capacity=24)
    requests = [Request(str(place), prompt, 12) for place, prompt in enumerate(prompts)]
    for request in requests:
        scheduler.submit(request)
    scheduler.run()
    assert [request.tokens for request in requests] == out[:, 9:].tolist()


@pytest.mark.parametrize("k", [1, 3, 5, 8])
def test_speculation_takes_the_forwards_of_assisted_generation(tiny, relative, k):
    (model, ours), (helper, draft) = tiny, relative
    # transformers stops doubtful drafts early and adapts their number unless told not to.
    helper.generation_config.num_assistant_tokens = k
    helper.generation_config.assistant_confidence_threshold = 0.0
    helper.generation_config.num_assistant_tokens_schedule = "constant"
    calls = []
    hook = model.register_forward_pre_hook(lambda *_: calls.append(1))
    try:
        theirs = _generate(model, PROMPT, 40, assistant_model=helper)
    finally:
        hook.remove()
    room = len(PROMPT) + 50
    told = speculative_generate(
        Session(ours, room), ModelDrafter(Session(draft, room)), PROMPT, max_new_tokens=40, k=k
    )
    assert told.tokens == theirs == _generate(model, PROMPT, 40)
    assert told.forwards == len(calls)


def test_prompt_lookup_says_what_transformers_prompt_lookup_says(tiny):
    model, ours = tiny
    theirs = _generate(model, PROMPT, 30, prompt_lookup_num_tokens=4)
    session = Session(ours, len(PROMPT) + 40)
    told = speculative_generate(session, LookupDrafter(260), PROMPT, max_new_tokens=30, k=4)
    assert told.tokens == theirs


def test_a_cache_in_eight_bits_is_near_and_keeps_its_codes_in_range(tiny):
    _, ours = tiny
    full = engine.extend(ours, ours.cache(1, 9), torch.tensor([PROMPT]))
    small = caches.Int8KVCache(ours.shape, 2, 12, torch.float64, "cpu")
    got = engine.extend(ours, small, torch.tensor([PROMPT]), first=1)
    assert (got - full).abs().mean() < 0.05 * full.std()
    assert int(small.keys.min()) >= -127
    small.move(1, 0)
    step = torch.tensor([5])
    cache = ours.cache(1, 12)
    engine.extend(ours, cache, torch.tensor([PROMPT]))
    near = engine.decode(ours, small, step)
    exact = engine.decode(ours, cache, step)
    assert small.lengths == [10, 0]
    assert (near - exact).abs().mean() < 0.05 * exact.std()
    assert small.bytes < ours.cache(2, 12).bytes / 4


def test_a_model_with_scaled_rotary_positions_is_refused(tiny):
    import copy

    other = copy.copy(tiny[0])
    other.config = copy.deepcopy(tiny[0].config)
    other.config.rope_parameters = {"rope_type": "linear", "factor": 2.0, "rope_theta": 1e4}
    with pytest.raises(ValueError, match="linear"):
        engine.from_transformers(other)


@pytest.mark.model
def test_the_base_models_logits_and_words_are_those_of_transformers():
    from graders.assets import ensure_model
    from reference import common

    folder = ensure_model(common.PRESETS["cpu"].model)
    model, tokenizer = common.load_model(folder, dtype=torch.float32)
    ours = engine.from_transformers(model)
    ids = tokenizer.encode("The capital of France is")
    with torch.no_grad():
        full = model(torch.tensor([ids], device=model.device)).logits[0, -1]
    cache = ours.cache(1, len(ids) + 8)
    last = engine.prefill(ours, cache, torch.tensor([ids], device=model.device), [len(ids)])
    torch.testing.assert_close(last[0], full, rtol=0, atol=1e-3)
    words = [int(last[0].argmax())]
    while len(words) < 8:
        step = torch.tensor([words[-1]], device=model.device)
        words.append(int(engine.decode(ours, cache, step)[0].argmax()))
    assert words == _generate(model, ids, 8)
