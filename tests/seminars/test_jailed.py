"""All seven seminars run: hidden tests in the jail, public tests as a student runs them."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys

import pytest

from graders.core.messages import Messages
from graders.core.records import CaseStatus, RunOutcome
from graders.pipeline.certify import SEED
from graders.pipeline.engine import PRELOAD, Engine, Place
from graders.pipeline.mutants import apply, read_mutants
from graders.sandbox import Zygote
from graders.store import Store
from graders.tester import Tester
from tests.seminars.conftest import ROOT

pytestmark = pytest.mark.slow
SAMPLE = 4  # hand-written mutants of each seminar; `zachetka certify` tries all


@pytest.fixture(scope="session")
def zygote():
    """One warm process for all: no hidden test of a seminar needs a model of its own."""
    with Zygote.start(preload=PRELOAD, model=None, slots=2) as zygote:
        yield zygote


@pytest.fixture(scope="session")
def engine(zygote, seminar, tmp_path_factory):
    """The machine of a seminar, on the shared warm process."""
    home = tmp_path_factory.mktemp(seminar.name)
    for folder in (home, *home.parents[:2]):
        folder.chmod(0o755)  # the jail's user reads what lies below
    place = Place(seminar.folder, None, None, home / "scratch")
    with (
        Store.open(f"sqlite:///{home / 'memo.db'}", home / "blobs") as store,
        Tester.start(seminar.folder) as tester,
    ):
        engine = Engine(seminar, place, store, 1)
        engine.zygote, engine.tester = zygote, tester
        yield engine


@pytest.fixture
def copied(reference, seminar, tmp_path):
    """Copies of the solution that a test may edit."""
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)

    def copy(name):
        out = tmp_path / name / seminar.package
        shutil.copytree(reference, out, ignore=shutil.ignore_patterns("__pycache__"))
        return out

    return copy


def test_the_reference_passes_its_hidden_tests_in_the_jail(engine, copied):
    report = engine.test_folder(copied("whole"), SEED)
    assert report.outcome is RunOutcome.COMPLETED, report.log
    told = {case.key: case.message for case in report.cases if case.status != CaseStatus.PASSED}
    assert told == {}
    assert report.cases


def test_a_sample_of_hand_written_mutants_fails_as_it_says(engine, copied, seminar, reference):
    catalogue = Messages.load([seminar.catalogues]).keys
    mutants = read_mutants(seminar.folder / "mutants.toml", reference, catalogue)
    for mutant in random.Random(seminar.name).sample(mutants, SAMPLE):
        files = copied(mutant.id)
        apply(mutant, files, seminar.folder)
        report = engine.test_folder(files, SEED, frozenset(mutant.kills))
        told = {case.key: (case.status, case.message) for case in report.cases}
        assert set(told) == set(mutant.kills)
        assert all(status != CaseStatus.PASSED for status, _ in told.values()), (mutant.id, told)
        if mutant.message:
            assert mutant.message in {message for _, message in told.values()}, (mutant.id, told)


# One process imports what is heavy, and each check is a fork of it.
CHECK = """
import json, os, sys
from pathlib import Path
import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from graders.tester.local import run_public
for line in sys.stdin:
    if os.fork() == 0:
        found = run_public(*map(Path, json.loads(line)))
        told = {one.case.key: [one.case.status, one.text] for one in found}
        os.write(int(sys.argv[1]), json.dumps(told).encode() + b"\\n")
        os._exit(0)
    if os.wait()[1]:
        os.write(int(sys.argv[1]), b"{}\\n")
"""


@pytest.fixture(scope="session")
def check():
    """Return a function that runs a seminar's public tests on a folder."""
    read, write = os.pipe()
    with (
        subprocess.Popen(
            [sys.executable, "-B", "-W", "ignore", "-c", CHECK, str(write)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=(write,),
            text=True,
        ) as child,
        open(read, encoding="utf-8") as answers,
    ):
        os.close(write)

        def ask(seminar, folder):
            child.stdin.write(json.dumps([str(seminar.folder), str(folder)]) + "\n")
            child.stdin.flush()
            return json.loads(answers.readline())

        yield ask
        child.stdin.close()


def test_public_tests_pass_on_the_reference_and_fail_on_the_starter(
    check, seminar, reference, starter
):
    whole = check(seminar, reference)
    assert {key: told for key, (status, told) in whole.items() if status != "passed"} == {}
    assert whole
    fresh = check(seminar, starter)
    assert set(fresh) == set(whole)
    assert {status for status, _ in fresh.values()} == {"failed"}
