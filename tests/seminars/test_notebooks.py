"""The notebooks run: the solved one without an error, the starter's fails only where it should."""

from __future__ import annotations

import ast
import re

import pytest

from graders.release import notebook
from graders.release.markers import DEFAULT_STUB

pytestmark = pytest.mark.slow
RESET = "get_ipython().reset(new_session=False, aggressive=False)"


@pytest.fixture(scope="module")
def kernel():
    """One kernel for all notebooks, so that heavy packages are imported once."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3", startup_timeout=120)
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run(kernel, text):
    """Run a notebook in fresh names and return its code cells with the error of each, if any."""
    import nbformat
    from nbclient import NotebookClient

    manager, client = kernel
    book = nbformat.reads(text, as_version=4)
    book.cells.insert(0, nbformat.v4.new_code_cell(RESET))
    runner = NotebookClient(book, km=manager, timeout=120, allow_errors=True)
    runner.kc = client
    with runner.setup_kernel(cleanup_kc=False):
        for index, cell in enumerate(book.cells):
            runner.execute_cell(cell, index)
    return [
        (cell.source, next((o for o in cell.outputs if o.output_type == "error"), None))
        for cell in book.cells[1:]
        if cell.cell_type == "code"
    ]


def test_the_solved_notebook_runs_without_an_error(kernel, seminar, reference):
    handout = (seminar.folder / "handout.en.md").read_text("utf-8")
    cells = run(kernel, notebook(reference, handout, solved=True))
    errors = [(source, error.evalue) for source, error in cells if error]
    assert errors == []
    assert len(cells) > 10


def names(tree, kind):
    """Return the names that a cell reads or binds."""
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    return {node.id for node in nodes if isinstance(node.ctx, kind)}


def called(tree):
    """Return the names of the functions that a cell calls by their names."""
    nodes = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {node.id for node in nodes if isinstance(node, ast.Name)}


def test_the_starters_notebook_fails_only_where_something_is_not_written(kernel, starter):
    unwritten, missing, reached = set(), set(), set()
    for source, error in run(kernel, (starter / "notebook.ru.ipynb").read_text("utf-8")):
        tree = ast.parse(source)
        kinds = ast.FunctionDef | ast.ClassDef
        if tree.body and all(isinstance(node, kinds) for node in tree.body):
            assert error is None, source
            if DEFAULT_STUB in source and isinstance(tree.body[0], ast.FunctionDef):
                unwritten.add(tree.body[0].name)
            continue
        needed = called(tree) & unwritten
        reached |= needed
        if error is None:
            assert not needed, f"{needed} cannot work yet: {source}"
            continue
        # Either it calls what is not written, or it needs what an earlier cell failed to make.
        lost = re.match(r"name '(\w+)' is not defined", error.evalue)
        expected = lost[1] in missing if lost else error.ename == "NotImplementedError"
        assert expected, f"{error.ename} {error.evalue}: {source}"
        missing |= names(tree, ast.Store)
    assert len(reached) >= 3, "the tour calls the functions to write"
