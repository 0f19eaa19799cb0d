"""The judgement of one upload: the files that are handed in, or every reason to refuse it.

The order is from the most dangerous to the most ordinary: names and kinds, then how many and
how much, then what the assignment allows, and only then is anything read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from graders.core.config import Assignment, Files
from graders.core.records import Refusal
from graders.exchange.contents import is_archive, is_pickle, refuse_content
from graders.exchange.entries import Entry, Kind
from graders.exchange.faults import RefusedError
from graders.exchange.names import clashes, is_junk, listed, refuse_escape, shown, tidy

_BOMB_RATIO = 100  # text shrinks 3 to 20 times; deflate can do 1032
_BOMB_FROM = 1024 * 1024  # bytes: below, a ratio tells nothing
_TOLD = 20


@dataclass(frozen=True, slots=True)
class Examined:
    """What an upload holds: files by posix path, or why it is refused, worst first."""

    files: Mapping[str, bytes]
    refusals: tuple[Refusal, ...]


def examine(entries: Iterable[Entry], assignment: Assignment) -> Examined:
    """Judge the entries of an upload, and read them when nothing speaks against it.

    A top folder of any name is stripped when the files lie where the assignment expects them
    without it. Required files that are missing are no reason to refuse: they cost points.

    Raises:
        OSError: The machine cannot read a file.
    """
    found: dict[str, Entry] = {}
    refusals = _first(_named(entries, found))
    if refusals:
        return Examined({}, refusals)
    rules = assignment.files
    if len(found) > rules.max_files:
        refused = RefusedError("too_many_files", count=len(found), limit=rules.max_files)
        return Examined({}, (refused.refusal,))
    depth = _depth(list(found), rules)
    inside = {path.split("/", depth)[depth]: entry for path, entry in found.items()}
    refusals = _first(_disallowed(inside, assignment))
    if refusals:
        return Examined({}, refusals)
    files: dict[str, bytes] = {}
    refusals = _first(_unreadable(inside, files))
    return Examined({} if refusals else files, refusals)


def _first(found: Iterator[RefusedError]) -> tuple[Refusal, ...]:
    """Return the first reasons of many, each once."""
    refusals: list[Refusal] = []
    for one in islice(found, _TOLD):
        if one.refusal not in refusals:
            refusals.append(one.refusal)
    return tuple(refusals)


def _named(entries: Iterable[Entry], found: dict[str, Entry]) -> Iterator[RefusedError]:
    """Fill `found` with the files by path; yield what is wrong with names and kinds."""
    paths = []
    for entry in entries:
        try:
            refuse_escape(entry.name)
            if is_junk(entry.name):
                continue
            path = tidy(entry.name)
        except RefusedError as refused:
            yield refused
            continue
        if entry.kind in (Kind.LINK, Kind.SPECIAL):
            yield RefusedError(entry.kind.name.lower(), path=shown(path))
        elif entry.obstacle:
            yield RefusedError(entry.obstacle, path=shown(path))
        elif entry.kind is Kind.FILE and path:
            paths.append(path)
            found[path] = entry
    yield from clashes(paths)


def _depth(paths: list[str], rules: Files) -> int:
    """Return how many top folders to strip: with so many, most files are where they belong."""
    parts = [path.split("/") for path in paths]
    best, most = 0, -1
    for depth in range(min((len(one) for one in parts), default=0)):
        if any(one[:depth] != parts[0][:depth] for one in parts):
            break
        allowed = sum(rules.allows("/".join(one[depth:])) for one in parts)
        if allowed > most:
            best, most = depth, allowed
    return best


def _disallowed(files: Mapping[str, Entry], assignment: Assignment) -> Iterator[RefusedError]:
    """Yield what the assignment does not take: formats, files, sizes."""
    if not any(entry.size for entry in files.values()):
        yield RefusedError("empty")
        return
    rules = assignment.files
    yield from _oversized(files, rules)
    pickles = [path for path in files if is_pickle(path)]
    if pickles:
        # SECURITY: whatever the assignment allows (test_a_pickle_is_refused_even_when_allowed).
        yield RefusedError("pickle", files=listed(pickles))
    strange = [path for path in files if not rules.allows(path) and path not in pickles]
    nested = [path for path in strange if is_archive(path)]
    if nested:
        yield RefusedError("nested", files=listed(nested))
    strange = [path for path in strange if path not in nested]
    top = f"{assignment.package}/"
    if strange and all(path.startswith(top) and rules.allows(path[len(top) :]) for path in strange):
        yield RefusedError("layout", folder=assignment.package)
    elif strange:
        yield RefusedError("not_allowed", files=listed(strange))


def _oversized(files: Mapping[str, Entry], rules: Files) -> Iterator[RefusedError]:
    """Yield what the sizes stated say; no more than these is ever read."""
    for path, entry in files.items():
        packed = entry.packed
        if packed is not None and entry.size > max(_BOMB_FROM, packed * _BOMB_RATIO):
            yield RefusedError("bomb", path=shown(path))
        elif entry.size > rules.max_bytes(path):
            limit = rules.max_bytes(path) // 1024
            size = -(-entry.size // 1024)
            yield RefusedError("file_too_large", path=shown(path), size=size, limit=limit)
    total = sum(entry.size for entry in files.values())
    if total > rules.max_total_bytes:
        yield RefusedError("too_large", size=-(-total // 1024), limit=rules.max_total_kb)


def _unreadable(files: Mapping[str, Entry], read: dict[str, bytes]) -> Iterator[RefusedError]:
    """Fill `read` with the contents; yield what is damaged or dangerous to load."""
    for path in sorted(files):
        entry = files[path]
        try:
            content = entry.read(entry.size + 1)
            if len(content) != entry.size:
                raise RefusedError("damaged_file", path=shown(path))
            refuse_content(path, content)
        except RefusedError as refused:
            yield refused
        else:
            read[path] = content
