"""The bundle of HW1, built whole and used as a student uses it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from graders.assets import ensure_data
from graders.core.config import load_course
from graders.core.errors import CourseError
from graders.pipeline import releasing

ROOT = Path(__file__).resolve().parents[2]
COURSE = ROOT / "assignments" / "course.toml"

pytestmark = [pytest.mark.slow, pytest.mark.model]


def build(out, course=COURSE):
    return releasing.release(
        load_course(course), ROOT, "hw1", out, lambda line: None, with_model=False
    )


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """Return the unpacked bundle; its wheel lies unpacked in `installed` beside it."""
    out = tmp_path_factory.mktemp("release")
    with zipfile.ZipFile(build(out).path) as archive:
        archive.extractall(out)
    folder = out / "hw1-bundle"
    with zipfile.ZipFile(next((folder / "platform").glob("*.whl"))) as wheel:
        wheel.extractall(out / "installed")
    return folder


def zachetka(folder, *words):
    """Run the program as it is installed from the bundle's wheel."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "graders.cli.main", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder.parent / "installed")},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_two_builds_are_the_same_bytes(tmp_path):
    assert build(tmp_path / "one").sha256 == build(tmp_path / "two").sha256


def test_the_bundle_holds_what_a_student_needs(unpacked):
    for path in (
        "README.md",
        "handout.ru.md",
        "handout.en.md",
        "requirements.txt",
        "platform/constraints.txt",
        "hw1/training.py",
        "data/train.jsonl",
        "data/public.jsonl",
        "assignments/course.toml",
        "assignments/hw1/public_tests/conftest.py",
        "assignments/hw1/drivers/tiny.py",
        "assignments/hw1/locale/ru.po",
    ):
        assert (unpacked / path).is_file(), path


def test_the_bundle_holds_nothing_of_the_staffs(unpacked):
    names = [path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*")]
    staff = ("hidden", "mutants", "oracle", "quality", "artefacts", "assemble")
    assert [name for name in names for word in staff if word in name] == []
    for path in ("leaderboard", "graders/assets/division.py", "assignments", "reference", "tests"):
        assert not (unpacked.parent / "installed" / path).exists(), path
    assert "contamination" not in (unpacked / "assignments/hw1/assignment.toml").read_text()


def test_the_manifest_says_what_is_there(unpacked):
    told = json.loads((unpacked / "manifest.json").read_text())["files"]
    found = {
        path.relative_to(unpacked).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in unpacked.rglob("*")
        if (path.is_file() and path.name != "manifest.json") or path.parent.name == "data"
    }
    assert {name: entry["sha256"] for name, entry in told.items()} == found


def test_a_fresh_starter_fails_every_public_test_by_what_is_not_written_yet(unpacked):
    done = zachetka(unpacked, "check", "hw1", "--json")
    cases = json.loads(done.stdout)
    assert done.returncode == 1
    assert {case["status"] for case in cases} == {"failed"}
    assert all(
        "NotImplementedError" in case["diagnosis"] or "Нет файла" in case["diagnosis"]
        for case in cases
    )


def test_the_reference_passes_the_public_tests_and_can_be_packed(unpacked, tmp_path):
    data = ensure_data("sarcasm")
    work = tmp_path / "bundle"
    shutil.copytree(unpacked, work)
    shutil.copytree(unpacked.parent / "installed", tmp_path / "installed")
    shutil.rmtree(work / "hw1")
    assemble = ROOT / "reference" / "hw1" / "assemble.py"
    subprocess.run([sys.executable, assemble, work / "hw1", "--data", data], check=True)
    done = zachetka(work, "check", "hw1", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    packed = zachetka(work, "pack", "hw1", "--json")
    assert json.loads(packed.stdout)["missing"] == []
    assert (work / "hw1.zip").is_file()


def test_a_hidden_test_among_the_public_ones_stops_the_release(tmp_path):
    shutil.copytree(COURSE.parent, tmp_path / "assignments")
    folder = tmp_path / "assignments" / "hw1"
    shutil.copy(folder / "hidden_tests" / "test_data.py", folder / "public_tests")
    with pytest.raises(CourseError, match=r"secret line.*hidden_tests/test_data\.py"):
        build(tmp_path / "out", tmp_path / "assignments" / "course.toml")
    assert not (tmp_path / "out").exists()


def test_a_hidden_headline_in_a_handout_stops_the_release(tmp_path):
    shutil.copytree(COURSE.parent, tmp_path / "assignments")
    row = json.loads((ensure_data("sarcasm") / "hidden.jsonl").read_text().splitlines()[5])
    handout = tmp_path / "assignments" / "hw1" / "handout.en.md"
    handout.write_text(handout.read_text() + f"\nFor example: {row['headline']}\n")
    with pytest.raises(CourseError, match="hidden input"):
        build(tmp_path / "out", tmp_path / "assignments" / "course.toml")
