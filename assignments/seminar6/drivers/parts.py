"""Runs the student's functions that take arrays, objects or functions, and tells what they did."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


def _module(name: str) -> Any:
    return importlib.import_module(f"seminar6_rag.{name}")


def spans(text: str, size: int, overlap: int) -> dict[str, Any]:
    """Cut a text; `refused` is whether `chunk` raised ValueError."""
    try:
        found = _module("chunking").chunk(text, size, overlap)
    except ValueError:
        return {"refused": True, "spans": []}
    return {"refused": False, "spans": [[int(start), int(end)] for start, end in found]}


def dense(
    vectors: list[list[float]], queries: list[list[float]], k: int, block: int
) -> dict[str, Any]:
    """Build the dense index and search it."""
    index = _module("search").dense_index(np.array(vectors, dtype=np.float32), block)
    places, cosines = index.search(np.array(queries, dtype=np.float32), k)
    return {
        "places": [[int(place) for place in row] for row in places],
        "cosines": [[float(cosine) for cosine in row] for row in cosines],
    }


def fuse(rankings: list[list[str]], k: int) -> list[list[Any]]:
    """Fuse rankings; return [id, score] pairs."""
    return [[one, float(score)] for one, score in _module("search").rrf(rankings, k)]


def mean_rank(rankings: list[list[str]], relevant: list[list[str]]) -> dict[str, Any]:
    """Return the student's `mrr`; `refused` is whether it raised ValueError."""
    try:
        return {"refused": False, "value": float(_module("metrics").mrr(rankings, relevant))}
    except ValueError:
        return {"refused": True}


def fit(rows: list[list[float]], labels: list[int], l2: float) -> dict[str, Any]:
    """Fit the logistic regression."""
    weights, bias = _module("reranking").fit_logistic(np.array(rows), np.array(labels), l2)
    return {"weights": [float(weight) for weight in weights], "bias": float(bias)}


def reorder(
    ids: list[str], rows: list[list[float]], weights: list[float], bias: float
) -> list[list[Any]]:
    """Rerank; return [id, probability] pairs."""
    table = np.array(rows, dtype=np.float64).reshape(len(rows), len(weights))
    found = _module("reranking").rerank(ids, table, weights, bias)
    return [[one, float(chance)] for one, chance in found]


COUNTS: dict[str, Callable[[str], int]] = {
    "characters": len,
    "words": lambda text: len(text.split()),
    # Like a tokenizer that needs a token more at each seam of two texts.
    "seams": lambda text: len(text.split()) + 2 * text.count("\n"),
}


def pack(passages: list[list[str]], kind: str, budget: int) -> dict[str, Any]:
    """Pack passages with one of the `COUNTS`."""
    pairs = [(one, text) for one, text in passages]
    context, ids = _module("answering").pack_context(pairs, COUNTS[kind], budget)
    return {"context": context, "ids": list(ids), "tokens": COUNTS[kind](context)}


def shown(number: int, text: str) -> str:
    """Return a passage as the package shows it: given code over the student's `neutral`."""
    return _module("answering").shown(number, text)


def frame() -> dict[str, str]:
    """Return the package's fixed texts."""
    answering = _module("answering")
    return {"system": answering.SYSTEM, "open": answering.OPENING, "close": answering.CLOSING}


def _tools(ran: list[list[Any]], result: str) -> dict[str, Any]:
    """Return three tools that write down what they were called with."""
    tools = _module("tools")

    def lookup(key: str) -> str:
        ran.append(["lookup", key])
        return result

    def scale(value: float, times: int) -> float:
        ran.append(["scale", value, times])
        return value * times

    def broken(key: str) -> str:
        ran.append(["broken", key])
        raise KeyError(f"no {key} here")

    every = (
        tools.Tool("lookup", "finds a text", {"key": str}, lookup),
        tools.Tool("scale", "multiplies", {"value": float, "times": int}, scale),
        tools.Tool("broken", "always fails", {"key": str}, broken),
    )
    return {tool.name: tool for tool in every}


def call(request: str, result: str = "found", limit: int = 600) -> dict[str, Any]:
    """Let the student's `call_tool` run a request; `raised` names what it let through."""
    ran: list[list[Any]] = []
    try:
        seen = _module("tools").call_tool(request, _tools(ran, result), limit)
    except Exception as error:  # the student's code may raise anything
        return {"raised": type(error).__name__, "ran": ran}
    return {
        "raised": "",
        "ran": ran,
        "tool": seen.tool,
        "content": seen.content,
        "error": seen.error,
    }


def values(expressions: Sequence[str]) -> list[list[Any]]:
    """Compute expressions; for each ["value", x], ["refused"] or ["raised", name]."""
    found: list[list[Any]] = []
    for expression in expressions:
        try:
            value = _module("tools").calculate(expression)
            found.append(["value", value if type(value) in (int, float) else repr(value)])
        except ValueError:
            found.append(["refused"])
        except Exception as error:  # the student's code may raise anything
            found.append(["raised", type(error).__name__])
    return found


def agent(
    script: list[str], question: str, max_steps: int, result: str = "found"
) -> dict[str, Any]:
    """Run the student's loop on a model that says the script; it spoils the messages it is given.

    `asked` holds what the model was given each time. Beyond its script the model says "the end".
    """
    asked: list[list[dict[str, str]]] = []
    ran: list[list[Any]] = []

    def generate(messages: Sequence[dict[str, str]]) -> str:
        asked.append([dict(message) for message in messages])
        for message in messages:
            message["content"] = "spoilt"
        if len(asked) > max_steps + 20:
            raise RuntimeError("asked without an end")
        return script[len(asked) - 1] if len(asked) <= len(script) else "the end"

    try:
        trace = _module("tools").agent_loop(generate, _tools(ran, result), question, max_steps)
    except ValueError:
        return {"refused": True, "asked": asked, "ran": ran}
    except RuntimeError:
        return {"refused": False, "endless": True, "asked": asked, "ran": ran}
    return {
        "refused": False,
        "endless": False,
        "asked": asked,
        "ran": ran,
        "status": trace.status,
        "answer": trace.answer,
        "errors": [seen.error for seen in trace.observations],
        "messages": [dict(message) for message in trace.messages],
    }
