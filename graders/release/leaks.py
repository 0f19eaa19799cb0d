"""The leak check: nothing that only the staff may know stands in a student's bundle.

It compares text: lines of solutions, hidden tests and mutants with every line of the bundle
(white space apart), hidden headlines wherever they stand, and hidden ids where they are quoted.
It does not undo encodings, and a solution retold in other words is the author's business.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from graders.core.errors import CourseError
from graders.release.markers import SecretLine

SHORTEST = 24  # shorter lines (`return False`, `for row in rows:`) are everybody's
# What everybody writes in the same words, whatever the program is about.
_BOILERPLATE = re.compile(
    r"^(import |from \S+ import |if TYPE_CHECKING|@pytest\.fixture|if __name__ == "
    r"|except [\w., ()]+:$|with \S+\.open\(.*\) as \w+:$|\S+\.mkdir\(parents=True, exist_ok=True\)$"
    r"|def main\()"
)
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Secrets:
    """Everything that a bundle must not hold.

    Args:
        lines: Lines of solutions, hidden tests and mutants.
        texts: Hidden inputs (headlines); found anywhere in a file.
        ids: Ids of hidden items; found where they stand between quotes.
    """

    lines: tuple[SecretLine, ...] = ()
    texts: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Leak:
    """One secret found in a bundle: where it stands, and where it comes from."""

    path: str
    line: int
    kind: str
    origin: str

    def __str__(self) -> str:
        """Name the place in the bundle first, for whoever has to mend it."""
        return f"{self.path}:{self.line}: {self.kind} from {self.origin}"


def normalized(line: str) -> str:
    """Return a line with its white space evened out."""
    return " ".join(line.split())


def telling(line: str) -> bool:
    """Tell whether a normalized line is long and particular enough to be a secret."""
    return len(line) >= SHORTEST and not _BOILERPLATE.match(line)


def secret_lines(text: str, path: str, kind: str) -> list[SecretLine]:
    """Return every line of a staff-only file as a secret."""
    return [SecretLine(path, n, line, kind) for n, line in enumerate(text.splitlines(), start=1)]


def find_leaks(
    files: Mapping[str, bytes], secrets: Secrets, allowed: Iterable[str] = ()
) -> list[Leak]:
    """Look for secrets in a bundle.

    Args:
        files: The bundle: posix path to content.
        secrets: What must not be in it.
        allowed: Lines that are released on purpose (the reference outside its markers), though
            a secret passage may repeat them.
    """
    free = {normalized(line) for line in allowed}
    known: dict[str, SecretLine] = {}
    for secret in secrets.lines:
        key = normalized(secret.text)
        if telling(key) and key not in free:
            known.setdefault(key, secret)
    found: list[Leak] = []
    for path in sorted(files):
        text = files[path].decode("utf-8", errors="replace")
        found += _line_leaks(path, text, known)
        found += _value_leaks(path, text, secrets)
    return found


def require_no_leaks(
    files: Mapping[str, bytes], secrets: Secrets, allowed: Iterable[str] = ()
) -> None:
    """Fail when a bundle holds a secret.

    Raises:
        CourseError: At least one leak, each with its file, line and origin.
    """
    leaks = find_leaks(files, secrets, allowed)
    if not leaks:
        return
    shown = "; ".join(str(leak) for leak in leaks[:_SHOWN])
    more = f"; and {len(leaks) - _SHOWN} more" if len(leaks) > _SHOWN else ""
    raise CourseError(
        f"the bundle would give away {len(leaks)} secret line(s): {shown}{more}",
        where=leaks[0].path,
        todo="Move them between the markers, or out of what students receive",
    )


def _line_leaks(path: str, text: str, known: Mapping[str, SecretLine]) -> list[Leak]:
    """Return the secret lines that stand in one text."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        secret = known.get(normalized(line))
        if secret is not None:
            found.append(Leak(path, number, secret.kind, f"{secret.path}:{secret.line}"))
    return found


def _value_leaks(path: str, text: str, secrets: Secrets) -> list[Leak]:
    """Return the hidden inputs and ids that stand in one text."""
    found = [
        Leak(path, _line_of(text, at), "hidden input", "the hidden set")
        for at in _places(text, secrets.texts)
    ]
    for quoted in re.finditer(r"[\"']([^\"'\s]{1,80})[\"']", text):
        if quoted[1] in secrets.ids:
            line = _line_of(text, quoted.start())
            found.append(Leak(path, line, "hidden id", "the hidden set"))
    return found


def _places(text: str, wanted: frozenset[str]) -> list[int]:
    """Return where any of many texts begins: by the hash of its first characters, in one pass."""
    if not wanted:
        return []
    width = min(map(len, wanted))
    starts: defaultdict[str, list[str]] = defaultdict(list)
    for one in wanted:
        starts[one[:width]].append(one)
    return [
        at
        for at in range(len(text) - width + 1)
        if (here := starts.get(text[at : at + width]))
        and any(text.startswith(one, at) for one in here)
    ]


def _line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
