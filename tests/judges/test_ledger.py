"""The ledger: appended, chained, mended in the open, and enough for a replay."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graders.core.errors import CourseError, InfraError
from leaderboard.judges import Ledger, ReplayJudge, verdicts
from leaderboard.judges.entries import Entry, Spent, key_of
from leaderboard.judges.ledger import ROOT
from leaderboard.records import Duel, JudgeCard, Label, Verdict
from tests.judges.scripted import BAD, GOOD, ScriptedJudge, question

CARD = JudgeCard("j", "f", "1", {"temperature": Decimal("0.0")}, "p")


def entry(number: int, raw: str = "raw") -> Entry:
    verdict = Verdict(Label.FIRST, 0.75, raw, "", 10, 2, Decimal("0.00012"))
    return Entry(f"{number:064d}", f"q{number}", verdict)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.jsonl"


@pytest.fixture
def filled(path):
    ledger = Ledger.open(path)
    ledger.append(CARD, [entry(n) for n in range(5)])
    return ledger


def test_what_is_written_is_found_again_word_for_word(filled, path):
    again = Ledger.open(path)
    assert again.lookup(f"{3:064d}") == entry(3).verdict
    assert again.lookup("nothing") is None
    assert again.head == filled.head != ROOT
    assert again.verify(filled.head) == 6  # the judge's card has a line of its own
    assert len(again) == 6
    assert again.knows(CARD)
    assert not again.knows(replace(CARD, version="2"))


def test_same_verdicts_give_the_same_bytes(filled, path, tmp_path):
    other = Ledger.open(tmp_path / "other.jsonl")
    for n in range(5):
        other.append(CARD, [entry(n)])
    assert (tmp_path / "other.jsonl").read_bytes() == path.read_bytes()


def test_lines_are_only_ever_appended(filled, path):
    before = path.read_bytes()
    filled.append(CARD, [entry(1, "said again")])
    assert path.read_bytes().startswith(before)
    assert filled.lookup(f"{1:064d}").raw == "said again"


@pytest.mark.parametrize("line", range(1, 7))
def test_a_changed_line_is_found_and_named(filled, path, line):
    lines = path.read_bytes().splitlines(keepends=True)
    target = lines[line - 1]
    lines[line - 1] = target.replace(b'"kind"', b'"kinb"')
    path.write_bytes(b"".join(lines))
    with pytest.raises(CourseError, match=f"line {line}:"):
        filled.verify()
    with pytest.raises(CourseError, match=f"line {line}:"):
        Ledger.open(path)


@settings(max_examples=20)
@given(st.data())
def test_no_byte_can_be_changed_unseen(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("ledger") / "l.jsonl"
    ledger = Ledger.open(path)
    ledger.append(CARD, [entry(n) for n in range(3)])
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    with pytest.raises(CourseError):
        ledger.verify(ledger.head)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda lines: lines[:2] + lines[3:], 3),
        (lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]], 3),
        (lambda lines: [*lines[:2], lines[1], *lines[2:]], 3),
        (lambda lines: lines[1:], 1),
    ],
    ids=["removed", "moved", "repeated", "beheaded"],
)
def test_removed_moved_and_repeated_lines_are_found(filled, path, change, line):
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(change(lines)))
    with pytest.raises(CourseError, match=f"line {line}:"):
        filled.verify()


def test_lines_cut_off_at_the_end_are_seen_by_the_published_link(filled, path):
    published = filled.head
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    shorter = Ledger.open(path)
    assert shorter.verify() == 5
    with pytest.raises(CourseError, match="lines were removed"):
        shorter.verify(published)
    with pytest.raises(CourseError, match="removed"):
        filled.append(CARD, [entry(9)])


def test_torn_last_line_is_put_aside_in_the_open(filled, path):
    whole = path.read_bytes()
    torn = b'{"link":"abc","kind":"verd'
    path.write_bytes(whole + torn)
    with pytest.raises(CourseError, match="torn"):
        filled.verify()
    again = Ledger.open(path)
    aside = path.with_name("ledger.jsonl.torn-7")
    assert aside.read_bytes() == torn
    assert aside.name in again.mended
    last = json.loads(path.read_bytes().splitlines()[-1])
    assert (last["kind"], last["kept"], last["bytes"]) == ("mended", aside.name, len(torn))
    assert path.read_bytes().startswith(whole)
    assert again.verify(filled.head) == 7
    assert Ledger.open(path).mended == ""


def test_two_ledgers_of_one_file_write_one_chain(path):
    one, two = Ledger.open(path), Ledger.open(path)
    for number in range(6):
        (one, two)[number % 2].append(CARD, [entry(number)])
    assert one.verify() == 7
    assert two.lookup(f"{4:064d}") is not None  # it read what the other wrote before it


WRITER = """
import sys
from pathlib import Path
from tests.judges.test_ledger import CARD, Ledger, entry
start = int(sys.argv[2])
ledger = Ledger.open(Path(sys.argv[1]))
for number in range(start, start + 20):
    ledger.append(CARD, [entry(number)])
"""


@pytest.mark.slow
def test_processes_that_write_at_once_keep_the_chain(path):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, path, str(1000 * n)]) for n in range(3)
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    ledger = Ledger.open(path)
    assert ledger.verify() == 61
    assert all(ledger.lookup(f"{1000 * n + i:064d}") for n in range(3) for i in range(20))


def test_nobody_else_may_read_it(filled, path):
    assert path.stat().st_mode & 0o077 == 0


def test_folder_that_cannot_be_written_is_the_machines_fault(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InfraError, match="ledger cannot be used"):
        Ledger.open(tmp_path / "file" / "ledger.jsonl")


def test_half_a_surrogate_pair_can_be_kept(path):
    ledger = Ledger.open(path)
    ledger.append(CARD, [entry(1, "\ud800")])
    assert ledger.lookup(f"{1:064d}").raw == "?"
    assert ledger.verify() == 2


def test_key_names_all_that_can_change_a_verdict():
    duel = Duel(question(), GOOD, BAD)
    keys = {
        key_of(CARD, duel),
        key_of(CARD, Duel(question(), BAD, GOOD)),
        key_of(CARD, replace(duel, repeat=1)),
        key_of(CARD, replace(duel, first=GOOD + " ")),
        key_of(CARD, replace(duel, question=question("q2"))),
        key_of(replace(CARD, version="2"), duel),
        key_of(replace(CARD, parameters={"temperature": 1}), duel),
        key_of(replace(CARD, prompt_version="p2"), duel),
    }
    assert len(keys) == 8
    other_id = replace(duel, question=replace(duel.question, id="other", reference="x"))
    assert key_of(CARD, other_id) == key_of(CARD, duel)  # same texts, same question to a judge


def test_spending_is_of_one_judge_and_up_to_one_link(filled):
    head = filled.head
    filled.append(replace(CARD, version="2"), [entry(7)])
    filled.append(CARD, [entry(1)])
    assert filled.spent(CARD, head) == Spent(50, 10, Decimal("0.00060"))
    assert filled.spent(CARD) == Spent(60, 12, Decimal("0.00072"))


def test_replay_reads_what_was_said_up_to_a_link(path):
    judge, ledger = ScriptedJudge(), Ledger.open(path)
    duels = [Duel(question(), GOOD, BAD), Duel(question(), BAD, GOOD)]
    first = verdicts(judge, duels, ledger)
    head = ledger.head
    key = key_of(judge.card, duels[0])
    ledger.append(judge.card, [Entry(key, "q1", Verdict(Label.TIE))])
    again = Ledger.open(path)
    assert verdicts(ReplayJudge(judge.card, again, head), duels, again) == first
    assert ReplayJudge(judge.card, again).judge(duels)[0].label is Label.TIE
    assert again.head == ledger.head  # a replay writes nothing


def test_replay_does_not_guess(path):
    judge, ledger = ScriptedJudge(), Ledger.open(path)
    with pytest.raises(CourseError, match="lacks 1 of 1"):
        ReplayJudge(judge.card, ledger).judge([Duel(question(), GOOD, BAD)])
    with pytest.raises(CourseError, match="another ledger"):
        ledger.lookup("x", "f" * 64)


def test_disk_that_takes_only_a_part_is_told_and_mended(filled, path, monkeypatch):
    real = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda handle, content: real(handle, content[:40]))
        with pytest.raises(InfraError, match="only a part"):
            filled.append(CARD, [entry(8)])
    filled.append(CARD, [entry(9)])
    assert "torn-7" in filled.mended
    assert filled.verify() == 8
