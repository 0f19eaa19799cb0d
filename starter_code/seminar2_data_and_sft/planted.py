"""Faults planted into a data set, so that a filter's recall and precision can be measured.

Nobody knows all near-duplicates or addresses of a real corpus. What was planted, is known. Most
kinds of fault have look-alikes that must be left alone: without them, a filter that drops
everything would look perfect. And some faults are of forms that the filters do not know (an
address spelled out, a copy with curly quotes, a short leak, a word salad): without these, whoever
wrote filter and fault would only be measured against himself.

Nothing here is anybody's: names are made up, domains and numbers are drawn at random.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .cleaning import Row

_NAMES = ("ivan.petrov", "a.smirnova", "j_doe", "mary+docs", "lee-92", "олег")
_DOMAINS = ("example.com", "mail.example.org", "example.co.uk", "corp.example.net")
_LOOK_ALIKES = (
    "decorate it with @property or @app.route",
    "the product a @ b of two matrices",
    "listens on 127.0.0.1 unless told otherwise",
    "since 2024-01-15 the default is 1000000007",
    "the mask 255.255.255.0 leaves 192.168.0.1 alone",
    "the constant 1234567890123456 is no key",
    "indices 8 16 32 64 128 are powers of two",
    "available since version 4.2.0.1",  # an address in every respect
)


@dataclass
class Planted:
    """Rows with planted faults, and the truth about them.

    Args:
        rows: All rows, real and planted, in random order.
        exact: Ids of planted copies.
        near: Ids of planted variants of another row, with the original's id.
        pii: Ids of rows that got personal data, with how much of each kind.
        look_alikes: Ids of rows that got what only looks like personal data.
        junk: Ids of planted rows that are no text, with the rule that each breaks.
        leaked: Ids of rows that got a sentence of the test set.
    """

    rows: list[Row] = field(default_factory=list)
    exact: set[str] = field(default_factory=set)
    near: dict[str, str] = field(default_factory=dict)
    pii: dict[str, dict[str, int]] = field(default_factory=dict)
    look_alikes: set[str] = field(default_factory=set)
    junk: dict[str, str] = field(default_factory=dict)
    leaked: set[str] = field(default_factory=set)


def plant(rows: Sequence[Row], test: Sequence[str], number: int, seed: int) -> Planted:
    """Return the rows with about `number` faults of each kind planted; the rows stay as they are.

    Args:
        rows: Clean rows with ``id``, ``text`` and more.
        test: Texts of the test set, of which some leak.
        number: How many faults of each kind.
        seed: Chooses what and where.
    """
    rng = random.Random(seed)
    out = Planted()
    chosen = rng.sample(list(rows), 5 * number)
    copied, varied, told, lookalike, leaking = (chosen[k::5] for k in range(5))
    changed: dict[str, str] = {}
    for row in told:
        kind, secret = _personal(rng)
        changed[row["id"]] = _insert(rng, row["text"], secret)
        out.pii[row["id"]] = {kind: 1}
    for place, row in enumerate(lookalike):
        clause = _LOOK_ALIKES[place % len(_LOOK_ALIKES)]
        changed[row["id"]] = _insert(rng, row["text"], clause)
        out.look_alikes.add(row["id"])
    long = [text for text in test if len(text.split()) >= 20]
    for place, row in enumerate(leaking):
        words, length = rng.choice(long).split(), 6 + place % 10
        start = rng.randrange(len(words) - length)
        changed[row["id"]] = f"{row['text']} {' '.join(words[start : start + length])}"
        out.leaked.add(row["id"])
    out.rows = [{**row, "text": changed.get(row["id"], row["text"])} for row in rows]
    # A copy has the larger id: it is the one to go.
    for row in copied:
        out.rows.append({**row, "id": f"{row['id']}-copy", "text": _respelled(rng, row["text"])})
        out.exact.add(f"{row['id']}-copy")
    vocabulary = sorted({word for row in rows[:200] for word in row["text"].split()})
    for place, row in enumerate(varied):
        name = f"{row['id']}-near"
        text = _edited(rng, row["text"], 1 + place % 10, vocabulary)
        out.rows.append({**row, "id": name, "text": text})
        out.near[name] = row["id"]
    for place in range(number):
        rule, text = _junk(rng, place, vocabulary)
        name = f"z{place:04d}-junk"
        out.rows.append({**rows[place % len(rows)], "id": name, "text": text})
        out.junk[name] = rule
    rng.shuffle(out.rows)
    return out


def _insert(rng: random.Random, text: str, clause: str) -> str:
    words = text.split(" ")
    at = rng.randrange(len(words) + 1)
    return " ".join([*words[:at], f"({clause})", *words[at:]])


def _respelled(rng: random.Random, text: str) -> str:
    """Return a text that only looks different: other case, spaces or invisible characters."""
    ways: list[Any] = [
        lambda: text.replace(" the ", " “the” ", 1),
        text.upper,
        lambda: text.replace(" ", "  ", 5) + "\n",
        lambda: text.replace(" ", "\u00a0"),
        lambda: "\ufeff" + text.replace("e", "e\u200b", 3),
        lambda: text,
    ]
    changed: str = rng.choice(ways)()
    return changed


def _edited(rng: random.Random, text: str, edits: int, vocabulary: Sequence[str]) -> str:
    """Return a text with `edits` words replaced by other ones."""
    words = text.split()
    for at in rng.sample(range(len(words)), min(edits, len(words))):
        words[at] = rng.choice(vocabulary)
    return " ".join(words)


def _personal(rng: random.Random) -> tuple[str, str]:
    """Return made-up personal data, in a clause, and its kind; some in a form that hides it."""
    kind, hidden = rng.choice(("EMAIL", "PHONE", "CARD", "IP")), rng.random() < 0.15
    if kind == "EMAIL":
        name, domain = rng.choice(_NAMES), rng.choice(_DOMAINS)
        return kind, f"write to {name} at {domain}" if hidden else f"write to {name}@{domain}."
    if kind == "PHONE":
        a, b, c, d = (rng.randrange(10**k, 10 ** (k + 1)) for k in (2, 2, 1, 1))
        forms = (
            f"+7 ({a}) {b}-{c}-{d}",
            f"8 {a} {b} {c} {d}",
            f"+7{a}{b}{c}{d}",
            f"({a}) {b}-{c}{d}",
        )
        return kind, f"call {f'8{a}{b}{c}{d}' if hidden else rng.choice(forms)}"
    if kind == "CARD":
        body = "4" + "".join(rng.choice("0123456789") for _ in range(14))
        number = next(n for d in "0123456789" if _checked(n := body + d))
        grouped = " ".join(number[k : k + 4] for k in range(0, 16, 4))
        forms = (number, grouped, grouped.replace(" ", "-"))
        return kind, f"card {grouped.replace(' ', '  ') if hidden else rng.choice(forms)}"
    tail = [rng.randrange(1, 256) for _ in range(3)]
    if hidden:
        return kind, "seen from 2a00:{:x}:{:x}::{:x}".format(*tail)
    return kind, "seen from 8.{}.{}.{}".format(*tail)


def _checked(number: str) -> bool:
    """Tell whether a number passes Luhn's test; written apart from the filter that it examines."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + place % 2)
        total += value // 10 + value % 10
    return total % 10 == 0


def _junk(rng: random.Random, place: int, vocabulary: Sequence[str]) -> tuple[str, str]:
    """Return a text that is none, and the quality rule that it breaks."""
    words = rng.sample(list(vocabulary), 12)
    menu = ["home", "docs", "search", "login", "register", "download", "contact", "news", "faq"]
    rest = " ".join(words[:3])
    kinds = {
        "too_short": f"See the notes of {words[0]}.",
        "symbols": "the use of " + " # ".join(words) + " ...",
        "few_letters": "values of the table to " + " ".join(str(rng.random()) for _ in range(30)),
        "no_stop_words": " ".join([*rng.sample(menu, len(menu)), *words[:1]]),
        "repetition": " ".join([f"click to see the rest of {rest}"] * 6),
        "word_length": "the base64 of and to "
        + " ".join(rng.randbytes(40).hex() for _ in range(9)),
        "none": "the " + " of ".join(words) + " and to",  # a salad of words, which no rule tastes
    }
    rule = list(kinds)[place % len(kinds)]
    return rule, kinds[rule]
