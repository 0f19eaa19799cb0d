"""Characters that a reader cannot see, made visible.

Names, file names and message arguments are made by students. Escaping keeps them from being
markup; this keeps them from hiding, reordering or breaking the text around them.
"""

from __future__ import annotations

import unicodedata

KEPT = frozenset("\n\t\u200c\u200d")  # the joiners are spelling in Persian and in emoji
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def visible(text: str) -> str:
    """Return a text with control, bidi, surrogate and other invisible characters spelt out.

    ``U+202E`` becomes ``[U+202E]``. Line feeds and tabs stay, carriage returns before a line
    feed go. The result can always be written as UTF-8.
    """
    plain = text.replace("\r\n", "\n")
    if plain.isprintable():
        return plain
    return "".join(_shown(char) for char in plain)


def _shown(char: str) -> str:
    if char in KEPT or unicodedata.category(char) not in HIDDEN:
        return char
    return f"[U+{ord(char):04X}]"
