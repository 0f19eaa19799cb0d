"""Which students are a Kaggle team: a CSV that the staff writes, and names that change.

The CSV has the column ``student`` and one or more of ``team_id``, ``user`` and ``team``. A TeamId
decides before a user name, a user name before a team's name. A team's name is looked up among all
names that its TeamId ever had on an imported board, so that renaming a team loses nobody.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from graders.core.canonical import plain
from graders.core.errors import CourseError
from graders.pipeline.files import write_text
from leaderboard.kaggle.imports import KaggleBoard, KaggleRow, parse_leaderboard

KEYS = ("team_id", "user", "team")


@dataclass(frozen=True, slots=True)
class Member:
    """One line of the CSV: a student, and what is known of the team; empty where nothing is."""

    student: str
    team_id: str = ""
    user: str = ""
    team: str = ""


@dataclass(frozen=True, slots=True)
class Matched:
    """The teams of a board with their students, and who could not be matched.

    Args:
        students: By TeamId, in the order of the CSV.
        strangers: Teams of the board that no line of the CSV names.
        absent: Students whose team is not on the board.
    """

    students: Mapping[str, tuple[str, ...]]
    strangers: tuple[KaggleRow, ...]
    absent: tuple[str, ...]


def read_members(path: Path, listed: Iterable[str]) -> tuple[Member, ...]:
    """Read the CSV of teams.

    Args:
        path: The file.
        listed: Ids of the class list.

    Raises:
        CourseError: A column is missing, somebody is unknown or listed twice, or a line names
            no team.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"the teams cannot be read ({error})", where=str(path)) from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    columns = set(reader.fieldnames or ())
    if "student" not in columns or not columns & set(KEYS):
        raise CourseError(
            "the columns must be student and one or more of team_id, user, team", where=str(path)
        )
    known, seen, members = set(listed), set(), []
    for row in reader:
        told = {key: (row.get(key) or "").strip() for key in ("student", *KEYS)}
        where = f"{path}, line {reader.line_num}"
        if told["student"] not in known:
            raise CourseError(f"{told['student']!r} is not on the class list", where=where)
        if told["student"] in seen:
            raise CourseError(f"{told['student']} is in two lines", where=where)
        if not any(told[key] for key in KEYS):
            raise CourseError("the line names no team", where=where)
        seen.add(told["student"])
        members.append(Member(**told))
    return tuple(members)


def match(
    board: KaggleBoard, members: Sequence[Member], earlier: Sequence[KaggleBoard] = ()
) -> Matched:
    """Find the students of every team.

    Args:
        board: The leaderboard.
        members: Lines of the CSV.
        earlier: Boards imported before: a name counts that the team had there.

    Raises:
        CourseError: A line fits two teams.
    """
    found: dict[str, list[str]] = {}
    absent = []
    names = _names(board, earlier)
    for member in members:
        fits = _fitting(member, board.teams, names)
        if len(fits) > 1:
            raise CourseError(
                f"{member.student} fits the teams {', '.join(row.team_id for row in fits)}",
                todo="Name the team by its team_id",
            )
        if fits:
            found.setdefault(fits[0].team_id, []).append(member.student)
        else:
            absent.append(member.student)
    return Matched(
        {team: tuple(students) for team, students in found.items()},
        tuple(row for row in board.teams if row.team_id not in found),
        tuple(absent),
    )


def _fitting(
    member: Member, rows: Sequence[KaggleRow], names: Mapping[str, set[str]]
) -> list[KaggleRow]:
    if member.team_id:
        return [row for row in rows if row.team_id == member.team_id]
    if member.user:
        by_user = [row for row in rows if member.user.casefold() in map(str.casefold, row.members)]
        if by_user or not member.team:
            return by_user
    return [row for row in rows if member.team in names[row.team_id]]


def _names(board: KaggleBoard, earlier: Sequence[KaggleBoard]) -> dict[str, set[str]]:
    """Return every name that a team of the board ever had, by TeamId.

    A name that another team has now is that team's alone.
    """
    now = {row.team: row.team_id for row in board.teams}
    names: dict[str, set[str]] = {row.team_id: {row.team} for row in board.teams}
    for one in earlier:
        for row in one.teams:
            if row.team_id in names and now.get(row.team, row.team_id) == row.team_id:
                names[row.team_id].add(row.team)
    return names


def keep(board: KaggleBoard, folder: Path) -> Path:
    """Keep an imported board for ever; the same board twice is one file.

    Raises:
        CourseError: Another one was imported under the same name.
    """
    path = folder / f"{board.slug}-{board.part}leaderboard-{board.at}.csv".replace(":", "-")
    if path.exists() and path.read_text("utf-8") != board.text:
        raise CourseError(
            "another board of the same time was imported before",
            where=str(path),
            todo="Keep Kaggle's file name as it was downloaded",
        )
    write_text(path, board.text)
    return path


def kept(folder: Path, slug: str) -> tuple[KaggleBoard, ...]:
    """Return the boards of a competition that were imported before, oldest first."""
    found = [parse_leaderboard(path.read_bytes(), path.name) for path in folder.glob("*.csv")]
    return tuple(sorted((one for one in found if one.slug == slug), key=lambda one: one.at))


def as_json(matched: Matched) -> str:
    """Return who was matched, for a person to check."""
    told = {
        "students": matched.students,
        "strangers": [
            {"team_id": row.team_id, "team": row.team, "members": row.members}
            for row in matched.strangers
        ],
        "absent": matched.absent,
    }
    return json.dumps(plain(told), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
