"""`make seminars`: what is run again, what is kept, and the page that shows it."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
import signal
import subprocess
import sys
import time

import pytest

from tests.seminars.conftest import COURSE, ROOT
from tools import seminars, seminars_page

RUN = """
import argparse, json, pathlib
parser = argparse.ArgumentParser()
parser.add_argument("--out", type=pathlib.Path)
told, rest = parser.parse_known_args()
from ..shared import FAIL
if FAIL:
    raise SystemExit(7)
(told.out / "results.json").write_text(json.dumps({"rest": rest, "figures": []}))
"""


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A repository with one seminar whose run takes a moment; return its assignment."""
    package = tmp_path / "reference" / "toy_package"
    package.mkdir(parents=True)
    (package / "run.py").write_text(RUN, "utf-8")
    (tmp_path / "reference" / "shared.py").write_text("FAIL = False\n", "utf-8")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "manifest.json").write_text("{}", "utf-8")
    monkeypatch.setattr(seminars, "ROOT", tmp_path)
    for name in ("ensure_model", "ensure_data", "ensure_embedder"):
        monkeypatch.setattr(seminars, name, lambda *_: tmp_path / "model")
    run = dataclasses.replace(COURSE.assignment("seminar1"), name="seminar1", package="toy_package")
    return dataclasses.replace(run, run=run.run.model_copy(update={"data": ("summaries",)}))


def planned(toy, seed="1", share=1.0):
    return seminars.plan_of(1, toy, COURSE, ("--seed", seed), share)


def test_a_run_gets_what_its_assignment_names(toy, tmp_path):
    model = str(tmp_path / "model")
    assert planned(toy).words == (
        *("--seed", "1", "--share", "1.0"),
        *("--model", model, "--data", f"summaries={model}"),
    )
    more = toy.run.model_copy(update={"embedder": True})
    assert planned(dataclasses.replace(toy, run=more)).words[-2:] == ("--embedder", model)


def test_what_has_not_changed_is_not_run_again(toy, tmp_path):
    out = tmp_path / "out"
    assert seminars.run(planned(toy), out)
    first = (out / "1" / "results.json").stat().st_mtime_ns
    assert seminars.run(planned(toy), out)
    assert (out / "1" / "results.json").stat().st_mtime_ns == first
    state = json.loads((out / "1" / "state.json").read_text())
    assert state["digest"] == planned(toy).digest
    assert seminars.run(planned(toy, seed="2"), out)
    assert "2" in json.loads((out / "1" / "results.json").read_text())["rest"]


def test_code_data_and_arguments_decide_a_run(toy, tmp_path):
    digests = {planned(toy).digest, planned(toy, seed="2").digest, planned(toy, share=0.5).digest}
    for path in ("reference/shared.py", "reference/toy_package/run.py", "model/manifest.json"):
        (tmp_path / path).write_text((tmp_path / path).read_text() + "\n")
        digests.add(planned(toy).digest)
    assert len(digests) == 6
    (tmp_path / "reference" / "unused.py").write_text("")
    assert planned(toy).digest in digests


def test_a_failed_run_says_so_and_keeps_what_was_there(toy, tmp_path):
    out = tmp_path / "out"
    assert seminars.run(planned(toy), out)
    (tmp_path / "reference" / "shared.py").write_text("FAIL = True\n")
    assert not seminars.run(planned(toy), out)
    assert (out / "1" / "results.json").is_file()
    assert [path.name for path in out.iterdir()] == ["1"]


@pytest.mark.slow
def test_an_interrupted_run_leaves_no_process_and_no_half(toy, tmp_path):
    (tmp_path / "reference" / "toy_package" / "run.py").write_text(
        "import os, sys, time\nfrom pathlib import Path\n"
        "Path('started').write_text(str(os.getpid()))\ntime.sleep(600)\n"
    )
    code = (
        "from pathlib import Path; from tools import seminars as s\n"
        f"s.ROOT = Path({str(tmp_path)!r})\n"
        f"s.run(s.Plan(1, type('A', (), {{'package': 'toy_package'}}), (), 'd'), s.ROOT / 'out')\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.DEVNULL)
    started = tmp_path / "started"
    while not (started.is_file() and started.read_text()):
        assert child.poll() is None
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    assert child.wait(30) != 0
    status = subprocess.run(["ps", "-p", started.read_text()], capture_output=True, check=False)
    assert status.returncode != 0
    assert list((tmp_path / "out").iterdir()) == []


def test_a_seminar_that_is_not_there_is_wrong_usage(capsys):
    with pytest.raises(SystemExit) as ended:
        seminars.main(["8"])
    assert ended.value.code == 2
    assert "seminars are 1-7" in capsys.readouterr().err


HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def written(tmp_path):
    """A page with one seminar whose model wrote markup."""
    place = tmp_path / "2"
    place.mkdir()
    table = {"name": "t", "title": HOSTILE, "columns": ["a", "n"], "timed": True}
    results = {
        "seminar": 2, "title": HOSTILE, "seed": 20, "budget": {"share": 1.0, "max_steps": 3},
        "results": {}, "tables": [{**table, "rows": [[HOSTILE, 0.123456], [None, 2000.64]]}],
        "timings": {"whole": {"value": 1.5, "unit": "s"}}, "reading": [HOSTILE], "hash": "0f" * 32,
        "figures": [{"name": "f", "file": "f.svg", "title": "A figure"}],
    }  # fmt: skip
    (place / "results.json").write_text(json.dumps(results), "utf-8")
    (place / "state.json").write_text('{"digest": "d", "seconds": 61.4}', "utf-8")
    (place / "f.svg").write_text("<svg/>", "utf-8")
    seminars.write(COURSE, tmp_path)
    return {lang: (tmp_path / name).read_text("utf-8") for lang, name in PAGES.items()}


PAGES = {"ru": "index.html", "en": "index.en.html"}


def test_what_a_model_wrote_stays_text(written):
    for page in written.values():
        assert "<script" not in page
        assert page.count("&lt;script&gt;") == 4


def test_the_page_allows_its_own_style_and_images_and_nothing_else(written):
    for page in written.values():
        policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
        style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        allowed = {
            *("default-src 'none'", "img-src data:", "base-uri 'none'", "form-action 'none'"),
            f"style-src 'sha256-{digest}'",
        }
        assert set(policy.replace("&#39;", "'").split("; ")) == allowed
        assert " style=" not in page.replace(style, "")
        assert not re.findall(r'(?:src|href)="(?!data:|#|index)', page)


def test_the_page_shows_every_seminar_its_numbers_and_the_map(written):
    for lang, page in written.items():
        for name in COURSE.seminars:
            assert COURSE.assignment(name).title[lang] in page
        assert page.count(seminars_page.WORDS[lang]["not_run"]) == 12  # six seminars, twice each
        for text in ("61 ", "0.1235", "2000.6", "–", "max steps: 3", "0f0f0f0f", 'alt="A figure"'):
            assert text in page, text
        assert all(topic.texts[lang] in page for topic in seminars.topics())
    assert f'href="{PAGES["en"]}"' in written["ru"]


def test_both_languages_have_the_same_words():
    ru, en = (seminars_page.WORDS[lang] for lang in ("ru", "en"))
    assert set(ru) == set(en)


def test_the_map_for_programs_names_files_that_are_there(written, tmp_path):
    found = json.loads((tmp_path / "map.json").read_text("utf-8"))
    assert {entry["seminar"] for entry in found} == set(range(1, 8))
    for entry in found:
        assert entry["from"] in {"seminar", "lecture"}
        assert entry["topic"]
        for place in entry["covered_by"]:
            assert (ROOT / place["file"]).is_file()
            assert place["function"]
