"""Kaggle's score and the judge's, side by side; and Kaggle's submissions as an inbox.

Kaggle ranks by a metric, the course by the judge: neither score is turned into the other. What
was submitted on Kaggle enters the course by the same door as everything else: an inbox folder and
a manifest of receipt times for `zachetka collect`.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from graders.core.canonical import decimal_text
from graders.core.clock import iso_utc
from graders.core.errors import CourseError
from graders.exchange.atomic import write_whole
from graders.exchange.tables import formula_safe
from graders.pipeline.files import write_text
from leaderboard.kaggle.imports import KaggleBoard, KaggleRow
from leaderboard.kaggle.teams import Matched
from leaderboard.records import Kind
from leaderboard.standings import Standing, Standings

PLACES = ("place", "rank_low", "rank_high", "tier")
SCORES = ("win_rate", "composite")
COLUMNS = (
    *("student", "team_id", "team", "kaggle_rank", "kaggle_score", "kaggle_submissions"),
    *PLACES,
    *SCORES,
)
NAMES = {".csv": "submission.csv", ".jsonl": "submission.jsonl"}


@dataclass(frozen=True, slots=True)
class Merged:
    """One student on both boards; None where a board does not have the student."""

    student: str
    kaggle: KaggleRow | None
    judged: Standing | None


def merge(board: KaggleBoard, matched: Matched, standings: Standings | None) -> tuple[Merged, ...]:
    """Put both boards side by side: in Kaggle's order, then those whom Kaggle does not know."""
    judged = {row.name: row for row in standings.rows if row.kind is Kind.TEAM} if standings else {}
    both = [
        Merged(student, row, judged.get(student))
        for row in board.teams
        for student in matched.students.get(row.team_id, ())
    ]
    rest = sorted(judged.keys() - {one.student for one in both})
    return (*both, *(Merged(name, None, judged[name]) for name in rest))


def as_rows(merged: Sequence[Merged]) -> list[dict[str, str]]:
    """Return plain rows, one per student; an empty text is what is not there."""
    rows = []
    for one in merged:
        row, judged = one.kaggle, one.judged
        cells: dict[str, object] = dict.fromkeys(COLUMNS) | {"student": one.student}
        if row is not None:
            cells |= {
                "team_id": row.team_id,
                "team": row.team,
                "kaggle_rank": row.rank,
                "kaggle_score": row.score,
                "kaggle_submissions": row.submissions,
            }
        if judged is not None:
            cells |= {key: getattr(judged, key) for key in PLACES}
            cells |= {key: judged.scores[key].value for key in SCORES if key in judged.scores}
        rows.append({key: _text(value) for key, value in cells.items()})
    return rows


def write_merged(path: Path, merged: Sequence[Merged]) -> None:
    """Write both boards as one CSV.

    Raises:
        OSError: It cannot be written; no part of it stays.
    """
    memory = io.StringIO()
    writer = csv.DictWriter(memory, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for row in as_rows(merged):
        # SECURITY: a team chooses its name (test_a_team_name_is_no_formula).
        writer.writerow(row | {"team": formula_safe(row["team"])})
    write_whole(path, memory.getvalue().encode())


def write_inbox(
    out: Path, board: KaggleBoard, matched: Matched, submissions: Mapping[str, bytes]
) -> tuple[int, tuple[str, ...]]:
    """Write submissions as an inbox with receipts, for `zachetka collect`.

    Every student of a team gets a copy. The receipt time is the team's last one on Kaggle.

    Args:
        out: Gets `inbox/` and `receipts.csv`.
        board: Where teams and times come from.
        matched: Whose students are known.
        submissions: By path; a part of it is a TeamId, a team's name or a member's user name.

    Returns:
        How many uploads were written, and the paths that belong to no known team.

    Raises:
        CourseError: A team's time is not on the board.
    """
    by_name: dict[str, KaggleRow] = {}
    for row in board.teams:
        for name in (row.team, *row.members, row.team_id):
            by_name[name.casefold()] = row
    receipts, strangers = [], []
    numbers: Counter[str] = Counter()
    for path, content in submissions.items():
        found = _owner(path, by_name)
        students = matched.students.get(found.team_id, ()) if found else ()
        if found is None or not students:
            strangers.append(path)
            continue
        if found.last is None:
            raise CourseError(
                f"the board does not say when {found.team_id} submitted",
                todo="Download a leaderboard that has LastSubmissionDate",
            )
        for student in students:
            numbers[student] += 1
            place = f"{student}/attempt-{numbers[student]}"
            write_whole(out / "inbox" / place / NAMES[Path(path).suffix.lower()], content)
            receipts.append(f"{student},{place},{iso_utc(found.last)}")
    lines = ["student,file,received", *sorted(receipts)]
    write_text(out / "receipts.csv", "\n".join(lines) + "\n")
    return len(receipts), tuple(strangers)


def _owner(path: str, by_name: Mapping[str, KaggleRow]) -> KaggleRow | None:
    """Return the team that a file's name or the nearest folder around it names."""
    parts = Path(path).parts
    for name in (Path(path).stem, *reversed(parts[:-1])):
        if name.casefold() in by_name:
            return by_name[name.casefold()]
    return None


def _text(value: object) -> str:
    if value is None:
        return ""
    return decimal_text(value) if isinstance(value, Decimal) else str(value)
