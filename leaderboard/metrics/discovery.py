"""Finding metrics: every folder of `modules` that holds a file of its own name is one."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, ModuleType

from graders.core.errors import CourseError
from leaderboard.metrics.declare import Declared, Metric, checked

MODULES = Path(__file__).resolve().parent / "modules"


def discover(folder: Path = MODULES) -> Mapping[str, Metric]:
    """Return the metrics of a folder by key, in the order of their keys.

    Raises:
        CourseError: A file cannot be loaded, or does not declare exactly one metric.
    """
    files = sorted(path for path in folder.glob("*/*.py") if path.stem == path.parent.name)
    return MappingProxyType({path.stem: _read(path) for path in files})


def declared(path: Path) -> Declared:
    """Return what one file declares.

    Raises:
        CourseError: There is no such file, it cannot be loaded, or it declares not one metric.
    """
    module = _load(path)
    found = [value for value in vars(module).values() if isinstance(value, Declared)]
    if len(found) != 1:
        raise CourseError(
            f"the file declares {len(found)} metrics",
            where=str(path),
            todo="Put @metric(higher_is_better=...) over exactly one function",
        )
    return found[0]


def _read(path: Path) -> Metric:
    found = declared(path)
    return Metric(path.stem, found.higher_is_better, checked(path.stem, found))


def _load(path: Path) -> ModuleType:
    name = f"leaderboard.metrics.modules.{path.stem}.{path.stem}"
    if path.parent.parent != MODULES:  # another folder's metric must not replace one of ours
        name = f"leaderboard_metric_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise CourseError("this is not a Python file", where=str(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever a course's own file raises is told as its fault
        del sys.modules[name]
        raise CourseError(f"the metric cannot be loaded ({error!r})", where=str(path)) from error
    return module
