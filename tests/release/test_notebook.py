"""A reference becomes a notebook: what stands in it, in which order, and that it runs."""

from __future__ import annotations

import json

import pytest

from graders.core.errors import CourseError
from graders.pipeline.releasing import readable
from graders.release import Secrets, cut, find_leaks, notebook

HANDOUT = "# Семинар\n\nЦель.\n\n## Задачи\n\nОдна.\n"
MODULES = {
    "__init__": '"""A toy package."""\n',
    "words": '''"""Words and their lengths."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .shapes import Shape

# How many words are many.
MANY = 3
FEW = 1


# What counts.
def count(text: str) -> int:
    """Return the number of words."""
    # zachetka: solution
    return len(text.split())
    # zachetka: end


def root(shape: Shape) -> float:
    """Return a root."""
    return math.sqrt(shape)
''',
    "shapes": '''"""Shapes."""

from typing import TypeAlias

from .words import MANY as LIMIT
from .words import (
    count,
)

Shape: TypeAlias = int


def wide(text: str) -> bool:
    """Say whether a text is wide."""
    from .words import FEW

    # zachetka: solution
    # zachetka: stub return False
    return count(text) > max(LIMIT, FEW)
    # zachetka: end


if __name__ == "__main__":
    print(wide("a"))
''',
    "run": "from ..experiment import Report\nfrom .shapes import wide\nprint(Report, wide)\n",
    "tour": """# %%
# The whole of it.
from .shapes import wide
from .words import count, root

# %%
print(count("a b"))

# %%
print(wide("a b c d"), root(4))
""",
}


@pytest.fixture
def folder(tmp_path):
    where = tmp_path / "toy"
    where.mkdir()
    for name, text in MODULES.items():
        (where / f"{name}.py").write_text(text, "utf-8")
    return where


def cells(text, kind="code"):
    read = json.loads(text)["cells"]
    return ["".join(cell["source"]) for cell in read if cell["cell_type"] == kind]


def test_the_handout_comes_first_and_each_module_has_a_heading(folder):
    assert cells(notebook(folder, HANDOUT), "markdown") == [
        "# Семинар\n\nЦель.",
        "## Задачи\n\nОдна.",
        "# `toy`\n\nA toy package.",
        "## `words`\n\nWords and their lengths.",
        "## `shapes`\n\nShapes.",
    ]


def test_modules_come_after_those_they_use_and_cells_hold_one_definition(folder):
    code = cells(notebook(folder, HANDOUT, solved=True))
    assert code[0] == "from __future__ import annotations"
    assert code[1] == "import math\nfrom typing import TYPE_CHECKING"
    assert code[2] == "# How many words are many.\nMANY = 3\nFEW = 1"
    assert code[3].startswith("# What counts.\ndef count(")
    assert code[4].startswith("def root(")
    assert code[5] == "from typing import TypeAlias\n\nLIMIT = MANY"
    assert code[6] == "Shape: TypeAlias = int"
    assert code[7].endswith('"""\n\n    return count(text) > max(LIMIT, FEW)')
    assert code[8:] == [
        "# The whole of it.",
        'print(count("a b"))',
        'print(wide("a b c d"), root(4))',
    ]


def test_solutions_are_cut_as_in_the_starter_and_no_marker_is_left(folder):
    text = notebook(folder, HANDOUT)
    assert "text.split()" not in text
    assert "NotImplementedError" in text
    assert "    return False" in "".join(cells(text))
    assert "zachetka" not in text + notebook(folder, HANDOUT, solved=True)


def test_the_same_sources_give_the_same_bytes(folder):
    first = notebook(folder, HANDOUT)
    assert first == notebook(folder, HANDOUT)
    read = json.loads(first)
    assert (read["nbformat"], read["nbformat_minor"]) == (4, 5)
    assert read["metadata"]["kernelspec"]["name"] == "python3"
    assert [cell["id"] for cell in read["cells"]][:2] == ["cell-001", "cell-002"]
    assert all(cell.get("outputs", []) == [] for cell in read["cells"])


@pytest.mark.parametrize(
    ("module", "old", "new", "message"),
    [
        ("shapes", "Shape: TypeAlias", "FEW = 2\nShape: TypeAlias", "'FEW' means something else"),
        ("shapes", "from typing import TypeAlias", "import cmath as math\nTypeAlias = type",
         "'math' means something else"),
        ("shapes", "from .words import MANY as LIMIT", "from . import words", "name what is used"),
        ("words", "import math", "from ..common import SEED\nimport math", "not one of its own"),
        ("words", "import math", "from .shapes import wide\nimport math", "import each other"),
        ("tour", 'print(count("a b"))', 'MANY = count("a b")', "the tour's 'MANY' hides"),
        ("tour", "from .shapes import wide", "from .gone import x", "not one of its own"),
    ],
)  # fmt: skip
def test_what_one_namespace_cannot_hold_is_told(folder, module, old, new, message):
    path = folder / f"{module}.py"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(CourseError, match=message):
        notebook(folder, HANDOUT)


def test_one_name_may_be_imported_by_many_from_one_place(folder):
    shapes = folder / "shapes.py"
    shapes.write_text("import math\n" + shapes.read_text("utf-8"), "utf-8")
    assert "import math" in notebook(folder, HANDOUT)


def test_a_solution_line_inside_a_notebook_is_a_leak(folder):
    secret = cut((folder / "words.py").read_text("utf-8"), "words.py").secret
    assert [line.text.strip() for line in secret] == ["return len(text.split())"]
    for solved, leaks in ((True, 1), (False, 0)):
        files = {"toy/notebook.ru.ipynb": notebook(folder, HANDOUT, solved=solved).encode()}
        found = find_leaks(readable(files), Secrets(secret))
        assert len(found) == leaks


@pytest.mark.slow
def test_the_solved_notebook_runs_and_the_starters_fails_where_it_should(folder):
    import nbformat
    from nbclient import NotebookClient

    def errors(solved):
        book = nbformat.reads(notebook(folder, HANDOUT, solved=solved), as_version=4)
        NotebookClient(book, timeout=60, kernel_name="python3", allow_errors=True).execute()
        return [
            (out.ename, cell.source)
            for cell in book.cells
            for out in cell.get("outputs", [])
            if out.output_type == "error"
        ]

    assert errors(solved=True) == []
    assert errors(solved=False) == [("NotImplementedError", 'print(count("a b"))')]
