"""Wrong solutions that nobody thought of: cosmic-ray's operators inside the solution marks.

Each function's sample is deterministic: one mutant at each place before a second anywhere, in an
order that depends on the function alone. A mutant that compiles to the reference's own code is
none. What survives is either a test to strengthen, or it is explained in `survivors.toml`:

| key | meaning |
|---|---|
| `function` | `module:function`, or `module:Class.method` |
| `operator` | the operator's name, for example `NumberReplacer` |
| `text` | the reference's line, stripped |
| `becomes` | the mutant's line, stripped; without it every one of this line and operator is meant |
| `why` | why no test can, or should, tell it from the reference |
"""

from __future__ import annotations

import ast
import difflib
import random
import re
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from graders.core.config_checks import Problem, located, shape_findings
from graders.core.config_models import Strict
from graders.core.errors import InfraError
from graders.core.toml_lines import TomlSyntaxError, parse
from graders.pipeline.mutants import Mutant, MutantsError, apply

PER_FUNCTION = 8
SURVIVORS = "survivors.toml"
_OPEN = re.compile(r"^\s*#\s*zachetka:\s*solution\b")
_CLOSE = re.compile(r"^\s*#\s*zachetka:\s*end\b")
Text = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Generated:
    """One generated mutant.

    Args:
        file: The module's file name.
        function: `module:function`.
        operator: The operator's name.
        line: The first line that changes, from 1.
        text: That line in the reference, stripped.
        becomes: What stands there in the mutant, stripped.
        source: The whole mutated module.
    """

    file: str
    function: str
    operator: str
    line: int
    text: str
    becomes: str
    source: str

    def diff(self, reference: str) -> str:
        """Return what changes, as a unified diff without context."""
        lines = difflib.unified_diff(
            reference.splitlines(), self.source.splitlines(), self.file, self.file, "", "", 0, ""
        )
        return "\n".join(lines)


class Survivor(Strict):
    """Mutants that survive and may: one entry of `survivors.toml`."""

    function: Text
    operator: Text
    text: Text
    becomes: Text | None = None
    why: Text

    def explains(self, mutant: Generated) -> bool:
        """Say whether this mutant is meant."""
        told = (self.function, self.operator, self.text)
        same = told == (mutant.function, mutant.operator, mutant.text)
        return same and self.becomes in {None, mutant.becomes}


class _File(Strict):
    survivor: tuple[Survivor, ...] = ()


def read_survivors(folder: Path) -> tuple[Survivor, ...]:
    """Read an assignment's `survivors.toml`; none when there is no such file.

    Raises:
        CourseError: Something in it is wrong.
    """
    path = folder / SURVIVORS
    if not path.is_file():
        return ()
    try:
        document = parse(path.read_text("utf-8-sig"))
        return TypeAdapter(_File).validate_python(document.data).survivor
    except TomlSyntaxError as error:
        raise MutantsError([Problem(str(path), error.line, "", error.what)]) from None
    except ValidationError as error:
        raise MutantsError(located(shape_findings(error), document, path)) from None


@dataclass(frozen=True)
class Solved:
    """A module of the reference: which lines students write, and in which function."""

    path: Path

    @cached_property
    def text(self) -> str:
        """The module's source."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def blocks(self) -> list[tuple[int, int]]:
        """The first and last lines between solution marks."""
        found, start = [], 0
        for number, line in enumerate(self.text.splitlines(), start=1):
            if _OPEN.match(line):
                start = number + 1
            elif _CLOSE.match(line) and start:
                found.append((start, number - 1))
                start = 0
        return found

    @cached_property
    def functions(self) -> list[tuple[int, int, str]]:
        """First line, last line and `module:name` of every function and method."""
        found: list[tuple[int, int, str]] = []

        def visit(nodes: Sequence[ast.stmt], prefix: str) -> None:
            for node in nodes:
                name = f"{prefix}{getattr(node, 'name', '')}"
                if isinstance(node, ast.ClassDef):
                    visit(node.body, f"{name}.")
                elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    end = node.end_lineno or node.lineno
                    # A marker after the last statement is inside, though no syntax tree knows it.
                    found.append((node.lineno, end + 1, f"{self.path.stem}:{name}"))

        visit(ast.parse(self.text).body, "")
        return found

    def writes(self, line: int) -> bool:
        """Say whether students write this line."""
        return any(start <= line <= end for start, end in self.blocks)

    def function_at(self, line: int) -> str | None:
        """Return the function that a line is in."""
        return next((name for a, b, name in self.functions if a <= line <= b), None)


def solved_modules(reference: Path) -> list[Solved]:
    """Return the modules that students write something of."""
    found = (Solved(path) for path in sorted(reference.glob("*.py")))
    return [module for module in found if module.blocks]


def generate(reference: Path, per_function: int = PER_FUNCTION) -> Iterator[Generated]:
    """Make the sample: at most so many mutants of each function, in the order of the sources.

    Raises:
        InfraError: cosmic-ray is not installed.
    """
    for module in solved_modules(reference):
        places: defaultdict[str, defaultdict[tuple[int, int], list[tuple[str, int]]]]
        places = defaultdict(lambda: defaultdict(list))
        for operator, occurrence, place in _mutations(module):
            function = module.function_at(place[0])
            if function:
                places[function][place].append((operator, occurrence))
        for _, _, function in module.functions:
            if function in places:
                yield from _sample(module, function, places[function], per_function)


def _mutations(module: Solved) -> Iterator[tuple[str, int, tuple[int, int]]]:
    """Return every mutation that an operator can make: its name, its number there, its place."""
    ast_nodes, get_ast, _, operators = _cosmic_ray()
    nodes = list(ast_nodes(get_ast(module.text)))
    for name in sorted(operators):
        if operators[name].arguments():
            continue  # it asks for a variable's name, and then draws a number by chance
        operator = operators[name]()
        occurrence = -1
        for node in nodes:
            for (line, column), (last, _) in operator.mutation_positions(node):
                occurrence += 1
                if module.writes(line) and module.writes(last):
                    yield name, occurrence, (line, column)


def _sample(
    module: Solved,
    function: str,
    places: dict[tuple[int, int], list[tuple[str, int]]],
    size: int,
) -> Iterator[Generated]:
    """Return a function's sample: places in a random order, one mutant at each in every round."""
    chance = random.Random(function)  # noqa: S311 - a sample, not a secret
    order = sorted(places)
    chance.shuffle(order)
    queues = [places[place][:] for place in order]
    for queue in queues:
        chance.shuffle(queue)
    made = 0
    seen = {_meaning(module.text)}
    while made < size and any(queues):
        for queue in queues:
            if not queue or made == size:
                continue
            mutant = _made(module, function, *queue.pop())
            if mutant and (meaning := _meaning(mutant.source)) and meaning not in seen:
                seen.add(meaning)
                made += 1
                yield mutant


def _made(module: Solved, function: str, name: str, occurrence: int) -> Generated | None:
    _, _, mutate_code, operators = _cosmic_ray()
    source = mutate_code(module.text, operators[name](), occurrence)
    before, after = module.text.splitlines(), (source or "").splitlines()
    changed = next((n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), None)
    if source is None or changed is None:
        return None
    return Generated(
        file=module.path.name,
        function=function,
        operator=name,
        line=changed + 1,
        text=before[changed].strip(),
        becomes=after[changed].strip(),
        source=source,
    )


def _meaning(source: str) -> str | None:
    """Return what a module means to Python; None when it is no Python at all."""
    try:
        return ast.dump(ast.parse(source))
    except (SyntaxError, ValueError):
        return None


def _cosmic_ray() -> tuple[Any, Any, Any, dict[str, Any]]:
    try:
        from cosmic_ray.ast import ast_nodes, get_ast
        from cosmic_ray.mutating import mutate_code
        from cosmic_ray.operators.provider import OperatorProvider
    except ImportError as error:
        raise InfraError(
            "cosmic-ray, which makes the mutants, is not installed",
            where=error.name or str(error),
            todo="Run: python -m pip install cosmic-ray",
        ) from None
    provider = OperatorProvider()
    return ast_nodes, get_ast, mutate_code, {name: provider[name] for name in provider}


def cases_of(
    mutants: Sequence[Mutant], reference: Path, assignment: Path
) -> dict[str, tuple[str, ...]]:
    """Return the cases that watch each function: those that its hand-written mutants fail.

    Args:
        mutants: The hand-written mutants.
        reference: The assembled reference.
        assignment: The assignment's folder.

    Returns:
        Cases by `module:function`, those named most often first.
    """
    modules = solved_modules(reference)
    counts: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    with tempfile.TemporaryDirectory(prefix="edits-") as temporary:
        for mutant in mutants:
            copy = Path(temporary) / mutant.id
            shutil.copytree(reference, copy)
            apply(mutant, copy, assignment)
            for module in modules:
                for function in _edited(module, copy / module.path.name):
                    for key in mutant.kills:
                        counts[function][key] += 1
            shutil.rmtree(copy)
    return {
        function: tuple(sorted(keys, key=lambda key: (-keys[key], key)))
        for function, keys in counts.items()
    }


def _edited(module: Solved, copy: Path) -> set[str]:
    """Return the functions of a module that an edited copy changes."""
    if not copy.is_file():
        return set()
    before, after = module.text.splitlines(), copy.read_text(encoding="utf-8").splitlines()
    if before == after:
        return set()
    found = set()
    for tag, start, end, _, _ in difflib.SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if tag != "equal":
            lines = range(start + 1, max(end, start + 1) + 1)
            found |= {name for line in lines if (name := module.function_at(line))}
    return found
