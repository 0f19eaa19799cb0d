"""A jail and a tester for HW2A, and the reference as a student would hand it in."""

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
def assembled_hw2a(tmp_path_factory):
    """Return the folder of the reference, whole."""
    out = tmp_path_factory.mktemp("reference") / "hw2a"
    script = ROOT / "reference" / "hw2a" / "assemble.py"
    subprocess.run(
        [sys.executable, "-B", script, out, "--data", ensure_data("summaries")], check=True
    )
    return out


@pytest.fixture(scope="session")
def engine_hw2a(tmp_path_factory):
    """Return HW2A's engine, started."""
    home = tmp_path_factory.mktemp("engine")
    course = load_course(ROOT / "assignments" / "course.toml")
    hw2a = course.assignment("hw2a")
    place = Place(
        folder=hw2a.folder,
        hidden=ensure_data(hw2a.data),
        model=ensure_model(course.model_of("hw2a")),
        scratch=home / "scratch",
    )
    with (
        Store.open(f"sqlite:///{home / 'memo.db'}", home / "blobs") as store,
        Engine(hw2a, place, store, 1) as started,
    ):
        yield started


@pytest.fixture
def tried(engine_hw2a, assembled_hw2a, tmp_path):
    """Return a function that runs some cases on the reference, after an edit of its folder."""
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)  # the jail's user reads what lies below

    def run(keys, seed=1, edit=None):
        files = tmp_path / str(len(list(tmp_path.iterdir()))) / "hw2a"
        shutil.copytree(assembled_hw2a, files)
        if edit is not None:
            edit(files)
        return engine_hw2a.test_folder(files, seed, frozenset(keys))

    return run
