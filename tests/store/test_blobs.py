"""Blobs: whole or not there, checked on reading, never written outside their folder."""

import errno
import hashlib
import multiprocessing
import os
import resource
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.core.errors import InfraError
from graders.core.records import StoredFile
from graders.store.blobs import Blobs


@pytest.fixture
def blobs(tmp_path):
    return Blobs(tmp_path / "blobs")


def files_in(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


@given(st.binary(max_size=5000))
def test_what_was_put_is_what_is_got(tmp_path_factory, content):
    blobs = Blobs(tmp_path_factory.mktemp("blobs"))
    assert blobs.put(content) == hashlib.sha256(content).hexdigest()
    assert blobs.get(blobs.put(content)) == content
    assert len(files_in(blobs.folder)) == 1


def test_a_damaged_blob_is_told_and_mended_by_the_same_content(blobs):
    name = blobs.put(b"whole")
    blobs.path(name).chmod(0o600)
    blobs.path(name).write_bytes(b"whale")
    with pytest.raises(InfraError, match="damaged"):
        blobs.get(name)
    blobs.put(b"whole")
    assert blobs.get(name) == b"whole"


def test_a_missing_blob_is_the_machines_fault(blobs):
    name = blobs.put(b"gone")
    blobs.path(name).unlink()
    with pytest.raises(InfraError, match="a stored file is missing"):
        blobs.get(name)


def _put_with_little_room(blobs, answers):
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    try:
        blobs.put(b"x" * 5000)
    except InfraError as error:
        answers.put(str(error))
    else:
        answers.put("it was written")


def test_a_full_disk_leaves_nothing_half_written(blobs):
    context = multiprocessing.get_context("spawn")
    answers = context.SimpleQueue()
    child = context.Process(target=_put_with_little_room, args=(blobs, answers))
    child.start()
    child.join(60)
    assert "there is no room left for the stored files" in answers.get()
    assert files_in(blobs.folder) == []


def test_a_failed_rename_leaves_nothing(blobs, monkeypatch):
    def refuse(self, target):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr("pathlib.Path.replace", refuse)
    with pytest.raises(InfraError, match="Read-only file system"):
        blobs.put(b"content")
    assert files_in(blobs.folder) == []


def test_what_a_killed_writer_left_is_swept_when_old(blobs):
    folder = blobs.folder / "ab"
    folder.mkdir()
    old, young = folder / ".part-old", folder / ".part-young"
    old.touch()
    young.touch()
    long_ago = time.time() - 3 * 24 * 3600
    os.utime(old, (long_ago, long_ago))
    Blobs(blobs.folder)
    assert files_in(blobs.folder) == [young]


@pytest.mark.parametrize("path", ["../out", "/etc/passwd", "a/../../out", "", "a\0b"])
def test_materialise_never_leaves_the_folder(blobs, tmp_path, path):
    name = blobs.put(b"content")
    target = tmp_path / "deep" / "copy"
    with pytest.raises(InfraError, match="leads out of its folder"):
        blobs.materialise([StoredFile(path, name, 7)], target)
    assert files_in(tmp_path / "deep") == []


def test_materialise_follows_no_link_that_appears_in_its_way(blobs, tmp_path):
    name = blobs.put(b"content")
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "a").symlink_to(victim)
    with pytest.raises(InfraError, match="not empty"):
        blobs.materialise([StoredFile("a", name, 7)], tmp_path / "copy")
    assert victim.read_text() == "precious"


def test_the_copy_can_be_spoiled_and_the_blob_stays(blobs, tmp_path):
    name = blobs.put(b"content")
    blobs.materialise([StoredFile("отчёт/a.txt", name, 7)], tmp_path / "copy")
    copy = tmp_path / "copy" / "отчёт" / "a.txt"
    copy.write_bytes(b"spoiled")
    assert blobs.get(name) == b"content"
