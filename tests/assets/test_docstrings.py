"""Reading documentation: what is prose is kept, what is markup, code or a section is not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from graders.assets.summaries.docstrings import (
    DOCUMENT_WORDS,
    SIGNATURE_CHARACTERS,
    documented,
    plain,
    summary_and_document,
)

ROOT = Path(__file__).resolve().parents[2]
SUMMARY = "Mend the fences of a whole garden."
PROSE = (
    "Every fence is looked at once and its boards are counted before any of them is replaced. "
    "Boards that are sound stay where they are, and the others are carried to the shed by night."
)


def objects(source: str):
    """Return what is read out of a module."""
    return list(documented(source, "garden.fences"))


def function(docstring: str, head: str = "def mend(self, fence, *, boards=3):") -> str:
    """Return the source of one documented function."""
    body = "\n".join(f"    {line}" if line else "" for line in docstring.splitlines())
    return f'{head}\n    """{body.strip()}\n    """\n'


def document_of(below: str) -> str | None:
    """Return the description that is read below the usual summary."""
    pair = summary_and_document(f"{SUMMARY}\n\n{below}")
    return pair and pair.document


def test_a_function_is_read_with_its_signature_summary_and_description():
    (one,) = objects(function(f"{SUMMARY}\n\n{PROSE}\n\nArgs:\n    fence: It."))
    assert (one.module, one.name) == ("garden.fences", "mend")
    assert one.signature == "def mend(fence, *, boards=3)"
    assert (one.summary, one.document) == (SUMMARY, PROSE)


def test_a_class_shows_what_it_is_made_of_and_its_methods_bear_its_name():
    source = (
        f'class Garden(Base):\n    """{SUMMARY}\n\n    {PROSE}\n    """\n\n'
        "    def __init__(self, size: int = 3, **more: str) -> None: ...\n\n"
        f'    @property\n    def gate(self):\n        """Say where the gate stands today.'
        f'\n\n        {PROSE}\n        """\n\n'
        f'    async def close(self, /, when):\n        """Shut all gates of the garden.'
        f'\n\n        {PROSE}\n        """\n'
    )
    assert [(one.name, one.signature) for one in objects(source)] == [
        ("Garden", "class Garden(size=3, **more)"),
        ("Garden.gate", "property gate"),
        ("Garden.close", "async def close(when)"),
    ]


def test_private_and_inner_objects_are_nobodys_interface():
    inner = function(f"{SUMMARY}\n\n{PROSE}").replace("\n", "\n    ")
    for source in (
        function(f"{SUMMARY}\n\n{PROSE}", "def _mend(fence):"),
        f"def outer():\n    {inner}",
        f"class _Garden:\n    {inner}",
    ):
        assert objects(source) == []


def test_a_long_signature_is_cut_between_two_arguments():
    names = ", ".join(f"argument_{number}" for number in range(60))
    (one,) = objects(function(f"{SUMMARY}\n\n{PROSE}", f"def mend({names}):"))
    assert len(one.signature) <= SIGNATURE_CHARACTERS + len("def mend(, ...)")
    assert one.signature.endswith(", ...)")
    assert set(one.signature[len("def mend(") : -len(", ...)")].split(", ")) <= set(
        names.split(", ")
    )


@pytest.mark.parametrize(
    "source", ['def broken(:\n    """x"""', 'x = "\0"', 'print \'old\'  # """', ""]
)
def test_a_module_that_cannot_be_parsed_yields_nothing(source):
    assert objects(source) == []


def test_an_invalid_escape_in_a_foreign_docstring_warns_nobody():
    (one,) = objects(function(f"{SUMMARY}\n\n{PROSE}\n\nA last one has \\d in it."))
    assert one.document == PROSE


def test_nothing_of_a_source_is_run(tmp_path):
    mark = tmp_path / "ran"
    source = f"open({str(mark)!r}, 'w')\n" + function(f"{SUMMARY}\n\n{PROSE}")
    assert len(objects(source)) == 1
    assert not mark.exists()


@pytest.mark.parametrize(
    "section",
    [
        "Parameters\n----------\nfence : Fence\n    It.",
        "Args:\n    fence: It.",
        "Returns:\n    A fence.",
        ":param fence: it",
        ":class:`Fence`, mended:\n\n:returns: it",
        "Examples\n========\nFences are mended like this, one after another.",
        "@param fence: it",
        "Notes\n-----\nNothing of this belongs to the description, long as it may be.",
    ],
)
def test_a_description_ends_where_a_section_begins(section):
    assert document_of(f"{PROSE}\n\n{section}\n\nWhat follows a section is not read.") == PROSE


def test_a_section_may_begin_inside_a_paragraph():
    assert document_of(f"{PROSE}\n:param fence: it\n\nMore of it.") == PROSE
    assert document_of(f"{PROSE}\nReturns:\n    A fence.\n\nMore of it.") == PROSE


@pytest.mark.parametrize("header", ["Explanation", "Description", "Extended Summary"])
def test_a_section_that_explains_is_part_of_the_description(header):
    assert document_of(f"{header}\n{'=' * len(header)}\n\n{PROSE}") == PROSE
    assert document_of(f"{header}\n{'-' * len(header)}\n{PROSE}") == PROSE


@pytest.mark.parametrize(
    "block",
    [
        ">>> mend(fence)\n3",
        "    mend(fence)\n    mend(gate)",
        ".. note::\n\n    Only by day.",
        ".. versionadded:: 1.4",
        "It is used like this::\n\n    mend(fence)",
        "| a | b |\n|---|---|",
        "The height is $h^2$ of it.",
        "It takes the form",
        "where h is the height of the fence.",
        "The way of mending is taken from [3]_ and from others.",
        "See https://example.org for more.",
    ],
)
def test_code_directives_tables_and_broken_sentences_are_left_out(block):
    assert document_of(f"{block}\n\n{PROSE}") == PROSE
    assert document_of(f"{PROSE}\n\n{block}") == PROSE


def test_a_doctest_ends_its_paragraph():
    assert document_of(f"{PROSE}\n>>> mend(fence)\n3") == PROSE


@pytest.mark.parametrize(
    ("marked", "read"),
    [
        ("Use :class:`~garden.fences.Fence` here", "Use Fence here"),
        ("Use :meth:`mend() <garden.mend>` here", "Use mend() here"),
        ("Use :class:`_orm.Mapper` or :func:`.mend`", "Use Mapper or mend"),
        ("Use ``boards`` or `fence`_ or `gate`", "Use boards or fence or gate"),
        ("See `the manual <https://example.org>`_ first", "See the manual first"),
        ("See [the manual](https://example.org) first", "See the manual first"),
        ("If *boards* is **not** 2*3*4 or **more", "If boards is not 2*3*4 or **more"),
        ("A known way [1]_, `~garden.Fence`  too", "A known way, Fence too"),
    ],
)
def test_markup_is_taken_away_and_its_text_stays(marked, read):
    assert plain(marked) == read


@pytest.mark.parametrize(
    "summary",
    [
        "Mend it.",
        "Mend the fences of a whole garden and of each of the other gardens too, slowly.",
        "mend the fences of a garden.",
        "Mend the fences of a garden:",
        "Mend the fences of a garden::",
        "Mend the {things} of a garden.",
        "Deprecated way to mend a fence.",
        "Mend a fence. Paint it too.",
        "Mend the fences of Zürich.",
        "Mend x y 1 2 3 4 5.",
    ],
)
def test_what_is_no_plain_sentence_of_4_to_14_words_is_no_summary(summary):
    assert summary_and_document(f"{summary}\n\n{PROSE}") is None


def test_a_summary_may_run_over_two_lines_or_stand_on_top_of_its_paragraph():
    over = summary_and_document(f"Mend the fences of\na whole garden.\n\n{PROSE}")
    above = summary_and_document(f"{SUMMARY}\n{PROSE}")
    assert over == above == summary_and_document(f"{SUMMARY}\n\n{PROSE}")


def test_a_description_holds_whole_paragraphs_up_to_200_words():
    paragraph = " ".join(["boards"] * 69) + " end."
    document = document_of("\n\n".join([paragraph] * 4))
    assert document == "\n".join([paragraph] * 2)
    assert len(document.split()) <= DOCUMENT_WORDS[1]


@pytest.mark.parametrize(
    "below",
    ["Too short to be asked about.", "é" + PROSE, "12 34 56 78 90 " * 9 + "are numbers.", ""],
)
def test_a_description_that_is_short_or_no_english_prose_is_left_out(below):
    assert document_of(below) is None


def test_a_docstring_without_anything_below_is_left_out():
    assert summary_and_document(SUMMARY) is None
    assert summary_and_document("") is None


def test_reading_does_not_depend_on_the_order_of_sets():
    source = function(f"{SUMMARY}\n\n    {PROSE}\n\n\ttabbed", "def f(a: int = 1e-5, b='x', /):")
    code = (
        "import dataclasses, json, sys\n"
        "from graders.assets.summaries.docstrings import documented\n"
        "rows = documented(sys.stdin.read(), 'm')\n"
        "print(json.dumps([dataclasses.asdict(row) for row in rows]))"
    )
    done = [
        subprocess.run(
            [sys.executable, "-c", code],
            input=source,
            env={"PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            encoding="utf-8",
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert done[0] == done[1]
    assert json.loads(done[0])[0]["signature"] == "def f(a=1e-05, b='x', /)"
