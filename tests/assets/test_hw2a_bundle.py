"""The bundle of HW2A: the students' parts, no answer, and a platform that cannot draw them."""

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
        load_course(course), ROOT, "hw2a", out, lambda line: None, with_model=False
    )


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """Return the unpacked bundle; its wheel lies unpacked in `installed` beside it."""
    out = tmp_path_factory.mktemp("hw2a")
    with zipfile.ZipFile(build(out).path) as archive:
        archive.extractall(out)
    with zipfile.ZipFile(next((out / "hw2a-bundle" / "platform").glob("*.whl"))) as wheel:
        wheel.extractall(out / "installed")
    return out / "hw2a-bundle"


def test_its_data_are_train_and_test_with_their_licences(unpacked):
    names = sorted(path.name for path in (unpacked / "data").iterdir())
    assert names == ["LICENSES.txt", "manifest.json", "test.jsonl", "train.jsonl"]
    whole = ensure_data("summaries")
    for name in ("train.jsonl", "test.jsonl", "LICENSES.txt"):
        assert (unpacked / "data" / name).read_bytes() == (whole / name).read_bytes()
    assert ensure_data("summaries", near=unpacked) == unpacked / "data"


def test_no_text_of_it_says_what_stands_in_which_part(unpacked):
    told = json.loads((unpacked / "data" / "manifest.json").read_text(encoding="utf-8"))
    assert sorted(told) == ["counts", "files", "packages"]
    rows = (unpacked / "data" / "test.jsonl").read_text(encoding="utf-8").splitlines()
    assert {tuple(json.loads(row)) for row in rows} == {("id", "name", "signature", "document")}
    assert not (unpacked.parent / "installed" / "graders" / "assets" / "summaries").exists()


def test_its_course_can_be_read_though_the_other_homeworks_are_not_there(unpacked):
    course = load_course(unpacked / "assignments" / "course.toml")
    assert sorted(course.assignments) == ["hw2a"]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "graders.cli.main", "data", "prepare", "hw2a"],
        cwd=unpacked,
        env={
            **os.environ,
            "PYTHONPATH": str(unpacked.parent / "installed"),
            "ZACHETKA_CACHE": str(unpacked.parent / "nothing"),
        },
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, str(unpacked / "data")), done.stderr
    assert not (unpacked.parent / "nothing").exists()


@pytest.mark.parametrize("part", ["public", "private"])
def test_an_examined_summary_in_a_handout_stops_the_release(tmp_path, part):
    shutil.copytree(COURSE.parent, tmp_path / "assignments")
    rows = (ensure_data("summaries") / f"{part}.jsonl").read_text(encoding="utf-8").splitlines()
    handout = tmp_path / "assignments" / "hw2a" / "handout.en.md"
    answer = json.loads(rows[5])["summary"]
    handout.write_text(f"{handout.read_text(encoding='utf-8')}\nFor example: {answer}\n")
    with pytest.raises(CourseError, match="hidden input"):
        build(tmp_path / "out", tmp_path / "assignments" / "course.toml")
