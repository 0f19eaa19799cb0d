"""Files that were handed in are read strictly, and what is wrong with them is named."""

from __future__ import annotations

import pytest

from graders.tester.faults import StudentFault
from graders.tester.submission import SubmissionFiles


@pytest.fixture
def read(tmp_path):
    """Write a file and return a reader of it: `read(content, method, **args)`."""

    def use(content: bytes | str, method: str, *args, **kw):
        data = content.encode() if isinstance(content, str) else content
        (tmp_path / "f").write_bytes(data)
        return getattr(SubmissionFiles(tmp_path), method)("f", *args, **kw)

    return use


def refused(read, *args, **kw) -> tuple[str, dict]:
    with pytest.raises(StudentFault) as caught:
        read(*args, **kw)
    return caught.value.key, caught.value.message_args


def test_good_files_are_read(read):
    assert read("\ufeffда\n", "text") == "да\n"
    assert read(b"\0\1", "bytes") == b"\0\1"
    assert read('{"a": [1, 0.5, null]}', "json") == {"a": [1, 0.5, None]}
    assert read('{"a": 1}\r\n\n[2]\n', "jsonl") == [{"a": 1}, [2]]
    assert read('a,b\n"1,\n2",3\n\n', "csv", ["b"]) == [{"a": "1,\n2", "b": "3"}]


@pytest.mark.parametrize(
    ("content", "method", "key", "told"),
    [
        (b"a\n\xff", "text", "tester.file.not_utf8", {"line": 2}),
        ("a,a\n1,2\n", "csv", "tester.file.column_twice", {}),
        ("a,b\n1\n", "csv", "tester.file.row_length", {"line": 2, "got": 1, "want": 2}),
        ('a\n"1"x\n', "csv", "tester.file.not_csv", {"line": 2}),
    ],
)
def test_what_is_wrong_in_a_file_is_named(read, content, method, key, told):
    got, args = refused(read, content, method)
    assert got == key
    assert args == args | told | {"file": "f"}


@pytest.mark.parametrize(
    "text", ['{"a": NaN}', '{"a": 1, "a": 2}', "[" * 500 + "]" * 500, '{"a": Infinity}', "{", ""]
)
def test_json_is_strict(read, text):
    key, args = refused(read, text, "json")
    assert key.startswith("json.")
    assert args["file" if "file" in args else "where"] == "f"


def test_a_bad_line_of_many_is_named(read):
    _, args = refused(read, '{"a": 1}\n{"a": NaN}\n', "jsonl")
    assert args["line"] == 2


def test_a_missing_column_is_named(read):
    assert refused(read, "a\n1\n", "csv", ["a", "b", "c"]) == (
        "tester.file.no_columns",
        {"file": "f", "columns": "b, c"},
    )


def test_a_file_above_its_limit_is_not_read(read):
    told = {"file": "f", "size": 11, "limit": 10}
    assert refused(read, "x" * 11, "text", limit=10) == ("tester.file.too_large", told)
    assert read("x" * 10, "text", limit=10) == "x" * 10


def test_a_missing_file_and_a_link_are_not_there(tmp_path):
    (tmp_path / "secret").write_text("canary", "utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "folder").mkdir()
    files = SubmissionFiles(tmp_path)
    for name in ("gone", "link", "folder"):
        assert not files.exists(name)
        with pytest.raises(StudentFault) as caught:
            files.bytes(name)
        assert (caught.value.key, caught.value.message_args) == (
            "tester.file.missing",
            {"file": name},
        )
