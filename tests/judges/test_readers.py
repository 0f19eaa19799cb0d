"""Public collections of labelled pairs are read as they are published; the texts are invented."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile

import pytest

from graders.core.errors import CourseError
from leaderboard.judges import readers
from leaderboard.records import Label

A, B, TIE = Label.FIRST, Label.SECOND, Label.TIE


def test_llmbar_labels_are_the_numbers_of_the_outputs(tmp_path):
    path = tmp_path / "Natural" / "dataset.json"
    path.parent.mkdir()
    rows = [
        {"input": "Name a fruit.", "output_1": "A plum.", "output_2": "A brick.", "label": 1},
        {"input": "Count to two.", "output_1": "Three.", "output_2": "One, two.", "label": 2},
    ]
    path.write_text(json.dumps(rows), encoding="utf-8")
    first, second = readers.read(path, "llmbar")
    assert (first.label, second.label) == (A, B)
    assert (first.prompt, first.first, first.second) == ("Name a fruit.", "A plum.", "A brick.")
    assert first.kind == "Natural"


def panda(idx, votes, given="the input"):
    return {
        "idx": idx,
        "motivation_app": "Kitchen",
        "cmp_key": "x_y",
        "instruction": "Do it.",
        "input": given,
        "response1": "one",
        "response2": "two",
        **{f"annotator{n}": vote for n, vote in enumerate(votes, start=1)},
    }


def test_pandalm_takes_the_majority_of_three_and_reads_its_nan(tmp_path):
    path = tmp_path / "testset.json"
    votes = [(1, 1, 2), (0, 2, 2), (0, 0, 1), (0, 1, 2)]
    rows = [panda(idx, three) for idx, three in enumerate(votes)]
    rows.append(panda(4, (2, 2, 2), given=float("nan")))
    path.write_text(json.dumps(rows), encoding="utf-8")
    assert "NaN" in path.read_text("utf-8")
    items = readers.read(path, "pandalm")
    assert [item.label for item in items] == [A, B, TIE, TIE, B]
    assert (items[0].prompt, items[4].prompt) == ("Do it.\n\nthe input", "Do it.")


def mt_bench(winner, turn):
    def talk(name):
        said = [("user", "Hello?"), ("assistant", f"{name}1"), ("user", "And?")]
        said.append(("assistant", f"{name}2"))
        return [{"role": role, "content": content} for role, content in said]

    return {
        "question_id": 81,
        "model_a": "x",
        "model_b": "y",
        "winner": winner,
        "judge": "expert_1",
        "conversation_a": talk("a"),
        "conversation_b": talk("b"),
        "turn": turn,
    }


@pytest.mark.parametrize("as_lines", [True, False])
def test_mt_bench_shows_the_conversation_up_to_the_judged_turn(tmp_path, as_lines):
    path = tmp_path / "human.json"
    rows = [mt_bench("model_a", 1), mt_bench("tie (inconsistent)", 2), mt_bench("model_b", 2)]
    text = "\n".join(map(json.dumps, rows)) if as_lines else json.dumps(rows)
    path.write_text(text, encoding="utf-8")
    first, second, third = readers.read(path, "mt-bench")
    assert [one.label for one in (first, second, third)] == [A, TIE, B]
    assert (first.prompt, first.first, first.second) == ("Hello?", "a1", "b1")
    assert (third.prompt, third.second) == ("Hello?\n\nAnd?", "b1\n\nb2")
    assert len({one.id for one in (first, second, third)}) == 3


PYRIT = """# dataset_version=1.0, harm_definition=noise.yaml, harm_definition_version=1.0,,,
harm_category,objective,assistant_response,human_score_1,human_score_2,data_type
noise,Sing.,"# A heading

La, la.",0.5,1,text
noise,Sing.,I would rather not.,0,0,text
noise,Sing.,No.,0,0,text
noise,Dance.,Only one reply.,1,1,text
noise,Sing.,picture.png,1,1,image_path
"""


def test_pyrit_pairs_replies_to_one_objective_and_prefers_the_lower_score(tmp_path):
    path = tmp_path / "noise.csv"
    path.write_text(PYRIT, encoding="utf-8-sig")
    items = readers.read(path, "pyrit")
    assert [item.label for item in items] == [B, B]
    assert items[0].first == "# A heading\n\nLa, la."
    assert {item.second for item in items} == {"I would rather not.", "No."}
    assert {item.group for item in items} == {"Sing."}


@pytest.mark.parametrize("form", readers.READERS)
@pytest.mark.parametrize("text", ["", "[]", "{", '[{"input": 1}]', "a,b\n1,2\n", "\x00"])
def test_a_file_of_another_form_is_refused_with_its_name(tmp_path, form, text):
    path = tmp_path / "pairs.file"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CourseError) as caught:
        readers.read(path, form)
    assert "pairs.file" in str(caught.value)


def test_an_unknown_form_names_the_known_ones(tmp_path):
    with pytest.raises(CourseError, match="mt-bench"):
        readers.read(tmp_path / "x", "unknown")


@pytest.mark.slow
@pytest.mark.model  # needs the package index, as the base model does
def test_the_real_files_of_pyrit_are_read(tmp_path):
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "-q", "-d", str(tmp_path)]
    subprocess.run([*command, "pyrit==1.1.0"], check=True, capture_output=True, timeout=300)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        names = [name for name in wheel.namelist() if "/scorer_evals/" in name]
        wheel.extractall(tmp_path, names)
    folder = tmp_path / "pyrit" / "datasets" / "scorer_evals"
    items = readers.read(folder / "harm" / "violence.csv", "pyrit")
    assert len(items) > 20
    assert {item.label for item in items} == {A, B}
    assert all(item.first and item.second and item.prompt for item in items)
