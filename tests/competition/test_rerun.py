"""The re-run: the team's code in the jail, compared with what it submitted."""

import textwrap

import pytest

from graders.core.records import Intake, Student
from graders.pipeline.prepare import Preparation
from graders.pipeline.workspace import opened
from leaderboard.competition import reruns
from leaderboard.competition.rerun import rerun
from tests.competition import arena
from tests.competition.arena import NOW, write_answers

pytestmark = pytest.mark.slow

TEST = f"""
import pytest


@pytest.mark.points("1", key="{arena.NAME}.rerun.same", part="private")
def test_the_same_answers(student, case, rng):
    names = [f"q{{rng.randint(50, 649):04}}" for _ in range(40)]
    case.fact("rerun_answers", {{name: student.call("model:summarize", name) for name in names}})
"""
HONEST = "def summarize(name):\n    return f'Return the value of {name} as it was stored.'\n"
OTHER = "def summarize(name):\n    return 'Merge two graphs ' + name[::-1]\n"
BROKEN = "def summarize(name):\n    raise RuntimeError('no adapter')\n"


@pytest.fixture(scope="module")
def field(tmp_path_factory):
    """Return a competition whose assignment has a hidden re-run test, and three teams with code."""
    folder = tmp_path_factory.mktemp("rerun")
    home, data = arena.prepare(folder)
    tests = folder / "assignments" / arena.NAME / "hidden_tests"
    (tests / "test_rerun.py").write_text(textwrap.dedent(TEST), encoding="utf-8")
    namespace: dict = {}
    exec(HONEST, namespace)
    with opened(home) as workspace:
        found = arena.launched(workspace, data)
        answers = write_answers({one: namespace["summarize"](one) for one in found.ids})
        for team, code in (("s01", HONEST), ("s02", OTHER), ("s03", BROKEN)):
            workspace.store.add_students([Student(team, team)], NOW)
            files = {"submission.jsonl": answers, "model.py": code.encode(), "__init__.py": b""}
            workspace.store.add_submission(Intake(arena.NAME, team, NOW, team, files))
        yield found


def test_code_that_gives_other_answers_or_none_is_flagged_with_the_evidence(field):
    entries = [(one.student, one.id) for one in field.workspace.store.submissions(arena.NAME)]
    preparation = Preparation(field.workspace, 1, lambda line: None)
    honest, other, broken = rerun(field, preparation, entries)
    assert (honest.flags, honest.compared >= 35) == ((), True)
    assert [flag.key for flag in other.flags] == ["integrity.rerun_differs"]
    assert other.flags[0].args["items"] == other.compared
    assert [flag.key for flag in broken.flags] == ["integrity.rerun_failed"]
    assert broken.compared == 0
    for one in (honest, other, broken):
        reruns.keep(field.folder, one.team, one.submission, one.compared, one.flags)
    assert set(reruns.flags_of(field.folder)) == {"s02", "s03"}
    reruns.keep(field.folder, "s02", other.submission, 40, ())
    assert set(reruns.flags_of(field.folder)) == {"s03"}
