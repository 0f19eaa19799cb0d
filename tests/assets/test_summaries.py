"""The data set "summaries" in the cache, in a bundle and in a student's copy of the platform."""

import dataclasses
import json
import random
import shutil

import pytest

from graders.assets import datasets, ensure_data, hidden_values, student_files, student_parts
from graders.assets import summaries as room
from graders.assets.cache import sha256_of
from graders.assets.sources import Made
from graders.assets.summaries import reading, split
from graders.core.errors import CourseError, InfraError

from .conftest import WORDS

PACKAGES = {"private": ("oak",), "public": ("ash",), "train": ("fir",)}
SIZES = {"private": 4, "public": 3, "train": 20}


def module_of(package: str, count: int) -> bytes:
    """Return the source of a module with documented functions of invented words."""
    rng = random.Random(package)
    return "\n\n".join(
        f'def thing{number}(x, y={number}):\n    """Count {" ".join(rng.sample(WORDS, 5))}.\n\n'
        f'    {" ".join(rng.sample(WORDS, 30))}.\n\n    Args:\n        x: Secret.\n    """'
        for number in range(count)
    ).encode()


def rows_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def toy(shop, monkeypatch):
    """Sell three documented packages, and make a data set of them."""
    wheels = []
    for package, count in (("ash", 5), ("fir", 9), ("oak", 6)):
        members = {
            f"{package}/things.py": module_of(package, count),
            f"{package}/__init__.py": b"raise SystemExit",
            f"{package}/tests/test_things.py": module_of(f"{package}-tests", 3),
            f"{package}/conftest.py": module_of(f"{package}-conftest", 3),
            f"{package}/broken.py": b'def broken(:\n    """',
            f"{package}-1.0.dist-info/licenses/deep/LICENSE": b"somebody else's",
            f"{package}-1.0.dist-info/licenses/LICENSE.txt": f"{package} is free\r\n".encode(),
        }
        source = shop.sell(package, members, f"{package}/things.py")
        wheels.append(dataclasses.replace(source.wheel, licence="BSD-3-Clause"))
    monkeypatch.setattr(room, "DOCUMENTED", tuple(wheels))
    monkeypatch.setattr(datasets, "SUMMARIES", Made("toy", 1, {}))
    defaults = (PACKAGES, SIZES)
    monkeypatch.setattr(split.divide, "__defaults__", defaults)
    return wheels


@pytest.mark.slow
def test_the_parts_are_made_of_wheels_once_and_each_wheel_is_read_once(toy, shop, tmp_path):
    said = []
    folder = ensure_data("summaries", said.append)
    parts = {name: rows_of(folder / f"{name}.jsonl") for name in ("private", "public", "train")}
    assert {name: len(rows) for name, rows in parts.items()} == {**SIZES, "train": 9}
    fields = ("id", "package", "name", "signature", "document", "summary")
    assert {tuple(row) for rows in parts.values() for row in rows} == {fields}
    assert "Secret" not in (folder / "train.jsonl").read_text()

    told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert told["counts"]["private"] == {"rows": 4, "packages": {"oak": 4}}
    assert told["leakage"]["packages_disjoint"] is True
    assert [one["licence"] for one in told["packages"]] == ["BSD-3-Clause"] * 3
    licences = (folder / "LICENSES.txt").read_text(encoding="utf-8")
    assert licences.count("is free\n") == 3
    assert "somebody else's" not in licences

    shutil.rmtree(shop.folder)  # nothing is asked of pip any more
    shutil.rmtree(folder)
    again = []
    assert ensure_data("summaries", again.append) == folder
    assert [line for line in said if line not in again] == [
        line for line in said if "downloading" in line or "reading" in line
    ]
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8")) == told
    silent = []
    ensure_data("summaries", silent.append)
    assert silent == []


@pytest.mark.slow
def test_the_test_part_asks_all_examined_items_and_tells_neither_answer_nor_part(toy):
    folder = ensure_data("summaries")
    examined = [row for part in ("public", "private") for row in rows_of(folder / f"{part}.jsonl")]
    test = rows_of(folder / "test.jsonl")
    asked = ("id", "name", "signature", "document")
    assert {tuple(row) for row in test} == {asked}
    key = lambda row: row["id"]  # noqa: E731
    assert sorted(test, key=key) == [
        {name: row[name] for name in asked} for row in sorted(examined, key=key)
    ]


@pytest.mark.slow
def test_preparation_goes_on_after_the_wheel_that_could_not_be_brought(toy, shop):
    (hidden,) = shop.folder.glob("oak-*.whl")
    aside = shop.folder.parent / hidden.name
    hidden.rename(aside)
    said = []
    with pytest.raises(InfraError, match="No matching distribution found for oak"):
        ensure_data("summaries", said.append)
    aside.rename(hidden)
    again = []
    ensure_data("summaries", again.append)
    assert [line for line in again if "downloading" in line] == ["oak==1.0: downloading about 0 MB"]


@pytest.mark.slow
def test_parts_that_differ_from_the_pinned_ones_are_refused(toy, monkeypatch, tmp_path):
    monkeypatch.setattr(datasets, "SUMMARIES", Made("toy", 1, {"private.jsonl": "0" * 64}))
    with pytest.raises(InfraError, match="another file than the pinned one") as refused:
        ensure_data("summaries")
    assert refused.value.where == "private.jsonl"
    assert not list((tmp_path / "cache" / "data").glob("[!.]*"))


@pytest.mark.slow
def test_parts_that_leak_are_not_written(toy, monkeypatch, tmp_path):
    def careless(items):
        parts = split.divide(items)
        return {**parts, "train": [*parts["train"], parts["private"][0]]}

    monkeypatch.setattr(room, "divide", careless)
    with pytest.raises(InfraError, match="the parts leak: packages_disjoint, documents_exact"):
        ensure_data("summaries")
    assert not list((tmp_path / "cache" / "data").glob("[!.]*"))


@pytest.mark.slow
def test_a_reading_that_changed_does_not_take_what_an_older_one_left(toy, monkeypatch):
    read = reading.harvest(toy[0], lambda _line: None)
    assert [row.name for row in read.rows] == [f"thing{number}" for number in range(5)]
    monkeypatch.setattr(reading, "READING", reading.READING + 1)
    said = []
    assert reading.harvest(toy[0], said.append) == read
    assert "downloading" in said[0]


@pytest.fixture
def prepared(tmp_path):
    """Return a prepared folder of two invented items and one to learn from."""
    folder = tmp_path / "prepared"
    folder.mkdir()
    asked = {"id": "s1", "name": "f", "signature": "def f()", "document": "Long."}
    other = {**asked, "id": "s2"}
    for part, rows in {
        "private": [{**asked, "package": "oak", "summary": 'Say "oak" twice.'}],
        "public": [{**other, "package": "ash", "summary": "Say ash once."}],
        "train": [{**asked, "id": "s3", "package": "fir", "summary": "Say fir."}],
        "test": [other, asked],
    }.items():
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{part}.jsonl").write_text(text, encoding="utf-8")
    (folder / "LICENSES.txt").write_text("free", encoding="utf-8")
    told = {
        "packages": [{"package": name, "licence": "MIT"} for name in ("ash", "fir", "oak")],
        "counts": {"private": {"rows": 1, "packages": {"oak": 1}}},
        "leakage": {"documents_near": 0},
        "files": {
            path.name: {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
            for path in folder.iterdir()
        },
    }
    (folder / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
    return folder


def test_students_have_train_and_test_and_no_answers(prepared):
    assert student_parts("summaries") == ("train", "test")
    files = student_files("summaries", prepared)
    assert sorted(files) == ["LICENSES.txt", "manifest.json", "test.jsonl", "train.jsonl"]
    assert b"oak" not in files["test.jsonl"]


def test_a_students_manifest_does_not_say_what_stands_in_which_part(prepared):
    text = student_files("summaries", prepared)["manifest.json"]
    told = json.loads(text)
    assert [one["package"] for one in told["packages"]] == ["ash", "fir", "oak"]
    assert told["counts"] == {"train": 1, "test": 2}
    assert sorted(told["files"]) == ["LICENSES.txt", "test.jsonl", "train.jsonl"]
    assert b"private" not in text
    assert b"public" not in text


def test_the_answers_are_hidden_values_and_the_ids_are_not(prepared):
    hidden = hidden_values("summaries", prepared)
    assert hidden.texts == {'Say "oak" twice.', 'Say \\"oak\\" twice.', "Say ash once."}
    assert hidden.ids == frozenset()


def test_a_bundle_of_what_students_have_is_whole_where_it_lies(prepared, tmp_path):
    data = tmp_path / "bundle" / "data"
    data.mkdir(parents=True)
    for name, content in student_files("summaries", prepared).items():
        (data / name).write_bytes(content)
    assert ensure_data("summaries", near=tmp_path / "bundle") == data
    (data / "test.jsonl").write_text("{}\n", encoding="utf-8")
    with pytest.raises(InfraError, match="not what the bundle's manifest says") as refused:
        ensure_data("summaries", near=tmp_path / "bundle")
    assert refused.value.where == str(data / "test.jsonl")


def test_sarcasm_is_passed_on_as_it_was(tmp_path):
    contents = {
        "train.jsonl": b'{"id": "h1"}\n',
        "public.jsonl": b'{"id": "h2"}\n',
        "hidden.jsonl": b'{"id": "h3", "headline": "Man \\"eats\\" hat"}\n',
        "manifest.json": b'{"files": {}}',
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    given = {name: contents[name] for name in ("train.jsonl", "public.jsonl", "manifest.json")}
    assert student_parts("sarcasm") == ("train", "public")
    assert student_files("sarcasm", tmp_path) == given
    hidden = hidden_values("sarcasm", tmp_path)
    assert hidden.texts == {'Man "eats" hat', 'Man \\"eats\\" hat'}
    assert hidden.ids == {"h3"}


def test_an_unknown_name_lists_summaries_too():
    with pytest.raises(CourseError) as refused:
        ensure_data("irony")
    assert "sarcasm, summaries" in refused.value.todo
