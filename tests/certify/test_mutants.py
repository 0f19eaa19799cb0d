"""What a mutant may edit, and how a wrong `mutants.toml` is told."""

from __future__ import annotations

import json

import pytest

from graders.core.errors import CourseError
from graders.pipeline.mutants import Mutant, apply, read_mutants
from tests.certify.toy_mutants import ADD, ORDER


@pytest.fixture
def home(tmp_path):
    """An assignment's folder with a reference beside it."""
    (tmp_path / "assignment").mkdir()
    whole = tmp_path / "whole"
    (whole / "adapter").mkdir(parents=True)
    (whole / "sums.py").write_text("def add(a, b):\n    return a + b\n", "utf-8")
    (whole / "claims.json").write_text('{"n": 3, "fix": {"before": 0.5, "after": 0.6}}', "utf-8")
    (whole / "adapter" / "weights.bin").write_bytes(b"\1\2")
    return tmp_path


def read(home, *text: str, code: str = "") -> tuple[Mutant, ...]:
    path = home / "assignment" / "mutants.toml"
    path.write_text("\n".join(text), "utf-8")
    if code:
        path.with_suffix(".py").write_text(code, "utf-8")
    return read_mutants(path, home / "whole", frozenset({"toy.sums.wrong"}))


def mutant(edit: str, name: str = "m") -> str:
    return f'[[mutant]]\nid = "{name}"\nkills = ["toy.sums.add"]\n{edit}\n'


def applied(home, edit: str, code: str = ""):
    """Return the reference's folder after an edit."""
    (one,) = read(home, mutant(edit), code=code)
    apply(one, home / "whole", home / "assignment")
    return home / "whole"


def test_a_passage_is_replaced(home):
    applied(home, 'file = "sums.py"\nfind = "a + b"\nreplace = "a - b"')
    assert (home / "whole" / "sums.py").read_text("utf-8").endswith("return a - b\n")


def test_text_is_appended(home):
    applied(home, 'file = "sums.py"\nappend = "add = None\\n"')
    assert (home / "whole" / "sums.py").read_text("utf-8").endswith("a + b\nadd = None\n")


def test_a_new_file_gets_its_content(home):
    applied(home, 'file = "new/conftest.py"\ncontent = "x = 1"')
    assert (home / "whole" / "new" / "conftest.py").read_text("utf-8") == "x = 1"


def test_values_of_a_json_object_change_and_its_tables_are_merged(home):
    applied(home, 'file = "claims.json"\nset = { n = 4, fix = { after = 0.99 } }')
    claims = json.loads((home / "whole" / "claims.json").read_text("utf-8"))
    assert claims == {"n": 4, "fix": {"before": 0.5, "after": 0.99}}


def test_a_file_is_taken_away(home):
    applied(home, 'file = "adapter/weights.bin"\nremove = true')
    assert not (home / "whole" / "adapter" / "weights.bin").exists()


def test_a_function_edits_the_folder(home):
    code = "def zero(folder):\n    (folder / 'adapter' / 'weights.bin').write_bytes(bytes(2))\n"
    applied(home, 'edit = "zero"', code)
    assert (home / "whole" / "adapter" / "weights.bin").read_bytes() == bytes(2)


def test_a_function_that_changes_nothing_is_no_mutant(home):
    with pytest.raises(CourseError, match="the mutant m changes nothing"):
        applied(home, 'edit = "nothing"', "def nothing(folder):\n    pass\n")


def test_a_function_that_fails_is_told_with_its_place(home):
    with pytest.raises(CourseError, match=r"mutants\.py: the edit of m failed: KeyError: 'x'"):
        applied(home, 'edit = "broken"', "def broken(folder):\n    {}['x']\n")


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        ('file = "sums.py"\nfind = "c"\nreplace = ""', "sums.py, and stands 0 times"),
        ('file = "sums.py"\nfind = "a"\nreplace = ""', "sums.py, and stands 3 times"),
        ('file = "sums.py"\nfind = "a + b"\nreplace = "a + b"', "`replace` changes nothing"),
        ('file = "sums.py"\nfind = "a + b"', "the keys of exactly one edit"),
        ('file = "sums.py"\nappend = "x"\nremove = true', "the keys of exactly one edit"),
        ('file = "gone.py"\nremove = true', "the reference has no file gone.py"),
        ('file = "sums.py"\nset = { n = 1 }', "sums.py is no JSON object"),
        ('edit = "gone"', "mutants.py has no function 'gone'"),
        ('file = "../sums.py"\nremove = true', "file"),
        ('file = "sums.py"\nremove = true\nmessage = "toy.no"', "no message 'toy.no'"),
        ('file = "sums.py"\nremove = true\nfnd = "x"', "did you mean"),
    ],
)
def test_a_mutant_that_cannot_be_applied_is_told_with_its_line(home, edit, told):
    with pytest.raises(CourseError) as caught:
        read(home, mutant('file = "sums.py"\nappend = "x"', "fine"), mutant(edit))
    assert told in str(caught.value)
    line = caught.value.problems[0].line
    assert line >= 6
    assert f"mutants.toml:{line}: " in str(caught.value)


def test_every_mistake_is_told_at_once(home):
    wrong = 'file = "sums.py"\nfind = "c"\nreplace = ""'
    with pytest.raises(CourseError) as caught:
        read(home, mutant(wrong, "one"), mutant(wrong, "two"), mutant(wrong, "two"))
    told = [problem.key for problem in caught.value.problems]
    assert told == ["one", "two", "two", "two"]
    assert "this id is used twice" in str(caught.value)


def test_a_file_that_is_no_toml_is_told_with_its_line(home):
    with pytest.raises(CourseError, match=r"mutants\.toml:2: "):
        read(home, "[[mutant]]\nid = ")


def test_a_missing_file_is_told(home):
    with pytest.raises(CourseError, match="there are no mutants"):
        read_mutants(home / "mutants.toml", home / "whole", frozenset())


def test_an_unknown_case_is_told_with_its_mutant(author):
    with pytest.raises(CourseError, match=r"add_forgets: .*there is no case toy\.sums\.mul"):
        author.certify(ADD.replace('["toy.sums.add"]', '["toy.sums.mul"]'))


def test_an_unknown_id_is_told_with_those_there_are(author):
    with pytest.raises(CourseError, match=r"no mutant 'x'.*add_forgets, unsorted"):
        author.certify(ADD, ORDER, only=["x"])
