"""Seminar 6's prototype, made faster by what seminar 7 measured, and served.

The prototype answers a question in two halves with the model in between, so nothing of it changes:
first `generate` sits there, one question at a time; then the scheduler, all questions together.
Then the engine is put behind the endpoint, and a real `openai` client asks.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from .experiment import interval
from .model import Llama
from .modes import Answers, Trial, continuous, one_by_one, transformers_generate
from .scheduler import Scheduler
from .serve import Worker, create_app, serve

if TYPE_CHECKING:
    from .bench import Bench

QUESTIONS = 8
ANSWER = 32  # tokens
BUDGET = 160  # tokens of documents in a prompt
ASKED = 3  # questions over the endpoint, at the same time
NAME = "prototype"


def optimize(bench: Bench, won: Trial) -> list[str]:
    """Speed up the prototype by the weights that won, serve it, and return what to say of both.

    Without seminar 6, or without its documents, it says so and returns only that.
    """
    try:
        from seminar6_rag.assistant import Assistant, Document, Retriever
    except ImportError as error:
        return [f"The prototype of seminar 6 is not there ({error.name}): nothing to optimize."]
    folder = bench.setting.data.get("documentation")
    if folder is None:
        return ["No --data documentation=DIR: the prototype of seminar 6 was not tried."]
    bench.report.step("the prototype of seminar 6: as it was, and with the engine")
    documents = [
        Document(item["id"], item["name"], f"{item['signature']}\n{item['document']}")
        for item in _lines(folder / "documents.jsonl")
    ]
    items = _lines(folder / "test.jsonl")
    count = bench.setting.scaled(QUESTIONS, 3)
    questions = [item["query"] for item in items[:: len(items) // count][:count]]
    assistant = Assistant(
        Retriever(documents),
        generate=lambda messages: "",  # the halves are called apart
        count=lambda text: len(bench.tokenizer.encode(text, add_special_tokens=False)),
        budget=BUDGET,
    )
    start = time.perf_counter()
    prepared = [assistant.prepare(question) for question in questions]
    bench.report.timing(
        "prototype_retrieval", (time.perf_counter() - start) / count, "s a question"
    )
    prompts = [_tokens(bench.tokenizer, one.messages) for one in prepared]
    new = bench.setting.scaled(ANSWER, 6)
    before = one_by_one(lambda p: transformers_generate(bench.theirs, p, new), prompts)
    after, _ = continuous(won.model, prompts, [new] * count, count)
    told = _compare(bench, before, after, won.bits)
    texts = [bench.tokenizer.decode(row, skip_special_tokens=True) for row in after.tokens]
    replies = [assistant.finish(one, text) for one, text in zip(prepared, texts, strict=True)]
    bench.report.result("prototype_answers_that_cite", sum(bool(r.cited) for r in replies) / count)
    return [*told, _over_http(bench, won.model, [one.messages for one in prepared], new)]


def _compare(bench: Bench, before: Answers, after: Answers, bits: int) -> list[str]:
    """Put both prototypes side by side; return what to say."""
    count = len(before.tokens)

    def ends(answers: Answers) -> list[float]:
        return [times[-1] - answers.start for times in answers.times]

    rows = [
        [name, answers.per_second, sum(ends(answers)) / count, max(ends(answers))]
        for name, answers in (("generate, one by one", before), ("engine, together", after))
    ]
    columns = ("prototype", "tokens/s", "mean wait for an answer, s", "all answered after, s")
    title = f"Seminar 6's prototype: {count} questions that arrive at once"
    bench.report.table("prototype", columns, rows, title, timed=True)
    same = after.agreement(before)
    bench.report.result("prototype_same_words", same)
    gains = [old / new for old, new in zip(ends(before), ends(after), strict=True)]
    low, high = interval(gains, bench.setting.seed)
    verdict = "faster" if low > 1 else "slower" if high < 1 else "not shown to be faster"
    whole = max(ends(before)) / max(ends(after))
    return [
        f"Weights of {bits} bits are the fastest in a batch that are not shown to cost quality; "
        "the prototype got them.",
        f"The prototype with the engine answers all in 1/{whole:.1f} of the time; a question's own "
        f"wait is shorter by a factor of {low:.2f} to {high:.2f} (95 %): it is {verdict}.",
        f"{100 * same:.0f} % of its words come before the first difference from generate's: "
        "numbers round otherwise in a batch.",
    ]


def _over_http(bench: Bench, model: Llama, conversations: Sequence[Sequence[Any]], new: int) -> str:
    """Serve the engine and let an `openai` client ask at once; return what it saw."""
    from openai import OpenAI

    bench.report.step("the endpoint, asked by a real client")
    asked = [[dict(message) for message in messages] for messages in conversations[:ASKED]]
    capacity = max(len(_tokens(bench.tokenizer, messages)) for messages in asked) + new
    scheduler = Scheduler(model, len(asked), capacity, bench.tokenizer.eos_token_id)
    with Worker(scheduler) as worker, serve(create_app(worker, bench.tokenizer, NAME)) as url:
        client = OpenAI(base_url=url, api_key="none", max_retries=0)
        names = [model.id for model in client.models.list()]

        def ask(messages: list[Any]) -> tuple[float, int]:
            start, first, text = time.perf_counter(), 0.0, ""
            stream = client.chat.completions.create(
                model=names[0], messages=messages, max_tokens=new, temperature=0, stream=True
            )
            for part in stream:
                if part.choices and part.choices[0].delta.content:
                    first = first or time.perf_counter() - start
                    text += part.choices[0].delta.content
            return first, len(text)

        with ThreadPoolExecutor(len(asked)) as clients:
            seen = list(clients.map(ask, asked))
        client.close()
    waits = [first for first, _ in seen]
    bench.report.timing("endpoint_first_text", sum(waits) / len(waits), "s")
    bench.report.result("endpoint_answers", [length > 0 for _, length in seen])
    return (
        f"Over HTTP {len(seen)} questions at once got their first text after "
        f"{min(waits):.2f} to {max(waits):.2f} s, in {scheduler.forwards} forwards of the model."
    )


def _tokens(tokenizer: Any, messages: Sequence[Any]) -> list[int]:
    text = tokenizer.apply_chat_template(
        [dict(message) for message in messages], add_generation_prompt=True, tokenize=False
    )
    return list(tokenizer.encode(text, add_special_tokens=False))


def _lines(path: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
