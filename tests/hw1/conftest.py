"""A jail and a tester for HW1, and the reference as a student would hand it in."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from graders.assets import ensure_data, ensure_model
from graders.core.config import load_course
from graders.pipeline.engine import Engine, Place
from graders.store import Store

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def assembled(tmp_path_factory):
    """Return the folder of the reference, whole."""
    out = tmp_path_factory.mktemp("reference") / "hw1"
    script = ROOT / "reference" / "hw1" / "assemble.py"
    subprocess.run(
        [sys.executable, "-B", script, out, "--data", ensure_data("sarcasm")], check=True
    )
    return out


@pytest.fixture(scope="session")
def engine(tmp_path_factory):
    """Return HW1's engine, started."""
    home = tmp_path_factory.mktemp("engine")
    course = load_course(ROOT / "assignments" / "course.toml")
    hw1 = course.assignment("hw1")
    place = Place(
        folder=hw1.folder,
        hidden=ensure_data(hw1.data),
        model=ensure_model(course.model_of("hw1")),
        scratch=home / "scratch",
    )
    with (
        Store.open(f"sqlite:///{home / 'memo.db'}", home / "blobs") as store,
        Engine(hw1, place, store, 1) as started,
    ):
        yield started


@pytest.fixture
def tried(engine, assembled, tmp_path):
    """Return a function that runs some cases on the reference, after an edit of its folder."""
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)  # the jail's user reads what lies below

    def run(keys, seed=1, edit=None):
        files = tmp_path / str(len(list(tmp_path.iterdir()))) / "hw1"
        shutil.copytree(assembled, files)
        if edit is not None:
            edit(files)
        return engine.test_folder(files, seed, frozenset(keys))

    return run
