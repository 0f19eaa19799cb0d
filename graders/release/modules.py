"""The modules that become one notebook: what they import, and what their names mean together.

It reads syntax trees and runs nothing. Names that a function binds inside are its own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from graders.core.errors import CourseError


@dataclass(slots=True)
class Source:
    """One module: its text, its statements and what it takes from its neighbours."""

    name: str
    path: str
    text: str
    tree: ast.Module
    writes: bool = False
    lines: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, text: str, name: str, path: str = "", writes: bool = False) -> Source:
        """Parse a module."""
        return cls(name, path or name, text, ast.parse(text), writes, text.splitlines())

    @property
    def docstring(self) -> str:
        """The module's docstring, or nothing."""
        return ast.get_docstring(self.tree) or ""

    @property
    def inner(self) -> Iterator[ast.ImportFrom]:
        """The imports from the package itself, wherever they stand."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and node.level == 1:
                yield node

    @property
    def uses(self) -> list[str]:
        """The modules of the package that this one needs before it; those of types may wait."""
        waiting = {
            inner for node in self.tree.body if is_for_types(node) for inner in ast.walk(node)
        }
        return [node.module for node in self.inner if node.module and node not in waiting]

    @property
    def reaches_above(self) -> bool:
        """Whether it imports from outside its package by a relative name."""
        nodes = ast.walk(self.tree)
        return any(isinstance(node, ast.ImportFrom) and node.level > 1 for node in nodes)

    def require_plain_imports(self) -> None:
        """Fail on an import that one namespace cannot stand for."""
        for node in self.inner:
            if node.module is None or "*" in {alias.name for alias in node.names}:
                raise CourseError(
                    "a notebook has no modules to import: name what is used",
                    where=f"{self.path}:{node.lineno}",
                    todo="Write: from .module import name",
                )


def require_one_meaning(sources: Sequence[Source], tour: Sequence[str]) -> None:
    """Fail when one name means two things.

    Raises:
        CourseError: It does; both places are named.
    """
    meanings: dict[str, tuple[str, str]] = {}
    for source in sources:
        for node in source.tree.body:
            for name, meaning in _meanings(node):
                known, where = meanings.setdefault(name, (meaning, source.path))
                if known != meaning and where != source.path:
                    raise CourseError(
                        f"{name!r} means something else in {where}: a notebook has one namespace",
                        where=f"{source.path}:{node.lineno}",
                        todo="Rename one, or import it from the other module",
                    )
    for text in tour:
        for node in ast.parse(text).body:
            for name in () if isinstance(node, ast.Import | ast.ImportFrom) else _bound(node):
                if name in meanings:
                    raise CourseError(
                        f"the tour's {name!r} hides the one of {meanings[name][1]}",
                        where="tour",
                        todo="Give the tour's variable another name",
                    )


def _meanings(node: ast.stmt) -> Iterator[tuple[str, str]]:
    """Return the names that a module's statement binds, each with what it then means."""
    if isinstance(node, ast.ImportFrom):
        if node.level == 0 and node.module != "__future__":
            yield from ((a.asname or a.name, f"{node.module}.{a.name}") for a in node.names)
    elif isinstance(node, ast.Import):
        yield from ((a.asname or a.name, (a.asname and a.name) or "module") for a in node.names)
    elif is_for_types(node):
        for inner in node.body if isinstance(node, ast.If) else ():
            yield from _meanings(inner)
    else:
        yield from ((name, ast.dump(node)) for name in _bound(node))


def _bound(node: ast.AST) -> Iterator[str]:
    """Return the names that a statement binds, without those inside functions."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
        return
    if isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        return
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id != "_":
        yield node.id
    for child in ast.iter_child_nodes(node):
        yield from _bound(child)


def is_for_types(node: ast.stmt) -> bool:
    """Say whether a statement is `if TYPE_CHECKING:`."""
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
