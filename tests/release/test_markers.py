"""What students may see of a reference, and what stays with the staff."""

from __future__ import annotations

import pytest

from graders.core.errors import CourseError
from graders.release import cut

MARKED = """\
def mean(numbers):
    \"\"\"Return the mean.\"\"\"
    # zachetka: solution
    total = sum(numbers)
    return total / len(numbers)
    # zachetka: end


# zachetka: staff
def _helper():
    return 1


# zachetka: end


def zero():
    # zachetka: solution
    # zachetka: stub return 0.0
    return 0.5 - 0.5
    # zachetka: end
"""


def test_a_solution_becomes_a_stub_and_a_staff_passage_vanishes():
    piece = cut(MARKED, "mean.py")
    assert piece.public == (
        'def mean(numbers):\n    """Return the mean."""\n'
        '    raise NotImplementedError("write your solution here")\n\n\n'
        "def zero():\n    return 0.0\n"
    )


def test_every_line_that_is_kept_back_is_known_with_its_place():
    secret = {(line.line, line.text.strip()) for line in cut(MARKED, "mean.py").secret}
    assert {(4, "total = sum(numbers)"), (10, "def _helper():"), (20, "return 0.5 - 0.5")} <= secret


def test_a_source_without_markers_is_public_as_it_is():
    assert cut("x = 1\n", "a.py").public == "x = 1\n"


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("# zachetka: solution\nx = 1\n", 1, "never closed"),
        ("x = 1\n# zachetka: end\n", 2, "no meaning here"),
        ("# zachetka: solution\n# zachetka: staff\n# zachetka: end\n", 2, "inside the block"),
        ("# zachetka: staff\n# zachetka: stub pass\n# zachetka: end\n", 2, "no meaning here"),
        ("# zachetka: soluton\n", 1, "no meaning here"),
    ],
)
def test_a_wrong_marker_is_told_with_its_line(text, line, what):
    with pytest.raises(CourseError, match=what) as caught:
        cut(text, "a.py")
    assert caught.value.where == f"a.py:{line}"
