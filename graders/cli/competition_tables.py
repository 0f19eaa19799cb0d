"""How the commands of a competition show what they did: progress, tables, pages."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graders.cli import console
from graders.core.clock import iso_utc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.progress import Progress

    from leaderboard.competition.attempts import Field
    from leaderboard.competition.limits import Attempted
    from leaderboard.competition.rounds import Boards
    from leaderboard.standings import Standings


class Bar:
    """Draws the progress of a round (`leaderboard.competition.rounds.Watch`)."""

    def __init__(self, shown: Progress) -> None:
        self._shown = shown
        self._task = shown.add_task("judging", total=None)

    def planned(self, total: int) -> None:
        """Start the bar."""
        self._shown.update(self._task, total=total)

    def done(self, steps: int, what: str) -> None:
        """Advance the bar."""
        self._shown.update(self._task, advance=steps, description=f"judging: {what}")


def show_attempts(field: Field, found: Sequence[Attempted], student: str, *, as_json: bool) -> None:
    """Print the attempts of a student, and which of them are declared."""
    from leaderboard.competition.attempts import of_team
    from leaderboard.competition.selection import declarations

    told = declarations(field.workspace.store, field.name, student)
    chosen = told[-1].submissions if told else ()
    rows = [
        {
            "submission": one.one.submission,
            "received": iso_utc(one.one.received),
            "status": one.status.value,
            "why": one.one.why,
            "selected": one.one.submission in chosen,
        }
        for one in of_team(found, student)
    ]
    if as_json:
        console.print_json(rows)
        return
    columns = (">submission", "received", "status", "why", "declared")
    cells = [
        [
            row["submission"],
            row["received"],
            row["status"],
            row["why"],
            "yes" if row["selected"] else "",
        ]
        for row in rows
    ]
    console.print_table(f"{student}: attempts", columns, cells)


def show_boards(boards: Boards, *, as_json: bool) -> None:
    """Print the main columns of the boards of a round."""
    if as_json:
        console.print_json({part.value: _as_plain(found) for part, found in boards.by_part.items()})
        return
    for part, found in boards.by_part.items():
        rows = [list(row.values()) for row in _as_plain(found)["rows"]]
        columns = (">place", "ranks", ">tier", "name", "kind", ">win rate", "interval", ">flags")
        console.print_table(f"{found.competition}, {part} items", columns, rows)
        for flag in found.frozen:
            console.tell(f"does not count: {flag.key.rsplit('.', 1)[-1]} {dict(flag.args) or ''}")


def _as_plain(board: Standings) -> dict[str, Any]:
    from leaderboard.competition.config import MAIN

    rows = []
    for row in board.rows:
        value = row.scores.get(MAIN)
        rows.append(
            {
                "place": row.place,
                "ranks": f"{row.rank_low}–{row.rank_high}" if row.place else "",
                "tier": row.tier,
                "name": row.name,
                "kind": row.kind.value,
                "win_rate": str(value.value) if value else "",
                "interval": f"{value.low}–{value.high}" if value else "",
                "flags": len(row.flags),
            }
        )
    judge = board.judge
    return {
        "rows": rows,
        "frozen": [flag.key for flag in board.frozen],
        "licensed": bool(judge and judge.licence.licensed),
        "coverage": str(judge.coverage) if judge else "",
        "verdicts": judge.verdicts if judge else 0,
        "ledger_head": judge.ledger_head if judge else "",
    }


def write_pages(
    field: Field, boards: Boards, out: Path, *, final: bool, staff: bool
) -> tuple[Path, ...]:
    """Write the pages of a round: the public board, or the private one with the public beside."""
    from leaderboard.pages import write_board

    course = field.workspace.course
    title = course.assignment(field.name).title
    shown = boards.private if final and boards.private is not None else boards.public
    return write_board(
        shown,
        out,
        title,
        course.languages,
        course.language,
        boards.public if shown is boards.private else None,
        staff=staff,
        zone=course.zone,
    )


def different_pages(
    field: Field, boards: Boards, pages: Path, *, final: bool, staff: bool
) -> list[str]:
    """Write the pages again elsewhere, and return which published files are not the same."""
    with tempfile.TemporaryDirectory(prefix="zachetka-replay-") as folder:
        written = write_pages(field, boards, Path(folder), final=final, staff=staff)
        names = [path.relative_to(folder) for path in written]
        return [
            f"{name}: {'differs' if (pages / name).is_file() else 'is missing'}"
            for name in names
            if not (pages / name).is_file()
            or (pages / name).read_bytes() != (Path(folder) / name).read_bytes()
        ]
