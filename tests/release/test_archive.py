"""A bundle is the same bytes for the same files."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile

from graders.release import manifest, zip_bytes

FILES = {"b/ё.txt": b"two", "a.txt": b"one"}


def test_the_order_of_the_files_does_not_change_the_archive():
    assert zip_bytes(FILES, "top") == zip_bytes(dict(reversed(FILES.items())), "top")


def test_everything_lies_under_the_top_folder():
    with zipfile.ZipFile(io.BytesIO(zip_bytes(FILES, "top"))) as archive:
        assert archive.namelist() == ["top/a.txt", "top/b/ё.txt"]
        assert archive.read("top/b/ё.txt") == b"two"


def test_the_manifest_holds_every_files_digest():
    told = json.loads(manifest(FILES, {"assignment": "hw9"}))
    assert told["assignment"] == "hw9"
    assert told["files"]["a.txt"] == {"sha256": hashlib.sha256(b"one").hexdigest(), "size": 3}
    assert set(told["files"]) == set(FILES)
