"""How names, numbers and facts of a board are worded, and what its files are called."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from babel.numbers import format_decimal, format_percent

from graders.core.messages import Messages
from graders.core.records import Flag
from leaderboard.records import Estimate, Kind
from leaderboard.standings import Column, Standing

NONE = "—"
PLAIN = re.compile(r"[a-z0-9]+([_-][a-z0-9]+)*")
LONGEST = 40  # characters of a plain file name
SMALL = Decimal("0.0001")  # the smallest p-value that four digits tell


def slug(name: str) -> str:
    """Return the file name of an entrant's page, without its ending; other names, other files.

    A plain name is its own file name. Any other gets what is left of it in ASCII and a digest
    after two hyphens, which no plain name has. Only lower case: some file systems see no other.
    """
    if len(name) <= LONGEST and PLAIN.fullmatch(name):
        return name
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    left = "-".join(re.findall(r"[a-z0-9]+", ascii_only))[:LONGEST].strip("-")
    digest = hashlib.sha256(name.encode("utf-8", "backslashreplace")).hexdigest()
    return f"{left or 'team'}--{digest[:12]}"


def worded(words: Messages, prefix: str, key: str) -> str:
    """Return the message of a key below a prefix; a key that nobody worded stands for itself."""
    return words.text(f"{prefix}.{key}") if words.has(f"{prefix}.{key}") else key


def flag_text(words: Messages, flag: Flag) -> str:
    """Return what a flag says; one that nobody worded shows its key and its evidence."""
    if words.has(flag.key):
        lists = {k: plain_text(v) for k, v in flag.args.items() if isinstance(v, list | tuple)}
        return words.text(flag.key, **{**flag.args, **lists})
    told = ", ".join(f"{name}: {plain_text(value)}" for name, value in sorted(flag.args.items()))
    return f"{flag.key} ({told})" if told else flag.key


def plain_text(value: object) -> str:
    """Return a setting's value as one text, the same for the same value."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {plain_text(value[name])}" for name in sorted(value))
    if isinstance(value, list | tuple):
        return ", ".join(map(plain_text, value))
    return str(value)


def column_name(words: Messages, column: Column) -> str:
    """Return the title of a column."""
    return worded(words, "leaderboard.column", column.key)


def entrant_name(words: Messages, name: str, kind: Kind) -> str:
    """Return a name as it is shown: a team's is its own, others may have one per language."""
    return name if kind is Kind.TEAM else worded(words, "leaderboard.entrant", name)


def rank_text(row: Standing) -> str:
    """Return a rank as a number or a range, a dash for what is not ranked."""
    if not row.place:
        return NONE
    low, high = row.rank_low, row.rank_high
    return str(low) if low == high else f"{low}–{high}"


def fixed(words: Messages, value: Decimal, places: int = 3) -> str:
    """Return a number with all its places, so that columns of numbers line up."""
    return _fixed(words.lang, value, places)


@lru_cache(maxsize=4096)  # a large class has thousands of differences, most of them often
def _fixed(lang: str, value: Decimal, places: int) -> str:
    return format_decimal(value, "0." + "0" * places, locale=lang)


def signed(words: Messages, value: Decimal, places: int = 3) -> str:
    """Return a difference with its sign; what rounds to zero has none."""
    rounded = round(value, places)
    if rounded == 0:
        return fixed(words, Decimal(0), places)
    return ("+" if rounded > 0 else "−") + fixed(words, abs(rounded), places)


def count(words: Messages, value: int) -> str:
    """Return a count with its thousands apart."""
    return format_decimal(value, locale=words.lang)


def percent(words: Messages, value: Decimal) -> str:
    """Return a share in percent, to a tenth."""
    pattern = "#,##0.#\u00a0%" if words.lang == "ru" else "#,##0.#%"
    return format_percent(value, pattern, locale=words.lang)


def ranged(words: Messages, score: Estimate) -> str:
    """Return an estimate with its interval, for a line of facts."""
    return f"{fixed(words, score.value)} ({fixed(words, score.low)}–{fixed(words, score.high)})"


def p_value(words: Messages, value: Decimal) -> str:
    """Return a p-value; one that is too small for its digits is told to be smaller than they."""
    if value < SMALL:
        return "< " + fixed(words, SMALL, 4)
    return fixed(words, value, 4)
