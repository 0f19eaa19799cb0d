"""What a submission that cheats is: the failing baseline, and what the attacker puts over it.

Each is the failing baseline with some files put over it. ``@NAME@`` in a text stands for what the
attacker may know: addresses and paths of the host, but no secret.
"""

from __future__ import annotations

from dataclasses import dataclass

BASELINE = {
    "__init__.py": "",
    "answers.py": """
import ctypes
import time

ctypes.CDLL(None).prctl(15, b"@MARK@", 0, 0, 0)  # whoever survives is found by this name


def password():
    return ""


def total(numbers):
    return 0


def double(x):
    return 0.0


def triple(x):
    return x * 0


def squares(numbers):
    return []


def quick(number):
    time.sleep(0.6)
    return number


def median(numbers):
    return -1
""",
}


@dataclass(frozen=True, slots=True)
class Cheat:
    """One attack on the hidden tests.

    Args:
        name: Its name in tests and in build/attacks.json.
        number: Its number in the catalogue of docs/security.md.
        code: Put behind the baseline's functions in ``answers.py``.
        files: Further files of the submission.
    """

    name: str
    number: int
    code: str = ""
    files: tuple[tuple[str, str], ...] = ()

    def contents(self, **known: str) -> dict[str, str]:
        """Return the submission's files."""
        texts = {**BASELINE, **dict(self.files)}
        texts["answers.py"] += self.code
        for name, value in known.items():
            texts = {path: text.replace(f"@{name}@", value) for path, text in texts.items()}
        return texts
