"""What HW1's hidden tests share: invented headlines, the files handed in, and the measurement."""

from __future__ import annotations

import hashlib
import json
import math
import random
import runpy
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from graders.tester.faults import CaseFailed

HOME = Path(__file__).resolve().parent.parent
WORDS = (
    *("mayor", "council", "river", "budget", "robot", "teacher", "winter", "museum", "ticket"),
    *("planet", "doctor", "garden", "senator", "weather", "bakery", "engine", "forest"),
    *("library", "market", "student", "bridge", "camera", "island", "губернатор", "ёжик"),
    *("мост", "школа", "зима", "поезд", "музей", "рынок", "погода", "учёный", "совет"),
)
VERBS = ("unveils", "denies", "praises", "forgets", "repairs", "hides", "открывает", "теряет")
MARKS = ("🙂", "🚀", "№5", "100%", "c++", "🦔")
ADAPTER = ("adapter/adapter_config.json", "adapter/adapter_model.safetensors")
FOLDER_IN_JAIL = "/submission/hw1/adapter"
ADAPTER_BYTES = 20 * 2**20
LOOKALIKES = 150  # of the hidden items, and as many of the public ones
MEASURE_S = 900.0
FIRST = ("test_quality.py", "test_honesty.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Measure the adapter first: code that crashes later must not cost it its time."""
    items.sort(key=lambda item: item.path.name not in FIRST)


@pytest.fixture(scope="session")
def settings() -> dict[str, Any]:
    """Return the assignment's own settings: pinned accuracies and thresholds."""
    return tomllib.loads((HOME / "assignment.toml").read_text(encoding="utf-8"))["settings"]


@pytest.fixture
def invent(rng: random.Random) -> Callable[..., list[str]]:
    """Return a function that invents `count` different headlines of `length` words.

    Without marks they hold letters only, where "a word" means the same to everybody. Plain ones
    are English: a Russian word takes many tokens, and every token costs a model's test its time.
    """

    def make(count: int, length: int = 7, marks: bool = True, plain: bool = False) -> list[str]:
        known, verbs = (_english(WORDS), _english(VERBS)) if plain else (WORDS, VERBS)
        made: list[str] = []
        while len(made) < count:
            words = rng.sample(known, length - 2)
            words += [rng.choice(verbs), rng.choice(MARKS if marks and not plain else known)]
            rng.shuffle(words)
            if (text := " ".join(words)) not in made:
                made.append(text)
        return made

    return make


def _english(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if word.isascii())


@pytest.fixture
def ask(student: Any, case: Any) -> Callable[..., Any]:
    """Return a function that calls a student's function and insists on its answer's shape."""

    def call(shape: Any, target: str, *args: Any) -> Any:
        return case.shaped(student.call(target, *args), shape, target)

    return call


@pytest.fixture(scope="session")
def clean(student: Any) -> Iterator[Any]:
    """Return a child where no student code runs, one for all that tests compute there."""
    with student.fresh(import_student=False) as child:
        yield child


@pytest.fixture
def encoded(student: Any) -> Callable[..., list[dict[str, Any]]]:
    """Return a function that encodes rows by the student's `encode_example`."""

    def run(rows: list[dict[str, Any]], max_length: int) -> list[dict[str, Any]]:
        pairs = [[row["headline"], row["label"]] for row in rows]
        return student.drive("tiny", "encode", pairs, max_length)

    return run


# ---- what was handed in ------------------------------------------------------------------------


@pytest.fixture(scope="session")
def public(hidden_dir: Path) -> dict[str, dict[str, Any]]:
    """Return the public test items by id, in the file's order."""
    return {row["id"]: row for row in _rows(hidden_dir / "public.jsonl")}


@pytest.fixture(scope="session")
def answers(submission: Any) -> dict[str, int]:
    """Return the submitted predictions by id."""
    found: dict[str, int] = {}
    for number, row in enumerate(submission.jsonl("predictions.jsonl"), start=1):
        name = row.get("id") if isinstance(row, dict) else None
        if not isinstance(name, str) or set(row) != {"id", "answer"}:
            raise CaseFailed("hw1.predictions.row", {"line": number})
        if type(row["answer"]) is not int or row["answer"] not in (0, 1):
            raise CaseFailed("hw1.predictions.answer", {"id": name})
        if name in found:
            raise CaseFailed("hw1.predictions.twice", {"id": name})
        found[name] = row["answer"]
    return found


@pytest.fixture(scope="session")
def claims(submission: Any) -> dict[str, Any]:
    """Return the submitted claims."""
    found = submission.json("claims.json")
    if not isinstance(found, dict):
        raise CaseFailed("hw1.claims.not_object", {})
    return found


@pytest.fixture
def claimed(case: Any, claims: dict[str, Any]) -> Callable[[str], float]:
    """Return a function that gives a claimed share by its name."""

    def get(name: str) -> float:
        case.require(name in claims, "hw1.claims.missing", name=name)
        value = claims[name]
        number = type(value) in (int, float) and math.isfinite(value) and 0 <= value <= 1
        case.require(number, "hw1.claims.not_share", name=name)
        return float(value)

    return get


# ---- the measurement ---------------------------------------------------------------------------


@pytest.fixture(scope="session")
def measurement(
    student: Any,
    submission: Any,
    memo: Any,
    hidden_dir: Path,
    public: dict[str, dict[str, Any]],
    settings: dict[str, Any],
) -> dict[str, Any]:
    """Measure the base model and the adapter in one child where no student code runs.

    Every distinct pair of prompt and adapter is measured once; `base` and `adapted` hold either a
    ``problem`` (a catalogue key and its arguments) or what was found.
    """
    hidden = {row["id"]: row for row in _rows(hidden_dir / "hidden.jsonl")}
    plain = list(runpy.run_path(str(HOME / "hidden_tests" / "plain_english.py"))["SENTENCES"])
    swaps = {name: _swapped(items) for name, items in (("hidden", hidden), ("public", public))}
    items = [*hidden.values(), *public.values()]
    texts = [item["headline"] for item in items]
    task = _task(submission)
    known = {name: _digest(submission.bytes(name, ADAPTER_BYTES)) for name in _present(submission)}
    with student.fresh(import_student=False) as clean:

        def ask(function: str, *args: Any) -> Any:
            return clean.drive("quality", function, *args, timeout=MEASURE_S)

        longest = int(settings["template_tokens"])
        problem = ask("task_problem", task["template"], task["labels"], longest)
        if problem:
            raise CaseFailed(problem[0], problem[1])
        material = {
            "task": task,
            "data": (hidden_dir / "manifest.json").read_text(encoding="utf-8"),
            "model": ask("fingerprint"),
            "driver": _digest((HOME / "drivers" / "quality.py").read_bytes()),
            "tests": _digest(Path(__file__).read_bytes()),
            "plain": plain,
        }
        open_texts = [item["headline"] for item in public.values()]
        base = memo.get_or(
            {"measure": "base", **material}, lambda: ask("base", task, open_texts, plain)
        )
        lookalikes = [text for found in swaps.values() for text in found.values()]
        adapted = memo.get_or(
            {"measure": "adapted", **material, "adapter": known},
            lambda: ask("adapted", FOLDER_IN_JAIL, task, [*texts, *lookalikes], plain),
        )
    return {"hidden": hidden, "public": public, "swaps": swaps, "base": base, "adapted": adapted}


@pytest.fixture(scope="session")
def base_measured(measurement: dict[str, Any]) -> dict[str, Any]:
    """Return what the base model does on the public items."""
    gold = [item["label"] for item in measurement["public"].values()]
    found = measurement["base"]
    return {
        "gold": gold,
        "answers": [int(margin > 0) for margin in found["margins"]],
        "perplexity": found["perplexity"],
    }


@pytest.fixture(scope="session")
def measured(measurement: dict[str, Any]) -> dict[str, Any]:
    """Return what the adapter does: answers, gaps to look-alikes, perplexity, largest change."""
    found = measurement["adapted"]
    if found["problem"]:
        raise CaseFailed(found["problem"][0], found["problem"][1])
    margins = iter(found["margins"])
    result: dict[str, Any] = {
        "perplexity": found["perplexity"],
        "is_zero": found["largest"] == 0,
    }
    own: dict[str, float] = {}
    for part in ("hidden", "public"):
        items = measurement[part]
        own |= {name: next(margins) for name in items}
        result[f"{part}_ids"] = list(items)
        result[f"{part}_gold"] = [item["label"] for item in items.values()]
        result[f"{part}_answers"] = [int(own[name] > 0) for name in items]
    for part in ("hidden", "public"):
        items = measurement[part]
        result[f"{part}_gaps"] = [
            _loss(next(margins), items[name]["label"]) - _loss(own[name], items[name]["label"])
            for name in measurement["swaps"][part]
        ]
    return result


def _task(submission: Any) -> dict[str, Any]:
    """Return the adapter's prompt template and label words, checked for their shape."""
    task = submission.json("adapter/task.json")
    if not isinstance(task, dict) or not {"template", "labels"} <= set(task):
        raise CaseFailed("hw1.quality.task_keys", {})
    template, labels = task["template"], task["labels"]
    if not isinstance(template, str) or len(template) > 2000 or template.count("{headline}") != 1:
        raise CaseFailed("hw1.quality.task_template", {})
    words = isinstance(labels, list) and len(labels) == 2
    if not words or not all(isinstance(w, str) and 0 < len(w) <= 40 for w in labels):
        raise CaseFailed("hw1.quality.task_labels", {})
    return {"template": template, "labels": labels}


def _present(submission: Any) -> list[str]:
    return [name for name in ADAPTER if submission.exists(name)]


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _swapped(items: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Return look-alikes of some items: the same words, two of them in each other's place."""
    made: dict[str, str] = {}
    for name, item in items.items():
        rng = random.Random(f"look-alike:{name}")
        words = item["headline"].split()
        pairs = [(i, j) for i in range(len(words)) for j in range(i) if words[i] != words[j]]
        if pairs and len(made) < LOOKALIKES:
            i, j = rng.choice(pairs)
            words[i], words[j] = words[j], words[i]
            made[name] = " ".join(words)
    return made


def _loss(margin: float, label: int) -> float:
    """Return the loss of the right label given the margin of label 1 over label 0."""
    against = -margin if label else margin
    return max(against, 0.0) + math.log1p(math.exp(-abs(against)))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# ---- statistics --------------------------------------------------------------------------------

Metric = Callable[[list[int], list[int]], float]
RESAMPLES = 2000


def _accuracy(gold: list[int], guess: list[int]) -> float:
    return sum(a == b for a, b in zip(gold, guess, strict=True)) / len(gold)


def _macro_f1(gold: list[int], guess: list[int]) -> float:
    scores = []
    for label in (0, 1):
        hits = sum(a == b == label for a, b in zip(gold, guess, strict=True))
        named = gold.count(label) + guess.count(label)
        scores.append(2 * hits / named if named else 0.0)
    return sum(scores) / 2


def _interval(metric: Metric, gold: list[int], guess: list[int]) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval of a metric; the same for the same answers.

    Only the counts of the four (gold, guess) pairs matter, so those are what is drawn.
    """
    import numpy as np

    counts = [[0, 0], [0, 0]]
    for a, b in zip(gold, guess, strict=True):
        counts[a][b] += 1
    shares = np.array(counts).ravel() / len(gold)
    drawn = np.random.default_rng(20).multinomial(len(gold), shares, size=RESAMPLES)
    values = sorted(_of_counts(metric, row) for row in drawn.tolist())
    return values[int(0.025 * RESAMPLES)], values[int(0.975 * RESAMPLES)]


def _of_counts(metric: Metric, row: list[int]) -> float:
    """Return a metric from the counts of (0, 0), (0, 1), (1, 0) and (1, 1)."""
    nn, ny, yn, yy = row
    if metric is _accuracy:
        return (nn + yy) / sum(row)
    f1 = [2 * hits / d if (d := 2 * hits + ny + yn) else 0.0 for hits in (nn, yy)]
    return sum(f1) / 2


def _half_width(share: float, n: int) -> float:
    """Return half of a 95 % interval of a share (Wald, with a half item for continuity)."""
    return 1.96 * math.sqrt(share * (1 - share) / n) + 0.5 / n


def _one_sided(larger: list[float], smaller: list[float]) -> float:
    """Return the permutation p-value that the first sample's mean is not larger (one-sided)."""
    import numpy as np

    pooled = np.array([*larger, *smaller])
    rng = np.random.default_rng(21)
    order = rng.permuted(np.tile(pooled, (5000, 1)), axis=1)
    means = order[:, : len(larger)].mean(axis=1)
    hits = int((means >= np.mean(larger) - 1e-12).sum())
    return (hits + 1) / (len(means) + 1)


@pytest.fixture(scope="session")
def statistics() -> dict[str, Any]:
    """Return the metrics and intervals that claims are held against."""
    return {
        "accuracy": _accuracy,
        "macro_f1": _macro_f1,
        "interval": _interval,
        "half_width": _half_width,
        "one_sided": _one_sided,
    }
