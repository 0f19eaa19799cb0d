"""`rank` and `winrate` as commands: JSON, tables, faults."""

import json

import pytest

FIELDS = {
    *("model", "rating", "strength", "low", "high", "sandwich_low", "sandwich_high"),
    *("rank", "rank_set", "battles", "wins", "losses", "ties"),
}


def _battle(a, b, winner, question):
    return {"model_a": a, "model_b": b, "winner": winner, "question_id": question}


@pytest.fixture
def battles(tmp_path):
    rows = [_battle("x", "y", ("model_a", "model_b", "model_a")[n % 3], f"q{n}") for n in range(90)]
    rows += [_battle("[red]z", "x", ("model_a", "tie")[n % 2], f"q{n}") for n in range(90)]
    path = tmp_path / "battles.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def annotations(tmp_path):
    rows = [
        {"instruction": f"i{n}", "output_1": "a" * 20, "output_2": "b" * (10 + n % 30),
         "preference": (1, 2, 2, 1.5)[n % 4], "generator_2": "mine"}
        for n in range(80)
    ]  # fmt: skip
    path = tmp_path / "annotations.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def test_rank_prints_ratings_intervals_and_rank_sets(zachetka, battles):
    said = zachetka("rank", battles, "--json", "--resamples", "200")
    assert (said.code, said.err) == (0, "")
    assert [row["model"] for row in said.json["models"]] == ["[red]z", "x", "y"]
    first = said.json["models"][0]
    assert set(first) == FIELDS
    assert (first["rank"], first["rank_set"]) == (1, [1, 1])
    assert first["low"] < first["rating"] < first["high"]
    assert (first["battles"], first["wins"], first["losses"], first["ties"]) == (90, 45, 0, 45)
    assert {key: said.json[key] for key in ("battles", "questions", "separated", "notes")} == {
        "battles": 180,
        "questions": 90,
        "separated": False,
        "notes": [],
    }
    assert (said.json["resamples"], said.json["level"]) == (200, 0.95)


def test_the_same_battles_in_another_order_give_the_same_bytes(zachetka, battles):
    first = zachetka("rank", battles, "--json").out
    lines = battles.read_text(encoding="utf-8").splitlines(keepends=True)
    battles.write_text("".join(reversed(lines)), encoding="utf-8")
    assert zachetka("rank", battles, "--json").out == first
    assert zachetka("rank", battles, "--json", "--seed", "7").out != first


def test_rank_prints_a_table_that_interprets_no_markup(zachetka, battles):
    said = zachetka("rank", battles)
    assert said.code == 0
    assert "180 battles on 90 questions, 95 % intervals" in said.out
    assert "[red]z" in said.out


def test_notes_go_to_standard_error(zachetka, tmp_path):
    path = tmp_path / "one.jsonl"
    path.write_text(json.dumps(_battle("x", "y", "model_a", "q")), encoding="utf-8")
    said = zachetka("rank", path)
    assert said.code == 0
    assert "∞" in said.out
    assert "x never lost to or tied with anybody else: no upper bound" in said.err


def test_bad_lines_are_exit_status_3_with_their_numbers_and_nothing_on_stdout(zachetka, battles):
    with battles.open("a", encoding="utf-8") as file:
        file.write(json.dumps(_battle("x", "y", "draw", "q")) + "\n{\n")
    said = zachetka("rank", battles, "--json")
    assert (said.code, said.out) == (3, "")
    assert "line 181: unknown winner" in said.err
    assert "line 182: this is not JSON" in said.err


def test_groups_that_never_met_are_exit_status_3(zachetka, battles):
    with battles.open("a", encoding="utf-8") as file:
        file.write(json.dumps(_battle("v", "w", "tie", "q")) + "\n")
    said = zachetka("rank", battles)
    assert (said.code, said.out) == (3, "")
    assert "2 groups of models never met" in said.err


def test_winrate_prints_alpacaevals_names(zachetka, annotations):
    said = zachetka("winrate", annotations, "--json")
    assert (said.code, said.err) == (0, "")
    assert (said.json["win_rate"], said.json["n_total"]) == (62.5, 80)
    assert (said.json["n_wins"], said.json["n_wins_base"], said.json["n_draws"]) == (40, 20, 20)
    squares = 40 * 0.375**2 + 20 * 0.625**2 + 20 * 0.125**2
    assert said.json["standard_error"] == pytest.approx(100 * (squares / 79 / 80) ** 0.5, abs=1e-4)
    assert said.json["lc_low"] < said.json["length_controlled_winrate"] < said.json["lc_high"]
    assert said.json["instruction_difficulty"] is False
    assert said.out == zachetka("winrate", annotations, "--json").out


def test_winrate_prints_a_table(zachetka, annotations):
    said = zachetka("winrate", annotations)
    assert said.code == 0
    assert "mine against output_1, in per cent" in said.out


def test_a_bad_annotation_is_exit_status_3(zachetka, annotations):
    annotations.write_text('[{"instruction": "i"}]', encoding="utf-8")
    said = zachetka("winrate", annotations)
    assert (said.code, said.out) == (3, "")
    assert "annotation 1: missing" in said.err
