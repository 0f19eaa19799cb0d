"""Files of a competition: questions and answers as JSON Lines.

What a submission may hold is decided in `leaderboard.metrics.answers`, for students and grader
alike; here are the names it is looked for under, and the reading of the staff's own files.
"""

from __future__ import annotations

import json
from pathlib import Path

from graders.core.errors import InfraError
from leaderboard.records import Question

NAMES = ("submission.jsonl", "submission.csv")


def read_questions(path: Path) -> tuple[Question, ...]:
    """Read a part of the data set.

    The prompt is what an entrant is given: the signature, an empty line, the description.

    Raises:
        InfraError: The file is missing or damaged.
    """
    try:
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        return tuple(
            Question(
                row["id"],
                row["package"],
                f"{row['signature']}\n\n{row['document']}",
                row.get("summary", ""),
            )
            for row in rows
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path, error) from error


def ids_of(path: Path) -> tuple[str, ...]:
    """Return the ids of a test set (`test.jsonl`), in its order.

    Raises:
        InfraError: The file is missing or damaged.
    """
    try:
        return tuple(str(json.loads(line)["id"]) for line in path.read_text("utf-8").splitlines())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> InfraError:
    return InfraError(
        f"the items cannot be read ({type(error).__name__})",
        where=str(path),
        todo="Run `zachetka competition build` first, or prepare the data again",
    )
