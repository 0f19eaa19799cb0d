"""A reference package as one notebook: the handout, the modules in the order of use, the tour.

A notebook has one namespace, so imports inside the package are dropped and two modules may not
mean different things by one name. Modules that reach above their package (`from ..common import`)
belong to its experiment, not to the notebook. The same sources give the same bytes. It builds
cells and runs nothing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from graders.core.errors import CourseError
from graders.release.markers import cut
from graders.release.modules import Source, is_for_types, require_one_meaning

TOUR = "tour"
_MARKER = re.compile(r"^[ \t]*#\s*zachetka:.*\n", re.MULTILINE)
_FUTURE = "from __future__ import annotations"
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
Cell = tuple[str, str]  # "markdown" or "code", and its text


def has_tour(reference_dir: Path) -> bool:
    """Say whether a reference has the tour that a notebook ends with."""
    return (reference_dir / f"{TOUR}.py").is_file()


def notebook(reference_dir: Path, handout: str, solved: bool = False) -> str:
    """Return a notebook (format 4.5, JSON) of a reference package.

    Args:
        reference_dir: The package; `tour.py` in it has the last cells, in py:percent.
        handout: The handout in Markdown; its sections are the first cells.
        solved: With the solutions, for the staff; otherwise they are cut as in the starter.

    Raises:
        CourseError: The modules cannot share a namespace; the module and the name are told.
    """
    modules = _read(reference_dir, solved)
    tour = _tour_cells(modules[TOUR])
    order = _order(modules, [place for text in tour for place in Source.of(text, "tour").uses])
    require_one_meaning([modules[name] for name in order], tour)
    cells: list[Cell] = [("markdown", part) for part in _sections(handout)]
    if about := modules["__init__"].docstring if "__init__" in modules else "":
        cells.append(("markdown", f"# `{reference_dir.name}`\n\n{about}"))
    cells.append(("code", _FUTURE))
    for name in order:
        cells += _module_cells(modules[name])
    cells += [cell for text in tour for cell in _tour_cell(text, modules[TOUR].path)]
    return _written(cells)


def _read(folder: Path, solved: bool) -> dict[str, Source]:
    found = {}
    for path in sorted(folder.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        writes = bool(re.search(r"^\s*#\s*zachetka:\s*solution", text, re.MULTILINE))
        shown = _MARKER.sub("", text) if solved else cut(text, str(path)).public
        found[path.stem] = Source.of(shown, path.stem, str(path), writes)
    return found


def _order(modules: Mapping[str, Source], first: Sequence[str]) -> list[str]:
    """Return the notebook's modules, each after those it uses: the tour's, then all to write."""
    order: list[str] = []
    path: list[str] = []

    def visit(name: str) -> None:
        if name in order:
            return
        if name in path:
            raise CourseError(f"these modules import each other: {', '.join(path)}")
        source = modules.get(name)
        if source is None or source.reaches_above:
            raise CourseError(
                f"the notebook needs the module {name!r}, which is not one of its own",
                where=modules[path[-1]].path if path else "",
                todo="Leave `from ..` to run.py and its parts",
            )
        source.require_plain_imports()
        path.append(name)
        for other in source.uses:
            visit(other)
        order.append(path.pop())

    own = [n for n, source in modules.items() if source.writes and not source.reaches_above]
    for name in [*first, *own]:
        if name not in {TOUR, "__init__"}:
            visit(name)
    return order


def _module_cells(source: Source) -> list[Cell]:
    """Return a module's cells: heading, imports, constants, one for each function and class."""
    cells: list[Cell] = [("markdown", f"## `{source.name}`\n\n{source.docstring}".rstrip())]
    groups: list[tuple[str, list[str]]] = []
    end = 0
    for node in source.tree.body:
        start, last = end, node.end_lineno or node.lineno
        end = last
        if _left_out(node):
            continue
        kind = _kind(node)
        lines = _kept(source, node, start, last)
        if kind != "definition" and groups and groups[-1][0] == kind:
            groups[-1][1].extend(lines)
        else:
            groups.append((kind, lines))
    cells += [("code", text) for _, lines in groups if (text := _tidy(lines))]
    return cells


def _kind(node: ast.stmt) -> str:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return "definition"
    if isinstance(node, ast.Import | ast.ImportFrom) or is_for_types(node):
        return "import"
    return "constant"


def _left_out(node: ast.stmt) -> bool:
    """Say whether a statement has no place in a notebook: a docstring, a future, a main."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return isinstance(node.value.value, str)
    if isinstance(node, ast.ImportFrom) and node.module == "__future__":
        return True
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)


def _kept(source: Source, node: ast.stmt, start: int, last: int) -> list[str]:
    """Return a statement's lines with the comments before it and without inner imports."""
    dropped: set[int] = set()
    renamed: list[str] = []
    for inner in (n for n in ast.walk(node) if isinstance(n, ast.ImportFrom) and n.level == 1):
        dropped |= set(range(inner.lineno, (inner.end_lineno or inner.lineno) + 1))
        renamed += [f"{a.asname} = {a.name}" for a in inner.names if a.asname not in {None, a.name}]
    lines = [source.lines[n - 1] for n in range(start + 1, last + 1) if n not in dropped]
    if not isinstance(node, ast.ImportFrom) and dropped:
        if renamed:
            raise CourseError("rename at the module's top", where=f"{source.path}:{node.lineno}")
        if is_for_types(node):
            lines = lines if len(_tidy(lines).splitlines()) > 1 else []
        elif lines:
            _require_code(lines, f"{source.path}:{node.lineno}")
    return [*lines, *renamed]


def _require_code(lines: Sequence[str], where: str) -> None:
    try:
        ast.parse("\n".join(lines))
    except SyntaxError as error:
        raise CourseError(
            "nothing is left of a block without its import from the package",
            where=where,
            todo="Import at the module's top",
        ) from error


def _tour_cells(source: Source) -> list[str]:
    """Return the code of the tour's cells."""
    import jupytext

    source.require_plain_imports()
    read = jupytext.reads(source.text, fmt="py:percent")
    return [cell.source for cell in read.cells if cell.source.strip()]


def _tour_cell(text: str, path: str) -> Iterator[Cell]:
    """Return one cell of the tour; a cell that is only a text becomes Markdown."""
    source = Source.of(text, TOUR, path)
    if source.docstring and len(source.tree.body) == 1:
        yield "markdown", f"## `{TOUR}`\n\n{source.docstring}"
        return
    lines: list[str] = []
    end = 0
    for node in source.tree.body:
        start, last = end, node.end_lineno or node.lineno
        end = last
        if not _left_out(node):
            lines += _kept(source, node, start, last)
    lines += source.lines[end:]
    if kept := _tidy(lines):
        yield "code", kept


def _sections(handout: str) -> list[str]:
    """Return the sections of a handout: one cell for each heading of the second level."""
    parts = re.split(r"^(?=## )", handout, flags=re.MULTILINE)
    return [part.strip() for part in parts if part.strip()]


def _tidy(lines: Sequence[str]) -> str:
    return re.sub(r"\n{4,}", "\n\n\n", "\n".join(lines).strip("\n")).rstrip()


def _written(cells: Sequence[Cell]) -> str:
    """Return the notebook's JSON; a cell's id is its number, for a date or chance has no place."""
    import nbformat

    nb: Any = nbformat  # it has types for some of its functions only
    make = {"code": nb.v4.new_code_cell, "markdown": nb.v4.new_markdown_cell}
    made = [make[kind](text, id=f"cell-{n:03}") for n, (kind, text) in enumerate(cells, start=1)]
    book = nb.v4.new_notebook(cells=made, metadata=_METADATA)
    book["nbformat_minor"] = 5
    return str(nb.writes(book, version=nb.NO_CONVERT)).rstrip("\n") + "\n"
