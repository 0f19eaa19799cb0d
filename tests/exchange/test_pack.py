"""Pack: what it makes is accepted, is the same on every machine, and says what is wrong."""

from __future__ import annotations

import hashlib
import shutil
import zipfile

import pytest

from graders.core.errors import StudentError
from graders.core.messages import Messages
from graders.exchange import pack
from tests.exchange.making import GOOD_TENSORS, WORK, assignment, lay, one

WHOLE = WORK | {
    "__init__.py": b"",
    "adapter/adapter_config.json": b"{}",
    "adapter/adapter_model.safetensors": GOOD_TENSORS,
}


@pytest.fixture(params=["ru", "en"])
def words(request):
    return Messages.load(lang=request.param, strict=True)


@pytest.fixture
def ru():
    return Messages.load(lang="ru", strict=True)


@pytest.fixture
def package(tmp_path):
    return lay(tmp_path / "hw1", WHOLE)


def test_what_is_packed_is_accepted_whole(package, tmp_path, ru):
    inbox = tmp_path / "inbox"

    packed = pack(package, assignment(), inbox / "s01.zip", ru)

    assert packed.path == inbox / "s01.zip"
    assert packed.files == tuple(sorted(WHOLE))
    assert packed.missing == ()
    assert packed.sha256 == hashlib.sha256(packed.path.read_bytes()).hexdigest()
    assert one(inbox).files == WHOLE


def test_the_same_files_give_the_same_bytes(package, tmp_path, ru):
    first = pack(package, assignment(), tmp_path / "a.zip", ru)
    again = lay(tmp_path / "elsewhere" / "copy", dict(reversed(WHOLE.items())))
    (again / "data.py").chmod(0o600)

    second = pack(again, assignment(), tmp_path / "b.zip", ru)

    assert first.path.read_bytes() == second.path.read_bytes()


def test_the_archives_bytes_are_pinned(tmp_path, ru):
    packed = pack(lay(tmp_path / "x", WORK), assignment(), tmp_path / "x.zip", ru)

    assert packed.sha256 == "4717f4396f932aa1b5c2efcf7858a5b9cdcdf0d3540cd0796db7cce09087bc20"


def test_files_lie_under_the_packages_name(package, tmp_path, ru):
    packed = pack(package, assignment(), tmp_path / "x.zip", ru)

    with zipfile.ZipFile(packed.path) as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {"hw1"}


def test_packing_again_replaces_the_earlier_archive(package, tmp_path, ru):
    target = package / "hw1.zip"  # inside the folder: it does not pack itself
    first = pack(package, assignment(), target, ru)
    (package / "data.py").write_text("x = 2\n")

    second = pack(package, assignment(), target, ru)

    assert first.files == second.files
    assert first.sha256 != second.sha256
    assert sorted(p.name for p in package.iterdir() if p.suffix not in (".py", "")) == [
        "hw1.zip",
        "report.md",
    ]


def test_rubbish_is_left_out(package, tmp_path, ru):
    lay(package, {"__pycache__/data.pyc": b"x", ".DS_Store": b"x", ".git/HEAD": b"x"})

    assert pack(package, assignment(), tmp_path / "x.zip", ru).files == tuple(sorted(WHOLE))


def test_missing_files_are_named_and_do_not_forbid_packing(package, tmp_path, ru):
    (package / "report.md").unlink()

    assert pack(package, assignment(), tmp_path / "x.zip", ru).missing == ("report.md",)


def test_everything_wrong_is_told_at_once_and_nothing_is_written(package, tmp_path, words):
    lay(package, {"notes.txt": b"x", "model.pt": b"x", "old.zip": b"x", "big.py": b"x" * 70_000})

    with pytest.raises(StudentError) as caught:
        pack(package, assignment(), tmp_path / "x.zip", words)

    told = str(caught.value)
    assert all(name in told for name in ("notes.txt", "model.pt", "old.zip", "big.py", "64"))
    assert str(package) in told
    assert told.endswith(words.text("pack.mend"))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["hw1"]


def test_every_dangerous_file_is_told_at_once(package, tmp_path, ru):
    (package / "a.py").symlink_to("data.py")
    (package / "b.py").symlink_to("data.py")

    with pytest.raises(StudentError) as caught:
        pack(package, assignment(), tmp_path / "x.zip", ru)

    assert "a.py — ссылка" in caught.value.what
    assert "b.py — ссылка" in caught.value.what


def test_every_broken_file_is_told_at_once(package, tmp_path, ru):
    lay(package, {f"adapter/{n}.safetensors": b"junk" for n in "ab"})

    with pytest.raises(StudentError) as caught:
        pack(package, assignment(), tmp_path / "x.zip", ru)

    assert "adapter/a.safetensors" in caught.value.what
    assert "adapter/b.safetensors" in caught.value.what


def test_an_earlier_archive_survives_a_refusal(package, tmp_path, ru):
    packed = pack(package, assignment(), tmp_path / "x.zip", ru)
    (package / "model.pt").write_bytes(b"x")

    with pytest.raises(StudentError):
        pack(package, assignment(), packed.path, ru)

    assert hashlib.sha256(packed.path.read_bytes()).hexdigest() == packed.sha256


def test_only_an_archive_is_overwritten(package, tmp_path, words):
    precious = package / "report.md"
    (tmp_path / "folder.zip").mkdir()
    (tmp_path / "link.zip").symlink_to(precious)

    for target in (precious, tmp_path / "folder.zip", tmp_path / "link.zip"):
        with pytest.raises(StudentError, match=str(target)):
            pack(package, assignment(), target, words)

    assert precious.read_bytes() == WORK["report.md"]


def test_an_empty_folder_is_not_packed(tmp_path, words):
    (tmp_path / "hw1").mkdir()

    with pytest.raises(StudentError):
        pack(tmp_path / "hw1", assignment(), tmp_path / "x.zip", words)


def test_a_student_who_points_at_the_folder_above_packs_the_same(package, tmp_path, ru):
    above = tmp_path / "above"
    shutil.copytree(package, above / "hw1")

    first = pack(above, assignment(), tmp_path / "a.zip", ru)

    assert first.sha256 == pack(package, assignment(), tmp_path / "b.zip", ru).sha256
