"""`zachetka judge`: what the commands print, keep and refuse."""

from __future__ import annotations

import builtins
import json

import pytest

from graders.cli import judge, judge_files
from graders.cli.main import main
from graders.core.errors import CourseError
from leaderboard.judges.label import read_labels
from leaderboard.records import Label

QUESTIONS = [
    {"id": f"q{n}", "signature": f"def f{n}(x)", "document": f"Does the thing number {n}."}
    for n in range(30)
]


@pytest.fixture
def run(capsys):
    def call(*words):
        capsys.readouterr()
        code = main([str(word) for word in ("judge", *words)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


@pytest.fixture
def files(tmp_path):
    """Write the questions and two sets of answers; return their paths."""
    rows = {
        "questions": QUESTIONS,
        "good": [{"id": q["id"], "answer": f"Do the thing {q['id']}."} for q in QUESTIONS],
        "bad": [{"id": q["id"], "answer": f"\x1b[31m{q['id']}"} for q in QUESTIONS],
    }
    paths = []
    for name, some in rows.items():
        paths.append(tmp_path / f"{name}.jsonl")
        paths[-1].write_text("".join(json.dumps(row) + "\n" for row in some), encoding="utf-8")
    return paths


def typing(monkeypatch, keys):
    """Let a person press keys one after another; an exception is raised where it stands."""
    waiting = iter(keys)

    def press(_prompt=""):
        key = next(waiting)
        if isinstance(key, type):
            raise key
        return key

    monkeypatch.setattr(builtins, "input", press)


def test_agreement_of_recorded_verdicts_as_json(run, tmp_path):
    path = tmp_path / "verdicts.jsonl"
    rows = [
        ("A", "A", "B"),
        ("B", "B", "A"),
        ("A", "B", "A"),
        ("tie", "tie", "tie"),
        ("B", "B", "B"),
    ]
    path.write_text(
        "\n".join(
            json.dumps(dict(zip(("label", "verdict", "verdict_swapped"), row, strict=True)))
            for row in rows
        ),
        encoding="utf-8",
    )
    code, out, _ = run("agreement", path, "--json")
    told = json.loads(out)
    assert code == 0
    assert (told["items"], told["accuracy"], told["swap_consistency"]) == (5, 0.8, 0.8)
    assert told["kappa"] == pytest.approx((0.8 - 0.36) / 0.64, abs=1e-4)
    assert told["kappa_ci"][0] <= told["kappa"] <= told["kappa_ci"][1]
    assert told["corrected_win_rate"] is None


def test_agreement_for_people_is_a_table(run, tmp_path):
    path = tmp_path / "verdicts.jsonl"
    path.write_text('{"label": "A", "verdict": "A", "verdict_swapped": "B"}\n', encoding="utf-8")
    code, out, _ = run("agreement", path)
    assert code == 0
    assert "swap consistency" in out


def test_a_broken_line_is_named_and_nothing_is_printed(run, tmp_path):
    path = tmp_path / "verdicts.jsonl"
    path.write_text('{"label": "A", "verdict": "A"}\n{"label": "Z", "verdict": "A"}\n', "utf-8")
    code, out, err = run("agreement", path, "--json")
    assert (code, out) == (3, "")
    assert "line 2" in err


def test_a_person_labels_blind_pairs_and_stops_and_goes_on(run, files, tmp_path, monkeypatch):
    out = tmp_path / "labels.jsonl"
    command = ("label", *files, "--out", out, "--by", "me", "--lang", "en")
    typing(monkeypatch, ["a", "x", "b", " T ", "q"])
    code, said, _ = run(*command)
    assert code == 0
    assert "Pair 1 of 30" in said
    assert "Pairs labelled: 3 of 30" in said
    assert "good" not in said
    assert "bad" not in said  # whose answers they are is not told
    assert "\x1b" not in said  # and an answer paints no terminal
    typing(monkeypatch, ["s"] * 27)
    code, said, _ = run(*command)
    assert "Pair 4 of 30" in said
    assert "Pairs labelled: 30 of 30" in said
    assert len(read_labels(out)) == 3
    assert Label.TIE in read_labels(out).values()


def test_labelling_speaks_russian(run, files, tmp_path, monkeypatch):
    typing(monkeypatch, [EOFError])
    code, said, _ = run(
        "label", *files, "--out", tmp_path / "l.jsonl", "--by", "me", "--lang", "ru"
    )
    assert code == 0
    assert "Пара 1 из 30" in said


def test_an_interrupt_loses_no_label(run, files, tmp_path, monkeypatch):
    out = tmp_path / "labels.jsonl"
    typing(monkeypatch, ["a", "b", KeyboardInterrupt])
    code, _, err = run("label", *files, "--out", out, "--by", "me")
    assert code == 130
    assert "go on" in err
    assert len(read_labels(out)) == 2


def test_labels_and_verdicts_give_a_corrected_win_rate(run, tmp_path):
    labels, verdicts = tmp_path / "labels.jsonl", tmp_path / "verdicts.jsonl"
    rows, said = [], []
    for n in range(200):
        first, second = ("A", "B") if n % 10 < 7 else ("B", "A")  # the judge: 70 % wins
        said.append({"id": f"q{n}", "verdict": first, "verdict_swapped": second})
        if n < 100:  # people: the judge is right about nine of ten
            right = first if n % 9 else second
            rows.append({"id": f"q{n}", "label": right, "digest": "x"})
    labels.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    verdicts.write_text("".join(json.dumps(row) + "\n" for row in said), encoding="utf-8")
    code, out, _ = run("agreement", verdicts, "--labels", labels, "--json")
    told = json.loads(out)
    assert code == 0
    assert told["items"] == 100
    low, high = told["corrected_win_rate_ci"]
    assert low < told["corrected_win_rate"] < high
    assert told["corrected_win_rate"] == pytest.approx(0.70, abs=0.05)
    assert told["swap_consistency"] == 1


def test_a_win_rate_of_a_judge_no_better_than_chance_is_not_corrected(run, tmp_path):
    labels, verdicts = tmp_path / "labels.jsonl", tmp_path / "verdicts.jsonl"
    rows = [{"id": f"q{n}", "label": "AB"[n % 2]} for n in range(40)]
    said = [{"id": f"q{n}", "verdict": "A", "verdict_swapped": "B"} for n in range(40)]
    labels.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    verdicts.write_text("".join(json.dumps(row) + "\n" for row in said), encoding="utf-8")
    code, _, err = run("agreement", verdicts, "--labels", labels)
    assert code == 3
    assert "no better than chance" in err


def test_an_unknown_judge_is_refused(run):
    code, _, err = run("exam", "--judge", "nobody.toml")
    assert code == 3
    assert "nobody.toml" in err


def test_a_wrong_configuration_names_its_key(run, tmp_path):
    path = tmp_path / "judge.toml"
    path.write_text('[judge]\nkind = "trained"\nfoldr = "x"\n', encoding="utf-8")
    code, _, err = run("exam", "--judge", path)
    assert code == 3
    assert "foldr" in err


def test_the_markers_secret_is_drawn_anew_where_contestants_wrote(
    run, files, tmp_path, monkeypatch
):
    salts = []

    def refuse(_name, _course, _ledger, salt):
        salts.append(salt)
        raise CourseError("enough")

    monkeypatch.setattr(judge, "chosen_judge", refuse)
    for _ in range(2):
        assert run("compare", *files, "--out", tmp_path / "v.jsonl")[0] == 3
    assert len({*salts, judge_files.EXAM_SALT}) == 3
    assert min(map(len, salts)) >= 32


@pytest.mark.slow
@pytest.mark.model
def test_the_exam_of_the_shipped_judge_as_json(run, tmp_path):
    ledger = tmp_path / "ledger.jsonl"
    code, out, _ = run("exam", "--json", "--ledger", ledger)
    told = json.loads(out)
    assert code == 0
    assert {"judge", "accuracy", "ci", "swap_consistency", "licensed"} <= told.keys()
    assert (told["judge"], told["licensed"], told["swap_consistency"]) == ("trained", True, 1)
    assert told["ci"][0] > 0.5
    assert ledger.read_text("utf-8").count("\n") >= 320


@pytest.mark.slow
@pytest.mark.model
def test_comparing_two_files_writes_verdicts_that_agreement_reads(run, files, tmp_path):
    out = tmp_path / "verdicts.jsonl"
    code, said, _ = run("compare", *files, "--out", out, "--json")
    assert code == 0
    assert json.loads(said)["questions"] == 30
    assert json.loads(said)["win_rate"] > 0.9
    labels = tmp_path / "labels.jsonl"
    rows = [{"id": "q1", "label": "A"}, {"id": "q2", "label": "A"}]
    labels.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    code, said, _ = run("agreement", out, "--labels", labels, "--json")
    assert json.loads(said)["accuracy"] == 1
