"""The starter is what the reference gives, and is known to be stale when it is not."""

from __future__ import annotations

import pytest

from graders.core.errors import CourseError
from graders.release import generate_starter, is_stale, starter_files

SOLUTION = "def one():\n    # zachetka: solution\n    return 1\n    # zachetka: end\n"


@pytest.fixture
def reference(tmp_path):
    folder = tmp_path / "reference"
    folder.mkdir()
    (folder / "__init__.py").write_text('"""Package."""\n')
    (folder / "one.py").write_text(SOLUTION)
    (folder / "tool.py").write_text("# zachetka: staff\nprint('staff')\n# zachetka: end\n")
    return folder


def test_a_module_that_is_all_staff_is_left_out(reference):
    assert sorted(starter_files(reference)) == ["__init__.py", "one.py"]


def test_a_written_starter_is_fresh_and_an_edited_one_is_stale(reference, tmp_path):
    starter = tmp_path / "starter"
    generate_starter(reference, starter)
    assert not is_stale(reference, starter)
    (starter / "one.py").write_text("changed\n")
    (starter / "more.py").write_text("")
    (starter / "__init__.py").unlink()
    found = is_stale(reference, starter)
    assert (found.missing, found.changed, found.unexpected) == (
        ("__init__.py",),
        ("one.py",),
        ("more.py",),
    )


def test_writing_again_removes_modules_that_the_reference_lost(reference, tmp_path):
    starter = tmp_path / "starter"
    generate_starter(reference, starter)
    (starter / "old.py").write_text("")
    generate_starter(reference, starter)
    assert not (starter / "old.py").exists()


@pytest.fixture
def sharing(reference):
    """Return a reference that uses what stands above it, and another package."""
    above = reference.parent
    (above / "common.py").write_text("from .seeds import SEED\n")
    (above / "seeds.py").write_text("SEED = 20\n")
    (above / "unused.py").write_text("")
    (above / "other").mkdir()
    (above / "other" / "__init__.py").write_text("")
    (reference / "run.py").write_text(
        "from ..common import SEED\nif SEED:\n    from ..other.part import x\n"
    )
    return reference


def test_a_starter_takes_along_what_it_shares_with_others(sharing):
    files = starter_files(sharing)
    assert sorted(files) == ["__init__.py", "common.py", "one.py", "run.py", "seeds.py"]
    assert files["run.py"] == ("from .common import SEED\nif SEED:\n    from other.part import x\n")
    assert files["common.py"] == "from .seeds import SEED\n"


def test_a_shared_module_may_be_imported_whole(sharing):
    (sharing / "run.py").write_text("from .. import common, seeds\n")
    assert starter_files(sharing)["run.py"] == "from . import common, seeds\n"
    (sharing / "run.py").write_text("from .. import common, nowhere\n")
    with pytest.raises(CourseError, match="no module nowhere above"):
        starter_files(sharing)


def test_a_shared_module_cannot_hide_one_of_the_package(sharing):
    (sharing / "common.py").write_text("own = 1\n")
    with pytest.raises(CourseError, match=r"common\.py is both"):
        starter_files(sharing)


def test_what_is_not_above_cannot_be_shared(sharing):
    (sharing / "run.py").write_text("from ..nowhere import x\n")
    with pytest.raises(CourseError, match="no nowhere above"):
        starter_files(sharing)


def test_a_reference_without_solution_markers_gives_no_starter(tmp_path):
    (tmp_path / "one.py").write_text("def one():\n    return 1\n")
    with pytest.raises(CourseError, match="no line of the reference"):
        starter_files(tmp_path)
    with pytest.raises(CourseError, match="no Python module"):
        starter_files(tmp_path / "nothing")
