"""A file is there whole or not at all."""

from __future__ import annotations

import stat

import pytest

from graders.exchange.atomic import write_whole


def test_a_file_is_checked_before_it_takes_its_place(tmp_path):
    target = tmp_path / "new" / "a.txt"
    seen = []

    write_whole(target, b"one", lambda path: seen.append((path.read_bytes(), target.exists())))

    assert seen == [(b"one", False)]
    assert target.read_bytes() == b"one"
    assert stat.S_IMODE(target.stat().st_mode) == 0o644


def test_a_file_that_fails_its_check_leaves_the_earlier_one_and_nothing_beside_it(tmp_path):
    target = tmp_path / "a.txt"
    write_whole(target, b"one")

    def refuse(path):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(target, b"two", refuse)

    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert target.read_bytes() == b"one"
