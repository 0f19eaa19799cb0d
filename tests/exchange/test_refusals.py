"""Every attack of the catalogue's 41 to 46 and 48: refused, for its own reason, nothing written."""

from __future__ import annotations

import io
import os
import pickle
import socket
import struct
import zipfile

import pytest

from graders.exchange.entries import Entry, Kind
from graders.exchange.examine import examine
from tests.exchange.making import (
    DEVICE,
    GOOD_TENSORS,
    LINK,
    PIPE,
    WORK,
    assignment,
    collected,
    lay,
    moded,
    one,
    reason,
    safetensors,
    uploaded,
    zipped,
)

ADAPTER = "hw1/adapter/adapter_model.safetensors"


def with_adapter(content: bytes) -> bytes:
    return zipped({"hw1/data.py": b"x = 1\n", ADAPTER: content}, zipfile.ZIP_STORED)


# 41: names that lead out


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("../evil.py", "traversal"),
        ("hw1/../../../tmp/evil.py", "traversal"),
        ("hw1/..", "traversal"),
        ("hw1/.. /evil.py", "traversal"),
        ("..\\evil.py", "traversal"),
        ("__MACOSX/../../evil.py", "traversal"),
        ("/etc/passwd", "absolute"),
        ("\\\\server\\share\\evil.py", "absolute"),
        ("C:/evil.py", "absolute"),
        ("c:evil.py", "absolute"),
        ("hw1\\evil.py", "backslash"),
    ],
)
def test_a_name_that_leads_out_is_refused(tmp_path, name, key):
    inbox = tmp_path / "a" / "b" / "inbox"
    inbox.mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))

    intake = uploaded(inbox, zipped([("hw1/data.py", b"x"), (name, b"evil")]))

    assert reason(intake) == key
    assert sorted(tmp_path.rglob("*")) == sorted([*before, inbox / "s01.zip"])


def test_a_name_is_shown_in_the_reason(tmp_path):
    intake = uploaded(tmp_path, zipped([("../evil.py", b"evil")]))

    assert intake.refusal.args == {"path": "../evil.py"}


# 42: links and devices


@pytest.mark.parametrize(("mode", "key"), [(LINK, "link"), (DEVICE, "special"), (PIPE, "special")])
def test_a_link_or_device_in_an_archive_is_refused(tmp_path, mode, key):
    archive = zipped([("hw1/data.py", b"x"), (moded("hw1/report.md", mode), b"/etc/passwd")])

    assert reason(uploaded(tmp_path, archive)) == key


def test_a_link_in_a_folder_is_refused(tmp_path):
    folder = lay(tmp_path / "inbox" / "s01", WORK)
    secret = tmp_path / "hidden.py"
    secret.write_text("answers")
    (folder / "train.py").symlink_to(secret)

    assert reason(one(tmp_path / "inbox")) == "link"


def test_a_linked_folder_is_refused_and_not_walked(tmp_path):
    folder = lay(tmp_path / "inbox" / "s01", WORK)
    lay(tmp_path / "other", {"adapter_config.json": b"{}"})
    (folder / "adapter").symlink_to(tmp_path / "other")

    assert reason(one(tmp_path / "inbox")) == "link"


@pytest.mark.parametrize("name", ["s01", "s01.zip"])
def test_an_upload_that_is_itself_a_link_is_refused(tmp_path, name):
    lay(tmp_path / "other", WORK)
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / name).symlink_to(tmp_path / "other")

    intake = one(tmp_path / "inbox")

    assert reason(intake) == "link"
    assert intake.student == "s01"


def test_a_hard_link_in_a_folder_is_refused(tmp_path):
    folder = lay(tmp_path / "inbox" / "s01", WORK)
    lay(tmp_path / "other", {"train.py": b"another student's"})
    os.link(tmp_path / "other" / "train.py", folder / "train.py")

    assert reason(one(tmp_path / "inbox")) == "link"


def test_a_pipe_or_a_socket_in_a_folder_is_refused_without_waiting_for_it(tmp_path, monkeypatch):
    folder = lay(tmp_path / "s01", WORK)
    os.mkfifo(folder / "train.py")
    assert reason(one(tmp_path)) == "special"

    (folder / "train.py").unlink()
    monkeypatch.chdir(folder)  # a socket's path has at most 108 bytes
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("train.py")
        assert reason(one(tmp_path)) == "special"


# 43: bombs


def test_a_zip_bomb_is_refused(tmp_path):
    bomb = zipped({"hw1/data.py": bytes(200 * 1024 * 1024)})
    assert len(bomb) < 300_000

    assert reason(uploaded(tmp_path, bomb)) == "bomb"


def test_a_bomb_that_understates_its_size_is_damaged_and_not_read_further(tmp_path):
    bomb = bytearray(zipped({"data.py": bytes(200 * 1024 * 1024)}))
    directory = bomb.rindex(b"PK\x01\x02")
    struct.pack_into("<I", bomb, directory + 24, 1000)  # the size that the directory states

    assert reason(uploaded(tmp_path, bytes(bomb))) == "damaged_file"


def test_too_many_bytes_in_all_are_refused_though_every_file_is_small(tmp_path):
    files = {f"m{n}.py": os.urandom(60_000) for n in range(10)}

    assert reason(uploaded(tmp_path, zipped(files), assignment(max_total_kb=500))) == "too_large"


def test_a_file_over_its_own_limit_is_refused_with_the_numbers(tmp_path):
    intake = uploaded(tmp_path, zipped({"hw1/data.py": os.urandom(65 * 1024)}))

    assert reason(intake) == "file_too_large"
    assert intake.refusal.args == {"path": "data.py", "size": 65, "limit": 64}


def test_a_file_of_exactly_its_limit_is_accepted(tmp_path):
    assert uploaded(tmp_path, zipped({"data.py": os.urandom(64 * 1024)})).refusal is None


def test_too_many_files_are_refused_with_their_number(tmp_path):
    intake = uploaded(tmp_path, zipped({f"m{n}.py": b"x" for n in range(21)}))

    assert reason(intake) == "too_many_files"
    assert intake.refusal.args == {"count": 21, "limit": 20}


def test_entries_of_rubbish_are_bounded_too(tmp_path):
    entries = [(f".git/{n}", b"") for n in range(20_001)] + [("data.py", b"x")]

    assert reason(uploaded(tmp_path, zipped(entries, zipfile.ZIP_STORED))) == "too_many_entries"


def test_entries_of_a_folder_are_bounded_before_they_are_judged(tmp_path, monkeypatch):
    monkeypatch.setattr("graders.exchange.entries.MAX_ENTRIES", 10)
    lay(tmp_path / "s01", {f"a/b{n}/.DS_Store": b"" for n in range(10)})

    assert reason(one(tmp_path)) == "too_many_entries"


def test_a_file_that_grows_while_it_is_read_is_damaged():
    growing = Entry("data.py", Kind.FILE, 2, None, "", lambda most: b"12345"[:most])

    (refusal,) = examine([growing], assignment()).refusals

    assert refusal.key == "refused.damaged_file"


def test_a_huge_directory_is_refused_before_it_is_read(tmp_path):
    long_names = [(f"{n:04}" + "x" * 60_000, b"") for n in range(80)]

    assert reason(uploaded(tmp_path, zipped(long_names))) == "too_many_entries"


def test_a_deep_folder_is_refused_and_not_recursed_into(tmp_path):
    deep = tmp_path / "s01" / "/".join(["d"] * 500)
    deep.mkdir(parents=True)
    (deep / "data.py").write_text("x = 1\n")

    assert reason(one(tmp_path)) == "name_too_long"


def test_an_archive_inside_is_not_opened(tmp_path):
    bomb = zipped({"data.py": bytes(10 * 1024 * 1024)})

    intake = uploaded(tmp_path, zipped({"hw1/data.py": b"x", "hw1/more.zip": bomb}))

    assert reason(intake) == "nested"
    assert intake.refusal.args == {"files": "more.zip"}


# 44: names that are two things at once


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("data.py", "data.py"),
        ("a", "a"),
        ("data.py", "Data.PY"),
        ("данные й.py", "данные и\u0306.py"),
        ("straße.py", "STRASSE.py"),
        ("data.py", "./data.py"),
        ("hw1/data.py", "hw1//data.py"),
        ("ﬁle.py", "file.py"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_names_that_some_system_takes_for_one_are_refused(tmp_path, first, second):
    assert reason(uploaded(tmp_path, zipped([(first, b"1"), (second, b"2")]))) == "duplicate"


def test_a_name_that_is_a_file_and_a_folder_is_refused(tmp_path):
    archive = zipped([("hw1/adapter", b"1"), ("hw1/Adapter/x.json", b"2")])

    assert reason(uploaded(tmp_path, archive)) == "file_and_folder"


@pytest.mark.parametrize(
    "name",
    [
        "data\n.py",
        "da\u202eyp.ta",  # a bidi override
        "data\u200b.py",  # a zero-width space
        "data\x1b[2J.py",
        "data\u2028.py",
        "data\x00.py",
    ],
)
def test_a_name_with_invisible_characters_is_refused(tmp_path, name):
    archive = zipped([("data.py", b"x"), (name.replace("\x00", "N"), b"x")])
    if "\x00" in name:  # zipfile does not write such names, so forge one
        archive = archive.replace(b"dataN.py", b"data\x00.py")

    assert reason(uploaded(tmp_path, archive)) == "characters"


@pytest.mark.parametrize("name", ["x" * 256, "ж" * 130 + ".py", "/".join(["folder"] * 40)])
def test_a_name_that_no_disk_holds_is_refused(tmp_path, name):
    assert reason(uploaded(tmp_path, zipped({name: b"x", "data.py": b"x"}))) == "name_too_long"


# 45, 46: pickles


@pytest.mark.parametrize(
    "name",
    ["model.pt", "model.pth", "model.PKL", "a.bin", "a.joblib", "a.ckpt", "a.pickle", "a.npz"],
)
@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_pickle_is_refused_even_when_allowed(tmp_path, name, compression):
    asked = assignment(allowed=("*",))
    archive = zipped({"hw1/data.py": b"x", f"hw1/{name}": pickle.dumps([1])}, compression)

    assert reason(uploaded(tmp_path, archive, asked)) == "pickle"


@pytest.mark.parametrize("content", [pickle.dumps([1]), zipped({"model/data.pkl": b"x"})])
def test_a_pickle_called_safetensors_is_refused(tmp_path, content):
    assert reason(uploaded(tmp_path, with_adapter(content))) == "renamed_pickle"


def npy(descr: str) -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}".encode()
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(8)


@pytest.mark.parametrize("descr", ["'|O'", "'O'", "[('a', '<f8'), ('b', '|O')]", "'<O8'"])
def test_an_array_of_objects_is_refused(tmp_path, descr):
    archive = zipped({"data.py": b"x", "a.npy": npy(descr)})

    assert reason(uploaded(tmp_path, archive, assignment(allowed=("*",)))) == "object_array"


def test_an_array_of_numbers_is_accepted_where_it_is_allowed(tmp_path):
    archive = zipped({"data.py": b"x", "a.npy": npy("'<f8'")})

    assert uploaded(tmp_path, archive, assignment(allowed=("*",))).refusal is None


@pytest.mark.parametrize("content", [b"", b"junk", npy("'<f8'")[:20]])
def test_a_broken_array_is_damaged(tmp_path, content):
    archive = zipped({"data.py": b"x", "a.npy": content})

    assert reason(uploaded(tmp_path, archive, assignment(allowed=("*",)))) == "damaged_file"


# 48: safetensors headers


def test_a_sound_adapter_is_accepted(tmp_path):
    intake = uploaded(tmp_path, with_adapter(GOOD_TENSORS))

    assert intake.refusal is None
    assert intake.files["adapter/adapter_model.safetensors"] == GOOD_TENSORS


def test_what_safetensors_itself_writes_is_accepted(tmp_path):
    numpy = pytest.importorskip("numpy")
    from safetensors.numpy import save

    tensors = {"b": numpy.ones((3, 5), "float16"), "a": numpy.zeros((2,), "int64")}

    assert uploaded(tmp_path, with_adapter(save(tensors, {"format": "pt"}))).refusal is None


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "safetensors_damaged"),
        (b"1234567", "safetensors_damaged"),
        ((2**63).to_bytes(8, "little") + b"{}", "safetensors_damaged"),
        ((3).to_bytes(8, "little") + b"{}", "safetensors_damaged"),
        ((1024 * 1024 + 1).to_bytes(8, "little") + b"{" + b" " * (1 << 20), "safetensors_header"),
        ((2).to_bytes(8, "little") + b"[]", "safetensors_damaged"),
        ((9000).to_bytes(8, "little") + b'{"a":' * 1800, "safetensors_damaged"),
        ((18).to_bytes(8, "little") + b'{"__metadata__":1}', "safetensors_damaged"),
        ((24).to_bytes(8, "little") + b'{"__metadata__":{"a":1}}', "safetensors_damaged"),
        (
            safetensors({f"t{n}": ("F32", [0], [0, 0]) for n in range(10_001)}, b""),
            "safetensors_tensors",
        ),
        (safetensors({"a": ("F32", [2], [0, 4])}, bytes(4)), "safetensors_damaged"),
        (safetensors({"a": ("F32", [1], [0, 4])}, bytes(5)), "safetensors_damaged"),
        (safetensors({"a": ("F32", [1], [4, 8])}, bytes(8)), "safetensors_damaged"),
        (
            safetensors({"a": ("F32", [1], [0, 4]), "b": ("F32", [1], [0, 4])}, bytes(4)),
            "safetensors_damaged",
        ),
        (safetensors({"a": ("F32", [-1], [4, 0])}, b""), "safetensors_damaged"),
        (safetensors({"a": ("F32", [2**62, 2**62], [0, 4])}, bytes(4)), "safetensors_damaged"),
        (safetensors({"a": ("O", [1], [0, 4])}, bytes(4)), "safetensors_damaged"),
        (safetensors({"a": ("F32", [True], [0, 4])}, bytes(4)), "safetensors_damaged"),
        (safetensors({"a": ("F32", [1] * 17, [0, 4])}, bytes(4)), "safetensors_damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_safetensors_header_bomb_is_refused(tmp_path, content, key):
    assert reason(uploaded(tmp_path, with_adapter(content))) == key


def test_a_tensor_named_twice_is_refused(tmp_path):
    whole = safetensors({"a": ("F32", [1], [0, 4]), "b": ("F32", [1], [0, 4])}, bytes(4))

    content = whole.replace(b'"b"', b'"a"')

    assert reason(uploaded(tmp_path, with_adapter(content))) == "safetensors_damaged"


# archives that cannot be read


def test_an_encrypted_archive_is_refused(tmp_path):
    archive = bytearray(zipped({"data.py": b"x"}))
    struct.pack_into("<H", archive, 6, 1)
    struct.pack_into("<H", archive, archive.rindex(b"PK\x01\x02") + 8, 1)

    assert reason(uploaded(tmp_path, bytes(archive))) == "encrypted"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_compression_that_few_programs_know_is_refused(tmp_path, method):
    assert reason(uploaded(tmp_path, zipped({"data.py": b"x" * 100}, method))) == "compression"


@pytest.mark.parametrize("content", [b"Rar!\x1a\x07\x01\x00", b"\x1f\x8b\x08", b"x = 1\n"])
def test_what_is_no_zip_is_refused(tmp_path, content):
    assert reason(uploaded(tmp_path, content)) == "not_zip"


def test_another_archive_format_is_the_same_students_upload(tmp_path):
    (tmp_path / "a.ivanov.tar.gz").write_bytes(b"\x1f\x8b\x08")
    (tmp_path / "s02.RAR").write_bytes(b"Rar!")
    (tmp_path / "s03.py").write_bytes(b"x = 1\n")

    assert [(i.student, reason(i)) for i in collected(tmp_path)] == [
        ("a.ivanov", "not_zip"),
        ("s02", "not_zip"),
        ("s03", "not_zip"),
    ]


@pytest.mark.parametrize(
    "content", [b"", zipped({}), zipped({"hw1/": b""}), zipped({"data.py": b"", "report.md": b""})]
)
def test_an_upload_with_nothing_in_it_is_empty(tmp_path, content):
    assert reason(uploaded(tmp_path, content)) == "empty"


def test_an_upload_that_stopped_half_way_is_damaged(tmp_path):
    whole = zipped({name: os.urandom(5000) for name in WORK})

    for length in (5, len(whole) // 2, len(whole) - 1):
        assert reason(uploaded(tmp_path, whole[:length])) == "damaged"


def test_a_changed_byte_is_noticed(tmp_path):
    whole = bytearray(zipped(WORK, zipfile.ZIP_STORED))
    whole[whole.index(b"x = 1")] ^= 1

    intake = uploaded(tmp_path, bytes(whole))

    assert reason(intake) == "damaged_file"
    assert intake.refusal.args == {"path": "data.py"}


def test_two_readers_cannot_be_told_two_names(tmp_path):
    archive = zipped({"data.py": b"x = 1\n"})
    first = archive.index(b"data.py")

    forged = archive[:first] + b"DATA.py" + archive[first + 7 :]

    assert reason(uploaded(tmp_path, forged)) == "damaged_file"


# what does not belong


def test_files_that_are_not_allowed_are_each_named(tmp_path):
    archive = zipped({"hw1/data.py": b"x", "hw1/notes.txt": b"x", "hw1/fig/a.png": b"x"})

    intake = uploaded(tmp_path, archive)

    assert reason(intake) == "not_allowed"
    assert intake.refusal.args == {"files": "notes.txt, fig/a.png"}


def test_a_long_list_of_files_is_cut(tmp_path):
    intake = uploaded(tmp_path, zipped({f"{n:02}.txt": b"x" for n in range(15)}))

    assert intake.refusal.args["files"].endswith("06.txt, 07.txt, … (+7)")


def test_a_work_in_two_places_is_told_to_be_put_together(tmp_path):
    archive = zipped({"hw1/data.py": b"x", "report.md": b"x"})

    intake = uploaded(tmp_path, archive)

    assert reason(intake) == "layout"
    assert intake.refusal.args == {"folder": "hw1"}


def test_a_zip_with_something_in_front_is_read_as_a_zip(tmp_path):
    memory = io.BytesIO(b"#!/bin/sh\n")
    memory.seek(0, 2)
    with zipfile.ZipFile(memory, "a") as archive:
        archive.writestr("data.py", b"x = 1\n")

    assert uploaded(tmp_path, memory.getvalue()).files == {"data.py": b"x = 1\n"}
