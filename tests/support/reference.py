"""A jail and a tester for an assignment, and its reference as a student would hand it in."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from graders.assets import ensure_data, ensure_model
from graders.core.config import load_course
from graders.pipeline.engine import Engine, Place
from graders.store import Store

ROOT = Path(__file__).resolve().parents[2]


def _assignment(name):
    course = load_course(ROOT / "assignments" / "course.toml")
    return course, course.assignment(name)


def assemble(name, out):
    """Write the reference of an assignment, whole, into a folder and return it."""
    _, assignment = _assignment(name)
    script = ROOT / "reference" / name / "assemble.py"
    data = ensure_data(assignment.data)
    subprocess.run([sys.executable, "-B", script, out, "--data", data], check=True)
    return out


@contextmanager
def started(name, home):
    """Start the engine of an assignment."""
    course, assignment = _assignment(name)
    place = Place(
        folder=assignment.folder,
        hidden=ensure_data(assignment.data),
        model=ensure_model(course.model_of(name)),
        scratch=home / "scratch",
    )
    with (
        Store.open(f"sqlite:///{home / 'memo.db'}", home / "blobs") as store,
        Engine(assignment, place, store, 1) as engine,
    ):
        yield engine


def runner(engine, assembled, tmp_path):
    """Return a function that runs some cases on the reference, after an edit of its folder."""
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)  # the jail's user reads what lies below

    def run(keys, seed=1, edit=None):
        files = tmp_path / str(len(list(tmp_path.iterdir()))) / assembled.name
        shutil.copytree(assembled, files)
        if edit is not None:
            edit(files)
        return engine.test_folder(files, seed, frozenset(keys))

    return run
