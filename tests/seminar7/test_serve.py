"""The endpoint over a real socket, asked by the real client."""

import asyncio
import threading

import httpx
import openai
import pytest

from reference.seminar7_inference import protocol, serve
from reference.seminar7_inference.scheduler import Request, Scheduler

pytestmark = pytest.mark.slow


class Letters:
    """A tokenizer whose tokens are bytes."""

    def encode(self, text, *, add_special_tokens):
        return list(text.encode())

    def decode(self, token_ids, *, skip_special_tokens):
        return bytes(t for t in token_ids if t < 256).decode(errors="replace")

    def apply_chat_template(self, conversation, *, add_generation_prompt, tokenize):
        return "".join(f"{turn['role']}: {turn['content']}\n" for turn in conversation)


@pytest.fixture
def endpoint(tiny):
    scheduler = Scheduler(tiny[1], rows=2, capacity=120, eos_id=258)
    with (
        serve.Worker(scheduler) as worker,
        serve.serve(serve.create_app(worker, Letters(), "tiny")) as url,
    ):
        yield url


@pytest.fixture
def client(endpoint):
    with openai.OpenAI(base_url=endpoint, api_key="none", max_retries=0) as client:
        yield client


def _ask(text):
    return {"messages": [{"role": "user", "content": text}], "temperature": 0, "max_tokens": 12}


def test_the_client_lists_the_model(client):
    assert [model.id for model in client.models.list()] == ["tiny"]


def test_a_stream_and_a_whole_answer_say_the_same(client):
    whole = client.chat.completions.create(model="tiny", **_ask("hello"))
    stream = client.chat.completions.create(
        model="tiny", stream=True, stream_options={"include_usage": True}, **_ask("hello")
    )
    parts = list(stream)
    text = "".join(p.choices[0].delta.content or "" for p in parts if p.choices)
    assert text == whole.choices[0].message.content
    assert parts[-1].usage == whole.usage
    assert whole.usage.completion_tokens <= 12
    assert whole.choices[0].finish_reason in {"stop", "length"}


def test_many_clients_at_once_get_what_each_gets_alone(client):
    alone = [client.chat.completions.create(model="tiny", **_ask(f"n{n}")) for n in range(5)]
    found = {}

    def ask(place):
        found[place] = client.chat.completions.create(model="tiny", **_ask(f"n{place}"))

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    said = [found[place].choices[0].message.content for place in range(5)]
    assert said == [answer.choices[0].message.content for answer in alone]


def test_a_seed_repeats_a_sampled_answer(client):
    asked = {**_ask("hello"), "temperature": 1.0}
    said = [
        client.chat.completions.create(model="tiny", seed=seed, **asked).choices[0].message.content
        for seed in (1, 1, 2)
    ]
    assert said[0] == said[1] != said[2]


def test_the_client_raises_its_own_errors(client, endpoint):
    with pytest.raises(openai.NotFoundError, match="no model"):
        client.chat.completions.create(model="other", **_ask("hello"))
    with pytest.raises(openai.BadRequestError, match="room for 120"):
        client.chat.completions.create(model="tiny", **_ask("x" * 200))
    with pytest.raises(openai.BadRequestError, match="stop"):
        client.chat.completions.create(model="tiny", stop=["x"], **_ask("hello"))
    assert httpx.post(f"{endpoint}/chat/completions", content=b"{").status_code == 400


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_of_the_model_is_told_and_hangs_nobody(tiny):
    from dataclasses import replace

    def broken(x):
        raise RuntimeError("a product failed")

    scheduler = Scheduler(replace(tiny[1], head=broken), rows=1, capacity=20)

    async def listen(worker):
        return [token async for token in worker.tokens(Request("r", [1, 2], 3))]

    with serve.Worker(scheduler) as worker:
        for _ in range(2):  # the second finds no thread to ask
            with pytest.raises(RuntimeError, match="has ended"):
                asyncio.run(asyncio.wait_for(listen(worker), 10))


def test_text_of_emoji_is_never_cut():
    pieces = protocol.Detokenizer(Letters())
    said = [pieces.push(byte) for byte in "ё🦔a".encode()]
    assert said == ["", "ё", "", "", "", "🦔", "a"]
    assert pieces.finish() == ""
