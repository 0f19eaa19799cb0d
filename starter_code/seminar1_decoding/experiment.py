"""A run that can be read and repeated: its command line, tables, figures and `results.json`.

An experiment here is a fixed budget, a seed and real data; out of it come numbers that another
machine can check. So a report keeps two kinds of numbers apart. What was measured about the model
is deterministic and enters a hash; what was measured about the clock is not and does not.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
DIGITS = 6  # floats are kept to this many digits after the point: below it is rounding, not result

# One grey and eight colours that have a contrast of at least 3 (the grey 4.3) with white and with
# near-black alike, so that a figure with a transparent background can be read on either page.
INK = "#797979"
COLOURS = (
    "#3b7dd8", "#c96a1b", "#2f9155", "#a25bd0", "#d2504c", "#1f8e9b", "#8a8420", "#c2528f",
)  # fmt: skip
_STYLE: dict[str, Any] = {
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": INK,
    "grid.alpha": 0.25,
    "xtick.color": INK,
    "ytick.color": INK,
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "legend.frameon": False,
    "lines.linewidth": 2.0,
    "svg.hashsalt": "zachetka",  # ids inside the file: the same for the same picture
}


@dataclass(frozen=True)
class Setting:
    """What a run was asked to do.

    Args:
        model: Folder of the base model.
        data: Folders of data sets by name.
        embedder: Folder of the sentence embedder; None when the run was given none.
        out: Folder that the run writes into.
        seed: Seed of everything random.
        share: The part of the fixed budget that is spent; 1 is the whole.
    """

    model: Path
    data: Mapping[str, Path]
    embedder: Path | None
    out: Path
    seed: int
    share: float

    def scaled(self, number: int, least: int = 1) -> int:
        """Return a budget's number for this run's share of it."""
        return max(least, round(number * self.share))


def setting(description: str, argv: Sequence[str] | None = None) -> Setting:
    """Parse the command line of a run.

    Ends the process with status 2 and one message when a folder is missing.

    Args:
        description: What the run does, for `--help`.
        argv: Words after the program's name; those of the process when None.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="results go here")
    parser.add_argument("--model", type=Path, required=True, metavar="DIR", help="base model")
    parser.add_argument(
        "--data", action="append", default=[], metavar="NAME=DIR", help="a data set; repeatable"
    )
    parser.add_argument("--embedder", type=Path, metavar="DIR", help="sentence embedder")
    parser.add_argument("--seed", type=int, default=20, help="default: 20")
    parser.add_argument("--share", type=float, default=1.0, help="part of the budget, 0 to 1")
    told = parser.parse_args(argv)
    data: dict[str, Path] = {}
    for word in told.data:
        name, equals, folder = word.partition("=")
        if not (name and equals and folder):
            parser.error(f"--data {word}: write NAME=DIR")
        data[name] = Path(folder)
    named = {"--model": told.model} | {f"--data {name}": path for name, path in data.items()}
    if told.embedder is not None:
        named["--embedder"] = told.embedder
    for option, folder in named.items():
        if not folder.is_dir():
            parser.error(f"{option}: there is no folder {folder}")
    if not 0 < told.share <= 1:
        parser.error(f"--share {told.share}: it is a part of the budget, above 0 and at most 1")
    return Setting(told.model, data, told.embedder, told.out, told.seed, told.share)


def interval(values: Sequence[float], seed: int = 20) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval of a mean (Efron and Tibshirani 1993, ch. 13).

    Args:
        values: Independent measurements; one alone is its own interval.
        seed: Seed of the resampling.

    Raises:
        ValueError: There are no values.
    """
    import numpy as np
    from scipy.stats import bootstrap

    if not values:
        raise ValueError("an interval of no values has no meaning")
    if len(values) == 1:
        return float(values[0]), float(values[0])
    found = bootstrap(
        (np.asarray(values, dtype=np.float64),),
        np.mean,
        n_resamples=2000,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return float(found.low), float(found.high)


class Report:
    """Collects what a run finds, shows it as it goes, and writes it down once at the end.

    Args:
        seminar: The seminar's number.
        title: What was run, in a line.
        setting: What the run was asked to do.
    """

    def __init__(self, seminar: int, title: str, setting: Setting) -> None:
        from rich.console import Console

        self.setting = setting
        self._console = Console(soft_wrap=True)
        self._seminar = seminar
        self._title = title
        self._budget: dict[str, Json] = {"share": plain(setting.share)}
        self._results: dict[str, Json] = {}
        self._tables: list[dict[str, Json]] = []
        self._timings: dict[str, Json] = {}
        self._figures: list[dict[str, Json]] = []
        self._reading: list[str] = []
        setting.out.mkdir(parents=True, exist_ok=True)
        self._console.rule(f"{seminar}. {title}", characters="-")

    def budget(self, **numbers: float) -> None:
        """Say what the run spends: steps, examples, tokens."""
        self._budget |= {name: plain(number) for name, number in numbers.items()}

    def result(self, name: str, value: Json) -> None:
        """Keep a finding that the same seed gives again; it enters the hash."""
        self._results[_fresh(name, self._results)] = plain(value)

    def timing(self, name: str, value: float, unit: str) -> None:
        """Keep a measurement of the clock, outside the hash."""
        self._timings[_fresh(name, self._timings)] = {"value": plain(value), "unit": unit}

    def table(
        self,
        name: str,
        columns: Sequence[str],
        rows: Sequence[Sequence[object]],
        title: str,
        timed: bool = False,
    ) -> None:
        """Print a table and keep it; with `timed` it stays outside the hash.

        Raises:
            ValueError: A row has another width than the columns.
        """
        from rich.table import Table
        from rich.text import Text  # a cell may hold brackets: they are no markup

        _fresh(name, [table["name"] for table in self._tables])
        cells = [[plain(cell) for cell in row] for row in rows]
        for row in cells:
            if len(row) != len(columns):
                raise ValueError(f"{name}: a row of {len(row)} cells under {len(columns)} columns")
        shown = Table(title=Text(title), title_justify="left")
        for place, column in enumerate(columns):
            numbers = all(isinstance(row[place], int | float) for row in cells)
            shown.add_column(Text(column), justify="right" if numbers else "left")
        for row in cells:
            shown.add_row(*(Text(_shown(cell)) for cell in row))
        self._console.print(shown)
        self._tables.append(
            {"name": name, "title": title, "columns": list(columns), "rows": cells, "timed": timed}
        )

    @contextmanager
    def figure(
        self, name: str, title: str, *, width: float = 7.0, height: float = 4.0
    ) -> Iterator[tuple[Figure, Axes]]:
        """Draw a figure and save it as `name.svg`: the same bytes for the same picture.

        Args:
            name: The file's name without its ending.
            title: What it shows; stands above it.
            width: Inches.
            height: Inches.
        """
        import matplotlib as mpl
        from cycler import cycler
        from matplotlib.figure import Figure

        _fresh(name, [figure["name"] for figure in self._figures])
        with mpl.rc_context({**_STYLE, "axes.prop_cycle": cycler(color=COLOURS)}):
            # Not through pyplot: there is no global list of open figures then, and none to close.
            figure = Figure(figsize=(width, height), layout="constrained")
            axes = figure.subplots()
            axes.set_title(title)
            yield figure, axes
            path = self.setting.out / f"{name}.svg"
            figure.savefig(path, metadata={"Date": None, "Creator": None, "Title": title})
        self._figures.append({"name": name, "file": path.name, "title": title})

    def step(self, text: str) -> None:
        """Say what is being done now."""
        self._console.print(f"· {text}", markup=False, highlight=False)

    def reading(self, *sentences: str) -> None:
        """Keep what the numbers say, in the words that the run chose by them."""
        self._reading += sentences

    def finish(self) -> Path:
        """Write `results.json`, print the reading and return the file."""
        found: dict[str, Any] = {
            "seminar": self._seminar,
            "seed": self.setting.seed,
            "budget": self._budget,
            "results": self._results,
        }
        steady = [table for table in self._tables if not table["timed"]]
        whole = found | {
            "title": self._title,
            "tables": self._tables,
            "timings": self._timings,
            "figures": self._figures,
            "reading": self._reading,
            "hash": digest(found | {"tables": steady}),
        }
        path = self.setting.out / "results.json"
        text = json.dumps(whole, ensure_ascii=False, indent=2, allow_nan=False)
        path.write_text(text + "\n", encoding="utf-8")
        self._console.print("\nReading", style="bold")
        for sentence in self._reading:
            self._console.print(f"  {sentence}", markup=False, highlight=False)
        self._console.print(f"hash {whole['hash']}", markup=False, highlight=False)
        return path


def digest(value: Json) -> str:
    """Return the SHA-256 of a JSON value in its one canonical spelling."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def plain(value: Any) -> Json:
    """Return a value as JSON has it: NumPy's and PyTorch's numbers as Python's, floats rounded.

    Raises:
        ValueError: A number is not finite: JSON cannot say it, and a table should say why.
        TypeError: It is nothing that JSON knows.
    """
    if hasattr(value, "tolist"):  # arrays, tensors and their scalars
        value = value.tolist()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} is no result: say in words what happened")
        return round(value, DIGITS) + 0.0  # -0.0 becomes 0.0
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} is no plain value")


def _shown(cell: Json) -> str:
    """Return a cell as a table prints it."""
    if cell is None:
        return "–"
    if isinstance(cell, float):
        return f"{cell:.4g}" if abs(cell) < 1000 else f"{cell:.1f}"
    return str(cell)


def _fresh(name: str, known: Any) -> str:
    if name in known:
        raise ValueError(f"{name!r} is there already: a second one would hide it")
    return name
