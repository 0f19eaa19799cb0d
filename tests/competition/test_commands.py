"""The commands, from launch to reveal, as an instructor types them."""

import json
from dataclasses import dataclass

import pytest

from graders.cli.main import main
from graders.core.records import RunOutcome, RunReport
from graders.pipeline.workspace import opened
from leaderboard.competition import scoring
from tests.competition import arena
from tests.competition.arena import NOW, Script, answers_of, hand_in, write_answers
from tests.kaggle.boards import zip_of

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def zachetka(capsys):
    def run(*words):
        capsys.readouterr()
        code = main([str(word) for word in words])
        return Said(code, *capsys.readouterr())

    return run


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Return home, data and a folder of baselines; the course's data set is the invented one."""
    home, data = arena.prepare(tmp_path)
    ready = tmp_path / "ready"
    ready.mkdir()
    arena.baselines(ready, data)
    # The course names no data set that could be downloaded, and its judge is a script.
    monkeypatch.setattr("graders.pipeline.prepare.data_of", lambda *told: data)
    monkeypatch.setattr("graders.assets.ensure_data", lambda *told, **more: data)
    monkeypatch.setattr(scoring, "judge_of", lambda field: Script())
    monkeypatch.chdir(tmp_path)
    return home, data, ready


def launch(zachetka, place, *more):
    """Build the competition, hand three attempts of two students in; return their numbers."""
    home, data, ready = place
    said = zachetka(
        *("competition", "build", arena.NAME, "--baselines", ready, "--home", home, *more)
    )
    assert said.code == 0, said.err
    with opened(home) as workspace:
        first = hand_in(workspace, "s01", answers_of(data, 0.9, 1), 1)
        hand_in(workspace, "s02", answers_of(data, 0.6, 2), 2)
        last = hand_in(workspace, "s01", answers_of(data, 0.88, 3), 30)
        for one in workspace.store.submissions(arena.NAME):
            report = RunReport(RunOutcome.COMPLETED, ())
            workspace.store.record_run(
                one.id, report, recipe="r", seed=1, started=NOW, finished=NOW
            )
    return said, first, last


def test_a_launch_promises_what_a_reveal_shows(zachetka, place, tmp_path):
    at = ("--home", place[0])
    name = arena.NAME
    said = zachetka("competition", "score", name, *at)
    assert (said.code, "not built yet" in said.err) == (3, True)
    said, *_ = launch(zachetka, place, "--json")
    assert said.json["items"] == {"private": 400, "public": 200}
    assert said.json["baselines"] == ["lead10", "tfidf"]
    folder = place[0] / "competition" / name
    published = tmp_path / "published.json"
    published.write_bytes((folder / "commitment.json").read_bytes())
    assert zachetka("competition", "reveal", name, *at).code == 0
    reveal = folder / "reveal.json"
    said = zachetka("competition", "verify", reveal, "--against", published)
    assert (said.code, "holds" in said.out) == (0, True)
    text = published.read_text("utf-8").replace('"sha256": "', '"sha256": "0')
    published.write_text(text, encoding="utf-8")
    assert zachetka("competition", "verify", reveal, "--against", published).code == 3


def test_a_file_is_validated_for_free(zachetka, place, tmp_path):
    answers = answers_of(place[1], 0.9, 1)
    (tmp_path / "submission.jsonl").write_bytes(write_answers(answers))
    words = ("competition", "validate", arena.NAME)
    said = zachetka(*words, "submission.jsonl", "--json")
    assert (said.code, said.json["valid"], said.json["answers"]) == (0, True, 600)
    assert zachetka(*words, "submission.jsonl").out.startswith("Файл правильный")
    (tmp_path / "short.jsonl").write_bytes(write_answers(dict(list(answers.items())[1:])))
    said = zachetka(*words, "short.jsonl", "--lang", "en")
    assert (said.code, said.err.startswith("short.jsonl: ")) == (1, True)
    assert zachetka(*words, "none.jsonl").code == 3


def test_a_public_board_is_scored_and_published(zachetka, place, tmp_path):
    at = ("--home", place[0])
    name = arena.NAME
    _, first, last = launch(zachetka, place)
    said = zachetka("competition", "select", name, "s01", first, "--by", "A", "--json", *at)
    assert [(row["submission"], row["selected"]) for row in said.json] == [
        (first, True),
        (last, False),
    ]
    assert zachetka("competition", "select", name, "s01", 99, "--by", "A", *at).code == 3
    said = zachetka("competition", "score", name, "--json", *at)
    assert said.code == 0, said.err
    assert [row["name"] for row in said.json["public"]["rows"]][:2] == ["s01", "s02"]
    assert said.json["public"]["licensed"]
    assert zachetka("competition", "board", name, "--out", "public", *at).code == 0
    said = zachetka("competition", "replay", name, "--board", "public", "--json", *at)
    assert (said.code, said.json) == (0, {"rounds": 1, "differences": []})
    page = tmp_path / "public" / "leaderboard.csv"
    page.write_bytes(page.read_bytes() + b"x")
    said = zachetka("competition", "replay", name, "--board", "public", *at)
    assert (said.code, "leaderboard.csv: differs" in said.err) == (1, True)
    said = zachetka("competition", "grade", name, *at)
    assert (said.code, "have not been scored" in said.err) == (3, True)


def test_a_private_board_is_graded_once_and_merged_with_kaggles(zachetka, place, tmp_path):
    at = ("--home", place[0])
    name = arena.NAME
    _, _, last = launch(zachetka, place)
    said = zachetka("competition", "score", name, "--final", *at)
    assert (said.code, "private items" in said.out) == (0, True)
    said = zachetka("competition", "select", name, "s01", last, "--by", "A", *at)
    assert "closed" in said.err
    said = zachetka("competition", "grade", name, "--json", *at)
    assert said.code == 0, said.err
    assert "8 marks added" in said.err
    assert "0 marks added, 8 unchanged" in zachetka("competition", "grade", name, *at).err

    said = zachetka("kaggle", "export", name, "one-line-toys", "--out", "host", "--json", *at)
    assert said.code == 0, said.err
    assert (tmp_path / "host" / "HOST.md").is_file()
    (tmp_path / "one-line-toys.zip").write_bytes(zip_of())
    (tmp_path / "teams.csv").write_text("student,team_id\ns01,101\ns02,102\n", encoding="utf-8")
    said = zachetka(
        *("kaggle", "import", name, "one-line-toys.zip", "--teams", "teams.csv", "--json", *at)
    )
    assert said.code == 0, said.err
    assert [(row["student"], row["kaggle_rank"], row["place"]) for row in said.json] == [
        ("s01", "1", "1"),
        ("s02", "2", "2"),
    ]
    assert "103" in said.err
