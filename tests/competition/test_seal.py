"""The sealed split: nobody can change it, and anybody can check it."""

import hashlib
import json

import pytest

from graders.core.errors import CourseError, InfraError
from leaderboard.competition import seal

SALT = bytes(range(32))
ITEMS = [{"id": "b", "summary": "Second."}, {"id": "a", "summary": "First."}]
RULES = {"competition": {"seed": 7}, "columns": [{"key": "win_rate", "weight": "1"}]}


@pytest.fixture
def launched(tmp_path):
    """Return a folder with a published commitment, and what is sealed."""
    sealed = seal.sealed_of("toy", RULES, ITEMS)
    promised = seal.Commitment("toy", seal.digest(seal.keep_salt(tmp_path), sealed), 1, 2)
    (tmp_path / seal.COMMITMENT).write_text(json.dumps(promised.as_plain()), encoding="utf-8")
    return tmp_path, sealed


def test_the_commitment_is_what_anybody_computes_with_a_hash_function():
    sealed = seal.sealed_of("toy", RULES, ITEMS)
    text = (
        '{"competition":"toy","private":[{"id":"a","summary":"First."},'
        '{"id":"b","summary":"Second."}],"rules":{"columns":[{"key":"win_rate","weight":"1"}],'
        '"competition":{"seed":7}}}'
    )
    assert seal.digest(SALT, sealed) == hashlib.sha256(SALT + text.encode()).hexdigest()


@pytest.mark.parametrize(
    "changed",
    [
        seal.sealed_of("toy", RULES, [{"id": "a", "summary": "Other."}, ITEMS[0]]),
        seal.sealed_of("toy", {**RULES, "competition": {"seed": 8}}, ITEMS),
        seal.sealed_of("toy", {**RULES, "columns": [{"key": "win_rate", "weight": "0.9"}]}, ITEMS),
        seal.sealed_of("toy", RULES, ITEMS[:1]),
    ],
    ids=["item", "seed", "weight", "fewer"],
)
def test_every_change_after_launch_is_found(launched, changed):
    folder, _ = launched
    with pytest.raises(CourseError, match="not those that were sealed"):
        seal.reveal(folder, changed)


def test_the_order_of_items_is_no_change():
    turned = seal.sealed_of("toy", RULES, ITEMS[::-1])
    assert seal.digest(SALT, turned) == seal.digest(SALT, seal.sealed_of("toy", RULES, ITEMS))


def test_another_salt_hides_the_same_items_behind_another_hash():
    sealed = seal.sealed_of("toy", RULES, ITEMS)
    assert seal.digest(SALT, sealed) != seal.digest(SALT[::-1], sealed)
    with pytest.raises(CourseError, match="31 bytes"):
        seal.digest(SALT[1:], sealed)


def test_the_salt_is_readable_by_its_owner_alone(tmp_path):
    salt = seal.keep_salt(tmp_path)
    assert (tmp_path / seal.SALT).stat().st_mode & 0o777 == 0o600
    assert seal.keep_salt(tmp_path) == salt
    (tmp_path / seal.SALT).chmod(0o640)
    with pytest.raises(CourseError, match="no longer sealed"):
        seal.keep_salt(tmp_path)
    (tmp_path / seal.SALT).chmod(0o600)
    (tmp_path / seal.SALT).write_text("broken", encoding="ascii")
    with pytest.raises(InfraError, match="damaged"):
        seal.keep_salt(tmp_path)


def test_what_is_published_at_launch_tells_no_item(launched):
    folder, _ = launched
    text = (folder / seal.COMMITMENT).read_text("utf-8")
    assert "First" not in text
    assert seal.keep_salt(folder).hex() not in text


def test_what_is_revealed_can_be_checked_without_the_workspace(launched, tmp_path):
    folder, sealed = launched
    seal.reveal(folder, sealed)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "reveal.json").write_bytes((folder / seal.REVEAL).read_bytes())
    found = seal.verify(elsewhere / "reveal.json", folder / seal.COMMITMENT)
    assert found == seal.verify(elsewhere / "reveal.json", None)
    assert found == json.loads((folder / seal.COMMITMENT).read_text("utf-8"))["sha256"]


def test_a_forged_reveal_is_found_by_the_commitment_of_the_launch(launched):
    folder, sealed = launched
    told = seal.reveal(folder, sealed)
    forged = seal.sealed_of("toy", RULES, ITEMS[:1])
    told = {**told, "sealed": forged}
    # The forger also writes a hash that fits.
    told["commitment"] = {"sha256": seal.digest(bytes.fromhex(told["salt"]), forged)}
    path = folder / "forged.json"
    path.write_text(json.dumps(told), encoding="utf-8")
    assert seal.verify(path, None)
    with pytest.raises(CourseError, match="was published at launch"):
        seal.verify(path, folder / seal.COMMITMENT)


def test_files_that_are_none_are_told(tmp_path):
    path = tmp_path / "reveal.json"
    with pytest.raises(CourseError, match="no such file"):
        seal.verify(path, None)
    for text, part in (("{", "not JSON"), ('{"salt": "zz"}', "no reveal"), ("[]", "no reveal")):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(CourseError, match=part):
            seal.verify(path, None)
    with pytest.raises(CourseError, match="no commitment"):
        seal.read_commitment(path)
