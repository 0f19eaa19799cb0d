"""The seminars' results as one page per language: tables, figures and readings, nothing loaded.

A page has one inline style and images that it carries itself; its Content-Security-Policy allows
nothing else. Figures are images (`data:`), so that no style of theirs meets the page's.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from graders.core.config import Course
from graders.feedback.visible import visible

HERE = Path(__file__).parent
SHORT, LONG = 20, 60  # characters: a cell of less never breaks, one of more is prose
WORDS: Mapping[str, Mapping[str, str]] = {
    "ru": {
        "title": "Семинары",
        "about": "Каждый семинар запускается одной командой на двух ядрах процессора: "
        "фиксированный бюджет, открытая модель, настоящие данные. Одинаковый seed даёт тот же "
        "хеш результатов; время в хеш не входит.",
        "seminar": "Семинар",
        "topic": "Тема",
        "time": "Время",
        "hash": "Хеш результатов",
        "not_run": "не запускался",
        "seconds": "с",
        "budget": "Бюджет",
        "seed": "seed",
        "reading": "Что говорят числа",
        "numbers": "Все числа",
        "timings": "Замеры времени",
        "map": "Программа курса и код",
        "map_about": "Каждая тема семинаров из программы дословно и функции, которые её "
        "раскрывают. Темы лекций, которые семинар доводит до практики, отмечены.",
        "lecture": "из лекции",
        "code": "Где в коде",
        "english": "Таблицы и выводы печатает сам эксперимент, поэтому они по-английски.",
        "timed": "зависит от машины",
    },
    "en": {
        "title": "Seminars",
        "about": "Each seminar runs with one command on two processor cores: a fixed budget, an "
        "open model, real data. The same seed gives the same hash of results; times are not "
        "part of it.",
        "seminar": "Seminar",
        "topic": "Topic",
        "time": "Time",
        "hash": "Hash of results",
        "not_run": "not run",
        "seconds": "s",
        "budget": "Budget",
        "seed": "seed",
        "reading": "What the numbers say",
        "numbers": "All numbers",
        "timings": "Measured times",
        "map": "The programme and the code",
        "map_about": "Every topic of the programme's seminars, and the functions that cover it. "
        "Topics of the lectures that a seminar puts into practice are marked.",
        "lecture": "of the lecture",
        "code": "Where in the code",
        "english": "",
        "timed": "depends on the machine",
    },
}


@dataclass(frozen=True)
class Topic:
    """A topic of the programme.

    Args:
        seminar: Whose it is.
        texts: The topic by language; the Russian one word for word.
        lecture: Whether it is the lecture's, put into practice here.
        where: File (below `reference/`) and function of what covers it.
    """

    seminar: int
    texts: Mapping[str, str]
    lecture: bool
    where: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Shown:
    """A seminar on the page; `results` is None while it has not been run."""

    number: int
    title: str
    results: Mapping[str, Any] | None
    figures: Mapping[str, str]
    seconds: float


def write_pages(course: Course, out: Path, topics: Sequence[Topic]) -> None:
    """Write `index.html` in the course's language and `index.<lang>.html` in each other."""
    names = {lang: _name(lang, course.language) for lang in course.languages if lang in WORDS}
    css = resources.files("graders.feedback").joinpath("page.css").read_text("utf-8")
    css += (HERE / "seminars.css").read_text("utf-8")
    for lang, name in names.items():
        page = (
            _environment()
            .get_template("seminars.jinja")
            .render(
                lang=lang,
                t=WORDS[lang],
                course=course.title[lang],
                others={other: path for other, path in names.items() if other != lang},
                seminars=[_shown(course, seminar, out, lang) for seminar in course.seminars],
                topics=topics,
                css=Markup(css),  # noqa: S704 - our own files
                policy=_policy(css),
            )
        )
        (out / name).write_text(page.rstrip("\n") + "\n", encoding="utf-8")


def _name(lang: str, default: str) -> str:
    return "index.html" if lang == default else f"index.{lang}.html"


def _shown(course: Course, name: str, out: Path, lang: str) -> Shown:
    number = int(name.removeprefix("seminar"))
    asked = course.assignments.get(name)
    title = asked.title[lang] if asked else name
    place = out / str(number)
    if not (place / "results.json").is_file():
        return Shown(number, title, None, {}, 0.0)
    results = json.loads((place / "results.json").read_text("utf-8"))
    images = {one["name"]: _image(place / one["file"]) for one in results["figures"]}
    state = json.loads((place / "state.json").read_text("utf-8"))
    return Shown(number, title, results, images, state["seconds"])


def _image(path: Path) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(path.read_bytes()).decode()}"


def _policy(css: str) -> str:
    # SECURITY: test_the_page_allows_its_own_style_and_images_and_nothing_else
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,  # SECURITY: test_what_a_model_wrote_stays_text
        undefined=StrictUndefined,
        finalize=lambda value: visible(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["cell"] = cell
    environment.tests["numeric"] = lambda value: isinstance(value, int | float)
    environment.tests["prose"] = lambda value: isinstance(value, str) and len(value) > LONG
    environment.tests["short"] = lambda value: len(cell(value)) <= SHORT
    return environment


def cell(value: Any) -> str:
    """Return a value of a table or of a budget in words."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:.1f}"
    if isinstance(value, str | int):
        return str(value)
    return json.dumps(value, ensure_ascii=False)
