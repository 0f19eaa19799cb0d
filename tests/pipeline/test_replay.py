"""Replay proves that the store has what decided each grade, and notices a changed row."""

import sqlite3

import pytest

from graders.pipeline.replay import replay
from tests.support.toy import GOOD

pytestmark = pytest.mark.slow


@pytest.fixture
def graded(desk):
    desk.receive(("s01", GOOD, "2026-10-22T12:00:00"))
    desk.grade()
    return desk


def tamper(desk, order):
    """Change the database behind the program's back, triggers removed first."""
    with sqlite3.connect(desk.workspace.home / "zachetka.db") as database:
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in names.fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        assert database.execute(order).rowcount > 0


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ("UPDATE grades SET final = '10' WHERE student = 's01'", "final is stored as 10"),
        ("UPDATE grades SET penalty = '0' WHERE student = 's01'", "penalty is stored as 0"),
        ("UPDATE cases SET earned = '3' WHERE position = 0", "raw is stored as 8"),
        ("UPDATE submissions SET received = '2026-10-19T12:00:00.000000Z'", "days_late is stored"),
        ("UPDATE submission_files SET sha256 = sha256 || 'x'", "submission 1"),
        ("UPDATE submission_files SET path = 'other.py' WHERE position = 0", "not those"),
        ("UPDATE grades SET facts = '{}' WHERE student = 's01'", "cannot be recomputed"),
    ],
)
def test_a_changed_row_is_noticed(graded, order, said):
    tamper(graded, order)
    assert said in "\n".join(replay(graded.workspace).differences)


def test_a_damaged_file_is_noticed(graded):
    for blob in (graded.workspace.home / "blobs").glob("*/*"):
        blob.chmod(0o600)
        blob.write_bytes(b"def add(a, b): return 42")
    assert "damaged" in "\n".join(replay(graded.workspace).differences)
