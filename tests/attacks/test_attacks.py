"""Every attack of the catalogue fails; and each succeeds once something is taken away."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from graders.sandbox import Zygote
from tests.attacks import corpus
from tests.attacks.arena import Arena
from tests.attacks.world import World

pytestmark = pytest.mark.timeout(1800)  # the report takes minutes, and more on a busy machine

ROOT = Path(__file__).resolve().parents[2]
# Held by walls that are no switchable layer, so that no removal shows these attacks at work:
HELD_OTHERWISE = {
    "bpf",  # the kernel's own setting, unprivileged_bpf_disabled
    "ptrace_grader",  # the user namespace
    "sysv_shm",  # the IPC namespace
}
# Kernels can be built or set up without what these attacks need.
DEPENDS_ON_THE_KERNEL = {"core_dumps", "io_uring", "keyrings", "tiocsti", "userfaultfd"}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World() as made:
        yield made


@pytest.fixture(scope="module")
def zygote(world: World) -> Iterator[Zygote]:
    with corpus.start_zygote() as started:
        yield started


@pytest.fixture(scope="module")
def arena(world: World) -> Iterator[Arena]:
    with ExitStack() as stack:
        yield corpus.start_arena(world, stack)


@pytest.mark.parametrize(
    "attack",
    [
        pytest.param(one, id=one.name, marks=[pytest.mark.slow] if one.waits() else [])
        for one in corpus.PROGRAMS
    ]
    + [pytest.param(one, id=one.name, marks=pytest.mark.slow) for one in corpus.CHEATS],
)
def test_attack_fails(request: pytest.FixtureRequest, world: World, attack: Any) -> None:
    if attack in corpus.PROGRAMS:
        harm = world.strike(request.getfixturevalue("zygote"), attack)
    else:
        arena = request.getfixturevalue("arena")
        harm = arena.strike(attack, baseline=0)
    assert harm == ()


@pytest.mark.slow
def test_the_baseline_of_the_cheats_earns_nothing(arena):
    assert arena.baseline() == 0


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> tuple[int, dict[str, Any], str]:
    """What `make attacks` finds: as root when root runs it, and as an ordinary user."""
    out = tmp_path_factory.mktemp("attacks") / "attacks.json"
    done = subprocess.run(
        [sys.executable, "-m", "tools.attacks", "--out", str(out)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    return done.returncode, json.loads(out.read_text()), done.stderr


@pytest.mark.slow
def test_nothing_gets_through_as_whoever_grades(report):
    status, content, said = report
    assert status == 0, said
    assert content["succeeded"] == []
    assert content["tried"] == corpus.NAMES
    assert content["as"] == (["root", "user"] if os.geteuid() == 0 else ["user"])


@pytest.mark.slow
@pytest.mark.parametrize("removed", corpus.REMOVED)
def test_a_protection_that_is_removed_lets_an_attack_through(report, removed):
    assert report[1]["without"][removed]


@pytest.mark.slow
def test_every_attack_gets_through_once_enough_is_removed(report):
    through = {name for names in report[1]["without"].values() for name in names}
    assert set(corpus.NAMES) - through <= HELD_OTHERWISE | DEPENDS_ON_THE_KERNEL


def test_every_number_of_the_catalogue_has_an_attack():
    assert {one.number for one in (*corpus.CHEATS, *corpus.PROGRAMS)} == {*range(1, 41)}
    assert len(set(corpus.NAMES)) == len(corpus.NAMES)


def _comments(folder: str) -> list[str]:
    texts = [p.read_text(encoding="utf-8") for p in sorted((ROOT / folder).rglob("*.py"))]
    return [comment for text in texts for comment in re.findall(r"# SECURITY: (.*)", text)]


def test_security_comments_name_tests_that_exist():
    exist = {f"test_attack_fails[{name}]" for name in corpus.NAMES}
    for path in (ROOT / "tests").rglob("test_*.py"):
        exist |= set(re.findall(r"def (test_\w+)\(", path.read_text(encoding="utf-8")))
    named: set[str] = set()
    for comment in _comments("graders"):
        named |= {f"test_attack_fails[{name}]" for name in re.findall(r"\[(\w+)\]", comment)}
        named |= set(re.findall(r"\b(test_\w+)\b(?!\[|\.py)", comment))
    assert named - exist == set()


def test_every_security_comment_of_the_jail_names_a_test():
    assert [c for c in _comments("graders/sandbox") if not re.search(r"\btest_\w+", c)] == []


def test_the_handbook_lists_every_attack():
    handbook = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    assert [name for name in corpus.NAMES if f"`{name}`" not in handbook] == []
