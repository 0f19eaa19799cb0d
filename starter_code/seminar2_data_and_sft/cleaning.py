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

def normalize(text: str) -> str:
    r"""Return a text in one spelling: NFC, no invisible characters, plain white space.

    - Control characters (category Cc) that are no white space vanish, and so do the soft hyphen,
      U+200B, U+200E, U+200F, U+2060, U+FEFF, U+202A–U+202E and U+2066–U+2069, without a gap.
    - Composed characters have their composed form (NFC). Not NFKC: it would write x² as x2.
    - Line breaks of every kind (`str.splitlines`) are ``\n``. Inside a line, white space is one
      space, and none at its ends. More than one empty line in a row is one; none at the ends.

    Normalizing twice gives the same as once.
    """
    raise NotImplementedError("write your solution here")


def exact_dedup(rows: Sequence[Row]) -> list[Row]:
    """Return one row of each text, sorted by id.

    Texts are the same when they are equal after `normalize`, but for case (`str.casefold`) and
    for which white space stands between words. The row with the smallest id stays, as it is: so
    the result depends neither on the order of the rows nor on how often this is done.

    Args:
        rows: Rows with a unique ``id`` and a ``text``.
    """
    raise NotImplementedError("write your solution here")


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
    raise NotImplementedError("write your solution here")


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
    raise NotImplementedError("write your solution here")
