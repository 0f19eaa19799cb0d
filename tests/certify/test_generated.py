"""Generated mutants: which are made, how they are run, and how survivors are explained."""

from __future__ import annotations

import ast

import pytest

from graders.core.config import load_course
from graders.core.errors import CourseError
from graders.pipeline.certify import Sample, certify
from graders.pipeline.generated import cases_of, generate, read_survivors
from graders.pipeline.mutants import Mutant

SUMS = '''"""Sums."""

OUTSIDE = 1 + 2


def add(a, b):
    """Return the sum."""
    free = OUTSIDE + 0
    # zachetka: solution
    total = a
    while b > 0:
        total += 1
        b -= 1
    return total + free - 3
    # zachetka: end


def order(xs):
    """Return the numbers in order."""
    # zachetka: solution
    return sorted(xs, reverse=False)
    # zachetka: end


class Box:
    """A box."""

    def size(self):
        """Return its size."""
        # zachetka: solution
        return 7 * 6
        # zachetka: end
'''


@pytest.fixture
def reference(tmp_path):
    folder = tmp_path / "reference" / "toy"
    folder.mkdir(parents=True)
    (folder / "sums.py").write_text(SUMS, "utf-8")
    (folder / "run.py").write_text("print(1 + 1)\n", "utf-8")
    return folder


def test_mutants_change_only_what_students_write_and_mean_something_else(reference):
    made = list(generate(reference, 50))
    assert {one.file for one in made} == {"sums.py"}
    assert {one.function for one in made} == {"sums:add", "sums:order", "sums:Box.size"}
    meanings = [ast.dump(ast.parse(one.source)) for one in made]
    assert len(set(meanings)) == len(made)
    assert ast.dump(ast.parse(SUMS)) not in meanings
    lines = SUMS.splitlines()
    for one in made:
        changed = [
            n for n, (a, b) in enumerate(zip(lines, one.source.splitlines(), strict=True)) if a != b
        ]
        assert changed == [one.line - 1]
        assert lines[one.line - 1].strip() == one.text != one.becomes
        assert one.line in {10, 11, 12, 13, 14, 21, 31}


def test_a_sample_is_the_same_again_and_a_larger_one_holds_it(reference):
    few, many = list(generate(reference, 2)), list(generate(reference, 5))
    assert few == list(generate(reference, 2))
    assert [one.function for one in few] == [
        *("sums:add", "sums:add", "sums:order", "sums:Box.size", "sums:Box.size")
    ]
    assert set(few) <= set(many)


def test_each_place_is_changed_before_any_is_changed_twice(reference):
    made = [one for one in generate(reference, 6) if one.function == "sums:add"]
    assert len({one.line for one in made}) >= 3


def test_a_diff_shows_the_two_lines(reference):
    one = next(one for one in generate(reference, 9) if one.function == "sums:order")
    assert one.diff(SUMS).splitlines()[-2:] == [
        "-    return sorted(xs, reverse=False)",
        "+    return sorted(xs, reverse=True)",
    ]


def test_the_cases_of_a_function_are_those_of_its_hand_written_mutants(reference, tmp_path):
    mutants = [
        Mutant(id="a", kills=("x.rare",), file="sums.py", find="total += 1", replace="pass"),
        Mutant(id="b", kills=("x.often", "x.rare"), file="sums.py", find="b > 0", replace="b > 1"),
        Mutant(id="c", kills=("x.often",), file="sums.py", find="total = a\n", replace=""),
        Mutant(id="d", kills=("x.often",), file="sums.py", find="- 3\n", replace="\n"),
        Mutant(id="e", kills=("x.box",), file="sums.py", find="7 * 6", replace="42.0"),
        Mutant(id="f", kills=("x.run",), file="run.py", append="x = 1\n"),
    ]
    assert cases_of(mutants, reference, tmp_path) == {
        "sums:add": ("x.often", "x.rare"),
        "sums:Box.size": ("x.box",),
    }


def test_explanations_are_read_and_mistakes_are_told_with_their_line(tmp_path):
    assert read_survivors(tmp_path) == ()
    path = tmp_path / "survivors.toml"
    entry = '[[survivor]]\nfunction = "m:f"\noperator = "AddNot"\ntext = "x"\n'
    path.write_text(entry + 'why = "y"\n')
    assert read_survivors(tmp_path)[0].why == "y"
    path.write_text(entry + "because = 1\n")
    with pytest.raises(CourseError, match=r"survivors\.toml:5.*because"):
        read_survivors(tmp_path)


SURVIVORS = """
[[survivor]]
function = "sums:add"
operator = "ReplaceComparisonOperator_Gt_NotEq"
text = "while b > 0:"
why = "b is never negative"

[[survivor]]
function = "sums:order"
operator = "AddNot"
text = "gone"
why = "nothing"
"""


@pytest.mark.slow
def test_mutants_are_killed_also_by_never_ending_and_survivors_are_shown(author):
    (author.reference / "sums.py").write_text(SUMS, "utf-8")
    (author.folder / "survivors.toml").write_text(SURVIVORS, "utf-8")
    (author.folder / "mutants.toml").write_text(
        '[[mutant]]\nid = "order"\nkills = ["toy.sums.order"]\nfile = "sums.py"\n'
        'find = "sorted(xs, reverse=False)"\nreplace = "xs"\n'
    )
    report = certify(
        load_course(author.course),
        "toy",
        reference=author.reference,
        jobs=2,
        only=[],
        step=lambda done, total: author.steps.append((done, total)),
        sample=Sample(per_function=60),
    )
    plain = report.as_plain()
    assert plain["hand_written"] == {"killed": 0, "total": 0}
    assert plain["reference"] == "not run"
    found = plain["generated"]
    assert found["functions"]["sums:order"] == {"killed": 1, "total": 1}
    assert found["functions"]["sums:Box.size"]["killed"] == 0  # no hidden test looks at it
    alive = {(one["operator"], one["explained"]) for one in found["survivors"]}
    assert ("ReplaceComparisonOperator_Gt_NotEq", "b is never negative") in alive
    assert found["notes"] == [
        "survivors.toml: no survivor is explained by sums:order, AddNot: gone"
    ]
    endless = [one for one in generate(author.reference, 60) if one.becomes == "b -= 0"]
    assert endless
    assert not any("b -= 0" in one["diff"] for one in found["survivors"])
    assert not report.passed
    assert "are asked for" in report.problems[0]
    assert author.steps[-1] == (found["total"], found["total"])


@pytest.mark.slow
def test_one_function_can_be_asked_for_and_an_unknown_one_is_told(author):
    (author.reference / "sums.py").write_text(SUMS, "utf-8")
    assert {one.function for one in Sample(3, ("sums:add",)).of(author.reference)} == {"sums:add"}
    with pytest.raises(CourseError, match=r"no function 'sums:x'.*sums:Box\.size"):
        Sample(3, ("sums:x",)).of(author.reference)
