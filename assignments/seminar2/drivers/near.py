"""Driver: calls the near-duplicate functions where a plain call would not show enough."""

from __future__ import annotations

import importlib
from typing import Any


def _own() -> Any:
    return importlib.import_module("seminar2_data_and_sft.near_duplicates")


def shingle_list(text: str, width: int) -> list[str]:
    """Return the shingles of a text in alphabetical order."""
    return sorted(_own().shingles(text, width))


def calls_of_hash(items: list[str], permutations: int, seed: int) -> int:
    """Return how often `minhash` asks Python's built-in `hash` about a text or bytes."""
    own, calls = _own(), 0

    def counted(value: Any) -> int:
        nonlocal calls
        calls += isinstance(value, str | bytes | tuple)
        return hash(value)

    own.hash = counted
    try:
        own.minhash(items, permutations, seed)
    finally:
        del own.hash
    return calls


def refuses_nothing(permutations: int) -> bool:
    """Tell whether `minhash` of an empty set raises ValueError."""
    try:
        _own().minhash([], permutations, 0)
    except ValueError:
        return True
    return False


def refuses_bands(signatures: list[list[int]], bands: int) -> bool:
    """Tell whether `lsh_candidates` raises ValueError for bands that do not divide."""
    try:
        _own().lsh_candidates(signatures, bands)
    except ValueError:
        return True
    return False


def signature_sizes(texts: list[str], permutations: int, bands: int) -> list[int]:
    """Return the different lengths of the signatures that `minhash_lsh` looks for candidates in."""
    own, seen = _own(), set()
    original = own.lsh_candidates

    def watched(signatures: Any, count: int) -> Any:
        seen.update(len(signature) for signature in signatures)
        return original(signatures, count)

    own.lsh_candidates = watched
    try:
        own.minhash_lsh(texts, 0.5, permutations, bands, 1)
    finally:
        own.lsh_candidates = original
    return sorted(seen)
