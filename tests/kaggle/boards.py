"""Leaderboards as Kaggle writes them, and teams' files."""

import io
import zipfile

HEADER = "Rank,TeamId,TeamName,LastSubmissionDate,Score,SubmissionCount,TeamMemberUserNames"
ROWS = (
    "1,101,Весёлые ёжики,2026-11-20 10:00:00,0.71,5,anna",
    '2,102,"=cmd, inc.",2026-11-21 11:30:15.123456,0.64,3,"boris,vera"',
    "0,900,Benchmark: lead-10,2026-11-01 00:00:00,0.5,1,",
    "3,103,Trio,2026-11-19 09:00:00,0.4,1,gleb",
)
NAME = "toy-a-publicleaderboard-2026-11-22T12:00:00.csv"


def csv_of(rows=ROWS, header=HEADER):
    """Return the bytes of a leaderboard, with Kaggle's byte-order mark."""
    return ("\ufeff" + "\n".join([header, *rows]) + "\n").encode()


def zip_of(content=None, name=NAME, **more):
    """Return the bytes of a leaderboard's archive."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, csv_of() if content is None else content)
        for other, data in more.items():
            archive.writestr(other, data)
    return memory.getvalue()
