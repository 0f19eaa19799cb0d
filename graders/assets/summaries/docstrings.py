"""Reads summary lines and the descriptions below them out of Python sources, by `ast` alone.

Nothing is imported or run: a source is parsed, its docstrings are cleaned of markup, and whatever
is no prose (sections, fields, directives, doctests, code) is left out. It does not judge whether
a summary is a good one; `split` sorts out what would make a poor question.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

SUMMARY_WORDS = (4, 14)
DOCUMENT_WORDS = (25, 200)
SIGNATURE_CHARACTERS = 240

_EXPLAINING = ("explanation", "description", "extended summary", "details")
_UNDERLINE = re.compile(r"^([-=~^*#])\1{2,}\s*$")
_SECTION = re.compile(
    r"^(args|arguments|attributes|example|examples|keyword args|keyword arguments|methods|note"
    r"|notes|parameters|params|properties|raises|references|return|returns|see also|shape|todo"
    r"|usage|version ?added|warning|warnings|warns|yields|input|inputs|output|outputs)\s*::?\s*$",
    re.IGNORECASE,
)
_FIELD = re.compile(r"^(:[a-z][\w ,*.\[\]|]*:(?!`)|@\w+\b|\[\d+\]|\.\. \[)")
_DIRECTIVE = re.compile(r"^\.\.(\s|$)")
_DOCTEST = re.compile(r"^(>>>|In \[\d+\]:|\$ )")
_ROLE = re.compile(r":[\w:.+-]+:`([^`]*)`")
_LINK = re.compile(r"`([^`<]+?)\s*<[^`>]*>`_{0,2}")
_TITLED = re.compile(r"^(?P<title>[^<]+?)\s*<[^>]*>$")
_MARKS = re.compile(
    r"``([^`]*)``|`([^`]*)`_{0,2}|(?<![*\w])\*\*([^*\s][^*]*)\*\*(?![*\w])"
    r"|(?<![*\w(])\*(\w[^*]*)\*(?![*\w])"
)
_LONG_NAME = re.compile(r"(?<!\w)~\.?(?:\w+\.)*(\w+)")
_FOOTNOTE = re.compile(r"\s*\[[\w#]+\]_")
_MARKDOWN_LINK = re.compile(r"\[([^\]]+)\]\((?:https?://|#|\.)[^)]*\)")
_LIST_ITEM = re.compile(r"^([-*+•]|\d+[.)])\s")
# What is left of tables, formulas, templates and other things that are no sentences.
_NO_PROSE = re.compile(r"[{}\\|<>@`]|\$|==+|--+\+|\.\. |::|>>>|https?:|\bTODO\b|\bFIXME\b|__\w+__")


# A paragraph that goes on with a formula or code which is left out, or leans on a footnote.
_BROKEN = re.compile(
    r"^(where|and|or|with|for|such|so that|i\.e\.|e\.g\.)\s|\b(in|from|by|see|of|to)\s*\[[\w#]+\]_"
)
_TWO_SENTENCES = re.compile(r"[.!?]\s+[A-Z]")


@dataclass(frozen=True, slots=True)
class Documented:
    """One object of a package with its summary line and the description below it."""

    module: str
    name: str
    signature: str
    document: str
    summary: str


def documented(source: str, module: str) -> Iterator[Documented]:
    """Yield the public classes and functions of one module that are fit to be asked about.

    A module that this Python cannot parse yields nothing.
    """
    if '"""' not in source and "'''" not in source:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes, in code that is not ours
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
    yield from _below(tree, module, "")


def _below(node: ast.Module | ast.ClassDef, module: str, prefix: str) -> Iterator[Documented]:
    """Yield what stands in a module or class; what is inside functions is nobody's API."""
    for child in node.body:
        if not isinstance(child, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if child.name.startswith("_"):
            continue
        name = prefix + child.name
        text = ast.get_docstring(child)
        if text and (pair := summary_and_document(text)) is not None:
            yield Documented(module, name, signature_of(child), pair.document, pair.summary)
        if isinstance(child, ast.ClassDef):
            yield from _below(child, module, f"{name}.")


@dataclass(frozen=True, slots=True)
class Pair:
    """A summary line and what is described below it."""

    summary: str
    document: str


def summary_and_document(docstring: str) -> Pair | None:
    """Return the two halves of a cleaned docstring, or None when it is not fit.

    The summary is a first paragraph of one sentence (PEP 257), or the first line where it ends
    a sentence; 4 to 14 words. The description is the prose below it up to the first section,
    whole paragraphs, 25 to 200 words.
    """
    blocks = list(_blocks(docstring.strip().splitlines()))
    first = [line.strip() for line in blocks[0]] if blocks else []
    below = docstring.strip().splitlines()[len(first) :]
    summary = plain(" ".join(first))
    if len(first) > 1 and first[0].endswith("."):
        summary, below = plain(first[0]), docstring.strip().splitlines()[1:]
    if not _is_sentence(summary):
        return None
    paragraphs: list[str] = []
    words = 0
    for paragraph in prose(below):
        count = len(paragraph.split())
        if words + count > DOCUMENT_WORDS[1]:
            break
        paragraphs.append(paragraph)
        words += count
    document = "\n".join(paragraphs)
    if words < DOCUMENT_WORDS[0] or not _is_english(document):
        return None
    return Pair(summary, document)


def prose(lines: list[str]) -> Iterator[str]:
    """Yield the paragraphs of a description, cleaned, up to its first section.

    Indented blocks, directives, doctests with their output, tables and formulas are left out.
    """
    for whole in _blocks(lines):
        explains = _is_header(whole) and whole[0].strip().casefold() in _EXPLAINING
        block = whole[2:] if explains else whole
        if not block:
            continue
        first = block[0].strip()
        if _SECTION.match(first) or _FIELD.match(first) or _is_header(block):
            return
        if block[0].startswith((" ", "\t")):
            continue
        text, ended = _paragraph(block)
        if text:
            yield text
        if ended:
            return


def _paragraph(block: list[str]) -> tuple[str, bool]:
    """Return a block's prose, and whether a section begins inside it."""
    kept: list[str] = []
    ended = False
    for line in map(str.strip, block):
        if _SECTION.match(line) or _FIELD.match(line):
            ended = True
            break
        if _DOCTEST.match(line) or _DIRECTIVE.match(line):
            break
        kept.append(line)
    raw = " ".join(kept)
    text = plain(raw)
    # What does not end a sentence announces code or a formula, or is a table.
    whole = text.endswith((".", "!", "?", '."', ".)")) and not _BROKEN.search(raw)
    return (text if whole and not _NO_PROSE.search(text) else ""), ended


def plain(text: str) -> str:
    """Return a text without the markup of reStructuredText and Markdown, on one line."""
    text = _ROLE.sub(lambda found: _target(found[1]), text)
    text = _LINK.sub(r"\1", text)
    text = _MARKDOWN_LINK.sub(r"\1", text)
    text = _FOOTNOTE.sub("", text)
    text = _MARKS.sub(lambda found: next((one for one in found.groups() if one), ""), text)
    text = _LONG_NAME.sub(r"\1", text)
    return " ".join(text.split())


def signature_of(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """Return what one calls: the name with its arguments and defaults, without annotations."""
    if isinstance(node, ast.ClassDef):
        starts = [
            child
            for child in node.body
            if isinstance(child, ast.FunctionDef) and child.name == "__init__"
        ]
        inside = _arguments(starts[0].args) if starts else ""
        return f"class {node.name}({inside})"
    decorators = {ast.unparse(decorator) for decorator in node.decorator_list}
    if any(name.rpartition(".")[2] in ("property", "cached_property") for name in decorators):
        return f"property {node.name}"
    star = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    return f"{star} {node.name}({_arguments(node.args)})"


def _arguments(given: ast.arguments) -> str:
    """Return arguments without `self` and annotations, cut where they become too long."""
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    for argument in every:
        if argument is not None:
            argument.annotation = None
    text = re.sub(r"^(self|cls)(, /)?(, |$)", "", ast.unparse(given))
    if len(text) <= SIGNATURE_CHARACTERS:
        return text
    return text[:SIGNATURE_CHARACTERS].rpartition(", ")[0] + ", ..."


def _target(role: str) -> str:
    """Return what a role shows: its title, or the last name where `~` asks for it."""
    if titled := _TITLED.match(role):
        return titled["title"]
    name = role.lstrip("!.")
    # SQLAlchemy writes the short names of its modules, `_orm.Mapper`.
    return name.partition(".")[2] if name.startswith("_") and "." in name else name


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """Yield runs of lines between blank ones."""
    block: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            block.append(line)
        elif block:
            yield block
            block = []


def _is_header(block: list[str]) -> bool:
    return any(_UNDERLINE.match(line.strip()) for line in block[:2])


def _is_sentence(summary: str) -> bool:
    """Tell whether a summary line is one plain sentence of the right length."""
    shortest, longest = SUMMARY_WORDS
    words = summary.split()
    return (
        shortest <= len(words) <= longest
        and summary[0].isupper()
        and summary.isascii()
        and not summary.endswith((":", ",", ";", "..."))
        and not _TWO_SENTENCES.search(summary)
        and not _NO_PROSE.search(summary)
        and not _LIST_ITEM.match(summary)
        and "deprecated" not in summary.casefold()
        and sum(word.strip(".,()'\"").isalpha() for word in words) >= 0.7 * len(words)
    )


def _is_english(document: str) -> bool:
    """Tell prose from what only looks like it, by its letters."""
    if not document.isascii():
        return False
    return sum(one.isalpha() or one == " " for one in document) >= 0.88 * len(document)
