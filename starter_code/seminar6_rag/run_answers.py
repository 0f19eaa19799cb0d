"""The run's middle: answers of the base model over what was found, with and without examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .experiment import Report
from .answering import pack_context, prompt
from .assistant import Assistant, Prepared, Reply, Retriever
from .chatting import Chat
from .run_data import Corpus, better, share, verdict
from .tools import Message

BUDGET = 240  # tokens of documents in a prompt
K = 3
NEW_TOKENS = 24
_WORKED = (
    (
        "[1] Matrix.transpose: def transpose()\nRows become columns.\n"
        "[2] open_file: def open_file(path, mode='r')\nThe file is opened for reading only.",
        "Read from a file.",
        "open_file [2]",
    ),
    (
        "[1] wrap: def wrap(text, width)\nLines are broken at the width.\n"
        "[2] Colour: class Colour(red, green, blue)\nA value from 0 to 255 each.\n"
        "[3] mix: def mix(one, other)\nThe mean of two colours.",
        "Blend two colours.",
        "mix [3]",
    ),
)


def asked(summary: str) -> str:
    """Return the question that is put to the model: which object does this?"""
    return f"Which function or class does this? {summary}"


def examples() -> list[Message]:
    """Return worked examples in the frame of the real prompt: invented, none is in the corpus."""
    messages: list[Message] = []
    for context, summary, answer in _WORKED:
        messages += [
            prompt(asked(summary), context)[1],
            {"role": "assistant", "content": answer},
        ]
    return messages


def compare_templates(
    report: Report, retriever: Retriever, chat: Chat, corpus: Corpus, number: int
) -> None:
    """Ask the same questions without documents, with two templates, and with the right document."""
    questions = corpus.test[:number]
    gold, names = [question.document for question in questions], corpus.names
    plain = Assistant(retriever, chat.one(NEW_TOKENS), chat.count, BUDGET, K)
    taught = Assistant(retriever, chat.one(NEW_TOKENS), chat.count, BUDGET, K, examples=examples())
    found = [taught.prepare(asked(question.text)) for question in questions]
    ways: dict[str, list[Prepared]] = {
        "no documents, examples": [_over(one, (), retriever, chat) for one in found],
        "found, rules only": [plain.prepare(asked(question.text)) for question in questions],
        "found, rules and examples": found,
        "right document, examples": [
            _over(one, (question.document,), retriever, chat)
            for one, question in zip(found, questions, strict=True)
        ],
    }
    rows, right, sample = [], {}, []
    for way, prepared in ways.items():
        texts = chat.many([one.messages for one in prepared], NEW_TOKENS)
        replies = [taught.finish(*pair) for pair in zip(prepared, texts, strict=True)]
        right[way] = [
            float(names[one].casefold() in reply.text.casefold())
            for one, reply in zip(gold, replies, strict=True)
        ]
        rows.append([way, *share(right[way]), *_citations(replies, gold)])
        sample += [[way, questions[at].text, replies[at].text[:80]] for at in range(2)]
    columns = ("prompt", "names it", "low", "high", "citations", "precise", "from", "to")
    title = f"Answers of the base model to {len(questions)} questions (95 % intervals)"
    report.table("answers", columns, rows, title)
    report.table("answer_samples", ("prompt", "question", "answer"), sample, "Two of each")
    _conclude(report, right)
    shown = [float(one in ready.shown) for one, ready in zip(gold, found, strict=True)]
    report.result("right_document_in_prompt", share(shown))


def _conclude(report: Report, right: Mapping[str, Sequence[float]]) -> None:
    """Compare the prompts in pairs: what documents are worth, and what examples are."""
    for one, other in (
        ("found, rules and examples", "no documents, examples"),
        ("found, rules and examples", "found, rules only"),
        ("right document, examples", "found, rules and examples"),
    ):
        difference = better(right[one], right[other], report.setting.seed)
        report.reading(verdict(f"«{one}»", f"«{other}»", "naming the object", difference))


def _over(prepared: Prepared, ids: Sequence[str], retriever: Retriever, chat: Chat) -> Prepared:
    """Return the same question over other documents."""
    documents = [retriever.documents[one] for one in ids]
    passages = [(one.id, f"{one.title}\n{one.text}") for one in documents]
    context, shown = pack_context(passages, chat.count, BUDGET)
    messages = (*prepared.messages[:-1], prompt(prepared.question, context)[1])
    return Prepared(prepared.question, messages, tuple(shown))


def _citations(replies: Sequence[Reply], gold: Sequence[str]) -> list[float | str]:
    """Return how many citations there are, and the share that is right with its interval."""
    pairs = [(one, best) for reply, best in zip(replies, gold, strict=True) for one in reply.cited]
    if not pairs:
        return [0, "none", "", ""]
    return [len(pairs), *share([float(one == best) for one, best in pairs])]
