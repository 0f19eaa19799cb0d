"""The README's command lines run, in the order in which a reader types them.

The class is two students of the sample class's kind, last year, without adapters: measuring an
adapter takes minutes and is the demo's business.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from graders.assets import ensure_data
from tests.classroom.attempts import strong
from tests.support.postgres import running_server

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
STAFF, STUDENT = README.split("## For a student")

# What is not run here, and why.
NOT_RUN = {
    "make demo": "tests/demo plays it",
    "make test": "it is what runs this",
    "zachetka certify hw1": "takes minutes; tests/certify runs the command on a small assignment",
    "zachetka certify seminar1": "as above; tests/seminars tries a sample of its mutants",
    "make seminars": "takes a quarter of an hour; tests/seminars runs the tool on a small seminar",
    "python3 -m venv .venv": "minutes of downloads; the tests' own environment stands in",
    ".venv/bin/pip install": "as above",
}

pytestmark = [pytest.mark.slow, pytest.mark.model, pytest.mark.timeout(900)]


def _blocks(text: str) -> list[str]:
    """Return the shell blocks of a text without the lines that are not run."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, flags=re.M | re.S)
    kept = [[line for line in block.splitlines() if not _is_left_out(line)] for block in blocks]
    return ["\n".join(lines) for lines in kept if lines]


def _is_left_out(line: str) -> bool:
    return any(line.startswith(words) for words in NOT_RUN)


@dataclass(frozen=True)
class Desk:
    """Where the blocks are typed, and what each printed."""

    folder: Path
    environment: dict[str, str]

    def type(self, block: str, folder: Path | None = None) -> str:
        """Run a block as a shell would, and fail with what it said."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
            cwd=folder or self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=800,
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def work() -> dict[str, bytes]:
    """A whole submission."""
    return strong(ROOT / "reference" / "hw1", ensure_data("sarcasm"))


@pytest.fixture(scope="module")
def desk(tmp_path_factory, work) -> Iterator[Desk]:
    """A folder with a class list, an inbox, receipts and a dated course beside the repository's."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "students.csv").write_text("id,name\ns01,Анна\ns02,Борис\n", encoding="utf-8")
    for student in ("s01", "s02"):
        without = {path: data for path, data in work.items() if not path.startswith("adapter/")}
        _write(folder / "inbox" / student / "hw1", without)
    (folder / "receipts.csv").write_text(
        "student,file,received\n"
        "s01,s01,2025-10-20T23:59:59+03:00\n"
        "s02,s02,2025-10-22T00:00:00+03:00\n"
    )
    for path in ROOT.iterdir():
        if path.name not in {"assignments", "build"} and not path.name.startswith("."):
            (folder / path.name).symlink_to(path)
    shutil.copytree(ROOT / "assignments", folder / "assignments")
    course = folder / "assignments" / "course.toml"
    text = course.read_text(encoding="utf-8")
    text = text.replace('soft = "TBA"', 'soft = "2025-10-20"').replace(
        'hard = "TBA"', 'hard = "2025-11-03"'
    )
    course.write_text(text, encoding="utf-8")
    with running_server() as server:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        yield Desk(folder, {**os.environ, "PATH": path, "DATABASE_URL": server.create("readme")})


def _write(folder: Path, files: dict[str, bytes]) -> None:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def test_what_is_not_run_is_in_the_readme():
    for words in NOT_RUN:
        assert re.search(rf"^{re.escape(words)}", README, flags=re.M), words


def test_an_instructor_and_a_student_can_type_what_the_readme_says(desk, work):
    said = [desk.type(block) for block in _blocks(STAFF)]
    everything = "\n".join(said)
    assert "tier: strict" in everything
    assert "0 differ" in everything
    assert (desk.folder / "build" / "grades" / "gradebook.xlsx").is_file()
    assert (desk.folder / "build" / "feedback" / "s01" / "index.html").is_file()

    unpack, use = _blocks(STUDENT)
    bundle = desk.folder / "build" / "release" / "hw1-bundle.zip"
    place = desk.folder / "student"
    place.mkdir()
    shutil.copy(bundle, place)
    desk.type(unpack, place)
    folder = place / re.search(r"^cd (.*)$", unpack, flags=re.M)[1]
    shutil.rmtree(folder / "hw1")
    _write(folder / "hw1", work)
    assert "hw1.zip" in desk.type(use, folder)
