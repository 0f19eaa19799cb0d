"""A board as a folder of files: its pages per language, a page per team, CSV and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from graders.core.messages import Messages
from graders.core.records import Flag
from graders.feedback.html import render, titled
from graders.feedback.links import other_languages
from graders.pipeline.files import write_text
from leaderboard.pages.card import canary_views, card_view, flagged
from leaderboard.pages.duels import matrix
from leaderboard.pages.rows import table_view
from leaderboard.pages.tables import board_csv, board_json, meanings
from leaderboard.pages.team import Reader, team_view
from leaderboard.pages.wording import flag_text, slug, worded
from leaderboard.records import Kind
from leaderboard.standings import Standing, Standings

PLUMBING = "leaderboard.frozen.no_licence"


@dataclass(frozen=True, slots=True)
class PartLink:
    """One of the boards to choose from."""

    stem: str
    part: str
    href: str


@dataclass(frozen=True, slots=True)
class Site:
    """What is the same for every page of a board.

    Args:
        standings: The board of the first page.
        title: What is ranked, by language.
        languages: Languages of the pages.
        default: The one whose files have no language in their name.
        public: The public part's board, when `standings` are of the private part.
        staff: Whether integrity flags are told.
        zone: Of the times shown; their own when None.
    """

    standings: Standings
    title: Mapping[str, str]
    languages: Sequence[str]
    default: str
    public: Standings | None = None
    staff: bool = False
    zone: ZoneInfo | None = None

    def all_languages(self) -> tuple[str, ...]:
        """Return the languages, the default first, each once."""
        return tuple(dict.fromkeys((self.default, *self.languages)))

    def file(self, stem: str, lang: str) -> str:
        """Return the file name of a page in a language."""
        return f"{stem}.html" if lang == self.default else f"{stem}.{lang}.html"

    def teams(self) -> tuple[Standing, ...]:
        """Return the rows that have a page of their own."""
        return tuple(row for row in self.standings.rows if row.kind is Kind.TEAM)

    def pages(self, lang: str, folder: str = "teams/") -> dict[str, str]:
        """Return links to teams' pages, by name."""
        return {row.name: self.file(folder + slug(row.name), lang) for row in self.teams()}

    def files(self) -> Iterator[tuple[str, str]]:
        """Yield all files, name and content: pages of boards, of teams, then data.

        Raises:
            CourseError: The platform does not speak a language.
        """
        boards = {"index": self.standings} | ({"public": self.public} if self.public else {})
        readers = {
            lang: Reader(Messages.load(lang=lang), self.zone, self.staff)
            for lang in self.all_languages()
        }
        for stem, standings in boards.items():
            for lang, reader in readers.items():
                yield self.file(stem, lang), board_page(self, standings, reader)
        for row in self.teams():
            for lang, reader in readers.items():
                yield self.file(f"teams/{slug(row.name)}", lang), team_page(self, row, reader)
        for stem, standings in boards.items():
            name = data_stem(stem)
            yield f"{name}.csv", board_csv(standings)
            yield f"{name}.json", board_json(standings, self.title, staff=self.staff)


def write_board(
    standings: Standings,
    out: Path,
    title: Mapping[str, str],
    languages: Sequence[str],
    default: str,
    public: Standings | None = None,
    *,
    staff: bool = False,
    zone: ZoneInfo | None = None,
) -> tuple[Path, ...]:
    """Write a board's pages and data files.

    Args:
        standings: What to show first.
        out: The folder, made when missing.
        title: What is ranked, by language.
        languages: Languages of the pages.
        default: The one of ``index.html``; the others are ``index.<lang>.html``.
        public: The public part's board, when `standings` are of the private part.
        staff: Whether integrity flags are told; such a folder is not for students.
        zone: Of the times shown; their own when None.

    Returns:
        The paths: pages of boards, pages of teams, CSV and JSON.

    Raises:
        CourseError: The platform does not speak a language.
        OSError: The folder cannot be written.
    """
    site = Site(standings, title, languages, default, public, staff, zone)
    return write_site(site, out)


def write_site(site: Site, out: Path) -> tuple[Path, ...]:
    """Write all files of a site; as `write_board`."""
    paths = []
    for name, text in site.files():
        write_text(out / name, text)
        paths.append(out / name)
    return tuple(paths)


def board_page(site: Site, standings: Standings, reader: Reader) -> str:
    """Return the page of a board in one language, the same for the same arguments."""
    words = reader.words
    stem = "public" if standings is site.public else "index"
    other = site.public if site.public and standings is site.standings else None
    pages = site.pages(words.lang)
    judge = standings.judge
    return _render(
        "standings.jinja",
        site,
        reader,
        {
            "stem": stem,
            "links": other_languages(_links(site, stem), words.lang),
            "board": standings,
            "teams": sum(row.kind is Kind.TEAM for row in standings.rows),
            "level": (standings.level * 100).normalize(),
            "parts": _parts(site, words.lang),
            "frozen": reasons(standings, words),
            "plumbing": is_plumbing(standings),
            "table": table_view(standings, words, pages, other),
            "matrix": matrix(standings, words, pages),
            "card": card_view(judge, words) if judge else None,
            "canaries": canary_views(standings, words),
            "flagged": flagged(standings, words, pages) if reader.staff else (),
            "columns": meanings(standings, words),
            "data": data_stem(stem),
        },
    )


def team_page(site: Site, row: Standing, reader: Reader) -> str:
    """Return a team's page in one language, the same for the same arguments."""
    words = reader.words
    standings = site.standings
    stem = slug(row.name)
    pages = site.pages(words.lang, "")
    return _render(
        "team.jinja",
        site,
        reader,
        {
            "links": other_languages(_links(site, stem), words.lang),
            "board": standings,
            "up": "../" + site.file("index", words.lang),
            "level": (standings.level * 100).normalize(),
            "frozen": reasons(standings, words),
            "plumbing": is_plumbing(standings),
            "team": team_view(standings, row, reader, pages, site.public),
        },
    )


def reasons(standings: Standings, words: Messages) -> tuple[str, ...]:
    """Return why a board does not count: its own reasons, and a judge without a licence."""
    told = standings.frozen
    if is_plumbing(standings) and PLUMBING not in {flag.key for flag in told}:
        told = (Flag(PLUMBING), *told)
    texts = []
    for flag in told:
        args = dict(flag.args)
        if "name" in args:
            args["name"] = worded(words, "leaderboard.entrant", str(args["name"]))
        texts.append(flag_text(words, Flag(flag.key, args)))
    return tuple(texts)


def is_plumbing(standings: Standings) -> bool:
    """Say whether the judge has no licence: the board shows that things work, and no more."""
    return standings.judge is not None and not standings.judge.licence.licensed


def data_stem(stem: str) -> str:
    """Return the name of a board's data files without their ending."""
    return "leaderboard" if stem == "index" else stem


def _links(site: Site, stem: str) -> dict[str, str]:
    return {lang: site.file(stem, lang) for lang in site.all_languages()}


def _parts(site: Site, lang: str) -> tuple[PartLink, ...]:
    """Return the boards to choose from; none where there is one."""
    if not site.public:
        return ()
    return (
        PartLink("index", site.standings.part.value, site.file("index", lang)),
        PartLink("public", site.public.part.value, site.file("public", lang)),
    )


def _render(body: str, site: Site, reader: Reader, data: Mapping[str, object]) -> str:
    title = titled(site.title, reader.words.lang, site.default)
    told = {"body": body, "title": title, "staff": reader.staff, **data}
    return render("board.jinja", reader.words, told, package="leaderboard.pages")
