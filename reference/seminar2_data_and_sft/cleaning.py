"""Cleaning: one spelling for each text, one copy of it, nobody's address in it, and no junk.

Every function is pure and says what it did, because a cleaning step that cannot report what it
dropped and why cannot be trusted either. Each can be run again on its own output without effect.

Left out: language identification and a learned quality classifier. Both need a model, and on
documentation in one language the rules below already find what there is to find.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]

PII_KINDS = ("EMAIL", "CARD", "PHONE", "IP")

# Thresholds of the quality rules. Those of Gopher (Rae et al. 2021, appendix A1.1), but for the
# length: our documents are descriptions of functions, not web pages.
MIN_WORDS, MAX_WORDS = 8, 400
MIN_WORD_LENGTH, MAX_WORD_LENGTH = 3.0, 10.0  # the mean, in characters
MAX_SYMBOLS = 0.1  # "#" and ellipses for each word
MIN_ALPHABETIC = 0.8  # share of the words that hold a letter
STOP_WORDS = frozenset({"the", "be", "to", "of", "and", "that", "have", "with"})
MIN_STOP_WORDS = 2  # different ones
MAX_REPEATED = 0.3  # share of the word trigrams that stood in the text before

# zachetka: staff
# What has no width and no meaning of its own: soft hyphen, zero-width space, word joiner, byte
# order mark, and the marks that turn the direction of reading (they can make code look like
# other code). The zero-width joiners U+200C and U+200D stay: Persian and emoji are spelled by them.
_INVISIBLE = frozenset("\u00ad\u200b\u200e\u200f\u2060\ufeff\u202a\u202b\u202c\u202d\u202e") | {
    chr(code) for code in range(0x2066, 0x206A)
}


def _visible(character: str) -> bool:
    if character in _INVISIBLE:
        return False
    return character.isspace() or unicodedata.category(character) != "Cc"


# zachetka: end
def normalize(text: str) -> str:
    r"""Return a text in one spelling: NFC, no invisible characters, plain white space.

    - Control characters (category Cc) that are no white space vanish, and so do the soft hyphen,
      U+200B, U+200E, U+200F, U+2060, U+FEFF, U+202A–U+202E and U+2066–U+2069, without a gap.
    - Composed characters have their composed form (NFC). Not NFKC: it would write x² as x2.
    - Line breaks of every kind (`str.splitlines`) are ``\n``. Inside a line, white space is one
      space, and none at its ends. More than one empty line in a row is one; none at the ends.

    Normalizing twice gives the same as once.
    """
    # zachetka: solution
    lines = []
    for line in text.splitlines():
        # First remove, then compose: a zero-width space may stand between a letter and its accent.
        shown = unicodedata.normalize("NFC", "".join(filter(_visible, line)))
        lines.append(" ".join(shown.split()))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    # zachetka: end


def exact_dedup(rows: Sequence[Row]) -> list[Row]:
    """Return one row of each text, sorted by id.

    Texts are the same when they are equal after `normalize`, but for case (`str.casefold`) and
    for which white space stands between words. The row with the smallest id stays, as it is: so
    the result depends neither on the order of the rows nor on how often this is done.

    Args:
        rows: Rows with a unique ``id`` and a ``text``.
    """
    # zachetka: solution
    kept: dict[bytes, Row] = {}
    for row in rows:
        key = " ".join(normalize(row["text"]).casefold().split())
        # A digest is 16 bytes however long the text is: a corpus' keys must fit into memory.
        digest = hashlib.blake2b(key.encode(), digest_size=16).digest()
        if digest not in kept or row["id"] < kept[digest]["id"]:
            kept[digest] = row
    return sorted(kept.values(), key=lambda row: row["id"])
    # zachetka: end


# zachetka: staff
# A run of address characters is entered at its beginning only: otherwise a long word without "@"
# would be scanned once from each of its letters.
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}(?![\w-])")
_CARD = re.compile(r"(?<![\w.])\d(?:[ -]?\d){12,18}(?!\w)(?!\.\d)")
_PHONE = re.compile(r"(?<![\w.+])(?:\+\d|8(?=[ (-])|\(\d{3}\))[\d ().-]{6,18}\d(?!\w)(?!\.\d)")
_IP = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w)(?!\.\d)")


def _luhn(number: str) -> bool:
    """Tell whether a number's last digit is its check digit (ISO/IEC 7812-1, annex B)."""
    digits = [int(digit) for digit in reversed(number)]
    doubled = (2 * digit - 9 * (digit > 4) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _is_phone(found: str) -> bool:
    digits = sum(character.isdigit() for character in found)
    if found[0] == "+":
        return 10 <= digits <= 15  # E.164 allows 15
    return digits == (11 if found[0] == "8" else 10)


def _is_public_address(found: str) -> bool:
    try:
        return ipaddress.ip_address(found).is_global
    except ValueError:  # a number over 255, or one that begins with 0
        return False


_RULES = {
    "EMAIL": (_EMAIL, lambda found: True),
    "CARD": (_CARD, lambda found: _luhn(re.sub(r"\D", "", found))),
    "PHONE": (_PHONE, _is_phone),
    "IP": (_IP, _is_public_address),
}


# zachetka: end
def mask_pii(text: str) -> tuple[str, dict[str, int]]:
    """Return a text with personal data replaced by tags, and how many of each kind there were.

    The kinds, in this order, and what they leave alone:

    - ``[EMAIL]``: name, @, a domain with a dot. Not ``@property``, not ``a @ b``; a full stop
      behind an address stays.
    - ``[CARD]``: 13 to 19 digits, alone or in groups parted by single spaces or hyphens, whose
      check digit is right (Luhn). Not any long number.
    - ``[PHONE]``: ``+`` and 10 to 15 digits; ``8`` and ten more, parted; ``(123)`` and seven more.
      Between digits stand spaces, brackets, dots and hyphens. Not plain digits, not a date.
    - ``[IP]``: an IPv4 address of the public internet (`ipaddress`, ``is_global``). Not 127.0.0.1,
      not 192.168.0.1: these are nobody's.

    Masking twice gives the same as once. A name is no pattern: persons' names stay.
    """
    # zachetka: solution
    counts = dict.fromkeys(PII_KINDS, 0)
    for kind, (pattern, is_meant) in _RULES.items():

        def masked(match: re.Match[str], kind: str = kind, is_meant: Any = is_meant) -> str:
            if not is_meant(match[0]):
                return match[0]
            counts[kind] += 1
            return f"[{kind}]"

        text = pattern.sub(masked, text)
    return text, counts
    # zachetka: end


def quality_filter(text: str) -> list[str]:
    """Return why a text is no good, in the order below; nothing when it is.

    Words are what stands between white space. A text without words is ``too_short`` and nothing
    else.

    - ``too_short``, ``too_long``: fewer than `MIN_WORDS` or more than `MAX_WORDS` words.
    - ``word_length``: the words' mean length is below `MIN_WORD_LENGTH` or above `MAX_WORD_LENGTH`.
    - ``symbols``: more than `MAX_SYMBOLS` of ``#``, ``...`` and ``…`` for each word.
    - ``few_letters``: less than `MIN_ALPHABETIC` of the words hold a letter.
    - ``no_stop_words``: fewer than `MIN_STOP_WORDS` different `STOP_WORDS`; case and punctuation
      at a word's ends do not count.
    - ``repetition``: more than `MAX_REPEATED` of the trigrams of words stood in the text before.
    """
    # zachetka: solution
    words = text.split()
    if not words:
        return ["too_short"]
    count = len(words)
    mean = sum(map(len, words)) / count
    symbols = text.count("#") + text.count("...") + text.count("…")
    alphabetic = sum(any(c.isalpha() for c in word) for word in words)
    common = STOP_WORDS & {re.sub(r"^\W+|\W+$", "", word).lower() for word in words}
    trigrams = list(zip(words, words[1:], words[2:], strict=False))
    repeated = len(trigrams) - len(set(trigrams))
    broken = {
        "too_short": count < MIN_WORDS,
        "too_long": count > MAX_WORDS,
        "word_length": not MIN_WORD_LENGTH <= mean <= MAX_WORD_LENGTH,
        "symbols": symbols > MAX_SYMBOLS * count,
        "few_letters": alphabetic < MIN_ALPHABETIC * count,
        "no_stop_words": len(common) < MIN_STOP_WORDS,
        "repetition": repeated > MAX_REPEATED * len(trigrams),
    }
    return [reason for reason, is_broken in broken.items() if is_broken]
    # zachetka: end
