"""The run's agent: three tools, tasks with known answers, a bounded loop."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from .experiment import Report
from .assistant import Retriever
from .chatting import Chat
from .chunking import tokenize
from .run_data import Corpus, better, share, verdict
from .search import best, bm25
from .tools import Message, Tool, Trace, agent_loop, calculate, offered

TODAY = date(2026, 1, 1)
STEPS = 3
NEW_TOKENS = 44


@dataclass(frozen=True)
class Task:
    """A question, the tool that it needs, and what the answer has to contain."""

    question: str
    tool: str
    wanted: str


def tasks(corpus: Corpus, retriever: Retriever, number: int, seed: int) -> list[Task]:
    """Return `number` tasks, a third for each tool.

    For the search the question is one whose document is found first: what is measured is whether
    the model can use a tool, not whether the search is good.
    """
    rng = random.Random(seed)
    names = corpus.names
    made: list[Task] = []
    for question in corpus.test:
        if len(made) == -(-number // 3):
            break
        if retriever.retrieve(question.text, 1) == [question.document]:
            made.append(Task(sought(question.text), "search", names[question.document]))
    while len(made) < -(-2 * number // 3):
        a, b, c = (rng.randint(3, 40) for _ in range(3))
        expression = rng.choice((f"({a} + {b}) * {c}", f"{a} * {b} - {c}", f"{a} * {b} + {c}"))
        wanted = str(calculate(expression))
        made.append(Task(f"What is {expression}?", "calculate", wanted))
    while len(made) < number:
        days = rng.randint(20, 320)
        day = TODAY + timedelta(days=days)
        made.append(Task(f"How many days until {day}?", "days_until", str(days)))
    return made


def sought(summary: str) -> str:
    """Return the question that is put to the agent for a search."""
    return f"Search for the object that does this: {summary}"


def _call(name: str, **arguments: str) -> str:
    request = json.dumps({"name": name, "arguments": arguments})
    return f"<tool_call>{request}</tool_call>"


# Question, call, result, answer.
_WORKED = (
    ("What is 2 * (3 + 4)?", _call("calculate", expression="2 * (3 + 4)"), "14", "14"),
    (
        sought("Sort an array."),
        _call("search", query="Sort an array."),
        "sort: def sort(a)",
        "sort",
    ),
    ("How many days until 2026-05-20?", _call("days_until", day="2026-05-20"), "139", "139"),
    ("What is 81 - 5 * 3?", _call("calculate", expression="81 - 5 * 3"), "66", "66"),
    (
        sought("Read a file by lines."),
        _call("search", query="Read a file by lines."),
        "read_lines: def read_lines(path)",
        "read_lines",
    ),
)


def worked(question: str) -> list[Message]:
    """Return a conversation of examples; the two most like the question, by BM25, in its order.

    A small model copies the last thing it saw. Examples that are retrieved for the question (Liu et
    al. 2022) make that a virtue, and a short prompt.
    """
    words = [tokenize(turn[0]) for turn in _WORKED]
    likeness = np.array(bm25(tokenize(question), words))
    messages: list[Message] = []
    for at in reversed(best(likeness, 2)):
        roles = ("user", "assistant", "tool", "assistant")
        messages += [
            {"role": role, "content": text} for role, text in zip(roles, _WORKED[at], strict=True)
        ]
    return messages


class _Waiting(Exception):
    """A loop has come to a message that the model has not answered yet."""


def together(chat: Chat, tools: dict[str, Tool], questions: Sequence[str]) -> list[Trace]:
    """Run one agent per question, all in step, so that the model answers them in batches.

    `agent_loop` asks for one message at a time. It is deterministic and its tools here are pure, so
    it may be started again: each round replays what is known, stops where a reply is missing, and
    all missing replies are generated at once.
    """
    known: dict[str, str] = {}
    while True:
        wanted: dict[str, list[Message]] = {}

        def generate(messages: Sequence[Message], missing: dict = wanted) -> str:
            key = json.dumps(messages)
            if key not in known:
                missing[key] = [messages[0], *worked(messages[1]["content"]), *messages[1:]]
                raise _Waiting
            return known[key]

        traces = []
        for question in questions:
            try:
                traces.append(agent_loop(generate, tools, question, STEPS))
            except _Waiting:
                continue
        if not wanted:
            return traces
        known.update(zip(wanted, chat.many(list(wanted.values()), NEW_TOKENS), strict=True))


def try_agent(
    report: Report, retriever: Retriever, chat: Chat, corpus: Corpus, number: int
) -> None:
    """Count the tasks that the base model solves with tools and without."""
    seed = report.setting.seed
    todo = tasks(corpus, retriever, number, seed)

    def search(query: str) -> str:
        found = retriever.retrieve(query, 2)
        return "\n".join(retriever.documents[one].title for one in found) or "nothing found"

    traces = together(chat, offered(search, TODAY), [task.question for task in todo])
    alone = chat.many([[{"role": "user", "content": task.question}] for task in todo], NEW_TOKENS)
    solved = [_solves(trace.answer, task) for trace, task in zip(traces, todo, strict=True)]
    guessed = [_solves(text, task) for text, task in zip(alone, todo, strict=True)]
    rows = []
    for tool in ("search", "calculate", "days_until"):
        places = [at for at, task in enumerate(todo) if task.tool == tool]
        chosen = [
            float(any(seen.tool == tool and not seen.error for seen in traces[at].observations))
            for at in places
        ]
        rows.append(
            [
                tool,
                len(places),
                sum(chosen) / len(places),
                *share([solved[at] for at in places]),
                sum(guessed[at] for at in places) / len(places),
            ]
        )
    report.table(
        "agent",
        ("task needs", "n", "tool used well", "solved", "low", "high", "without tools"),
        rows,
        f"A bounded agent: at most {STEPS} steps",
    )
    errors = Counter(seen.error or "none" for one in traces for seen in one.observations)
    ended = Counter(one.status for one in traces)
    report.result("agent_errors", dict(sorted(errors.items())))
    report.result("agent_ended", dict(sorted(ended.items())))
    difference = better(solved, guessed, seed)
    report.reading(verdict("The model with tools", "the model alone", "tasks solved", difference))


def _solves(text: str, task: Task) -> float:
    return float(task.wanted.casefold() in text.casefold())
