"""The toy assignment with a reference solution, certified in the real jail."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from graders.core.config import load_course
from graders.pipeline.certify import Certificate, certify
from tests.support.toy import GOOD, write_course


@dataclass
class Author:
    """An author of the toy assignment."""

    course: Path
    reference: Path
    steps: list[tuple[int, int]] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """The assignment's folder."""
        return self.course.parent / "toy"

    def edit_test(self, old: str, new: str) -> None:
        """Change the hidden tests."""
        path = self.folder / "hidden_tests" / "test_sums.py"
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    def certify(self, *mutants: str, only: list[str] | None = None) -> Certificate:
        """Certify with these mutants."""
        (self.folder / "mutants.toml").write_text("\n".join(mutants), "utf-8")
        return certify(
            load_course(self.course),
            "toy",
            reference=self.reference,
            jobs=2,
            only=only,
            step=lambda done, total: self.steps.append((done, total)),
        )


@pytest.fixture
def author(tmp_path) -> Author:
    reference = tmp_path / "reference" / "toy"
    reference.mkdir(parents=True)
    for name, text in GOOD.items():
        (reference / name).write_text(text, "utf-8")
    return Author(write_course(tmp_path / "assignments"), reference)
