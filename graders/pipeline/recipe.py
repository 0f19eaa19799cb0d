"""What decides a run besides the submission: one digest, so that nothing stale is believed.

The recipe covers the hidden tests, the drivers, the assignment's file, the hidden data, the base
model and the engine's own source. A submission is tested again exactly when this changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import graders
from graders.core.canonical import digest_of

ENGINE_SOURCES = ("core/wire*.py", "sandbox/*.py", "tester/*.py")


def recipe(assignment_dir: Path, data_manifest: Path | None, base_model: str) -> str:
    """Return the SHA-256 of everything but the submission that decides a run.

    Args:
        assignment_dir: The folder with ``assignment.toml``, hidden tests and drivers.
        data_manifest: The manifest of the assignment's data, which holds the parts' hashes.
        base_model: The base model's specification in ``course.toml``.
    """
    engine = Path(graders.__file__).parent
    return digest_of(
        {
            "assignment": _digests(
                assignment_dir,
                (
                    assignment_dir / "assignment.toml",
                    *_sources(assignment_dir / "hidden_tests"),
                    *_sources(assignment_dir / "drivers"),
                ),
            ),
            "data": _digest(data_manifest) if data_manifest else "",
            "engine": _digests(
                engine, (path for rule in ENGINE_SOURCES for path in sorted(engine.glob(rule)))
            ),
            "model": base_model,
        }
    )


def seed_of(recipe: str, student: str) -> int:
    """Return the seed of a student's random inputs: 63 bits, the same whenever this is run again.

    A recipe is a digest of the hidden tests, so that nobody without them can foresee the inputs.
    """
    raw = hashlib.sha256(f"{recipe}\0{student}".encode()).digest()[:8]
    return int.from_bytes(raw, "big") >> 1


def jail_seed(seed: int) -> int:
    """Return the seed of the generators inside the jail: 32 bits that tell nothing of `seed`."""
    # SECURITY: test_the_jail_does_not_learn_the_seed_of_the_hidden_tests
    return int.from_bytes(hashlib.sha256(f"jail {seed}".encode()).digest()[:4], "big")


def _sources(folder: Path) -> list[Path]:
    """Return every file below a folder, data of the tests too, but what Python leaves there."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in found if "__pycache__" not in path.parts)


def _digests(root: Path, paths: Iterable[Path]) -> dict[str, str]:
    return {path.relative_to(root).as_posix(): _digest(path) for path in paths}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
