"""Launch of a competition: parts, baselines, and the published commitment to what is private.

Building is idempotent: what is there already is checked and left alone, because a commitment that
could be made anew would promise nothing. Changed rules or items are an error, not a new seal.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from graders.core.errors import CourseError, InfraError
from graders.core.records import Plain
from graders.pipeline.files import write_text
from leaderboard.competition.answers import ids_of, read_questions
from leaderboard.competition.attempts import Field
from leaderboard.competition.config import CompetitionConfig
from leaderboard.competition.seal import (
    COMMITMENT,
    Commitment,
    digest,
    keep_salt,
    read_commitment,
    sealed_of,
)
from leaderboard.metrics.answers import AnswersError, read_answers
from leaderboard.records import Entrant, Kind, Part, Question

LEAST = {Part.PUBLIC: 200, Part.PRIVATE: 400}
BASELINES = "baselines"
Say = Callable[[str], None]
MakeBaselines = Callable[[Path, Path], None]


@dataclass(frozen=True, slots=True)
class Built:
    """What a launch left: the hash that is published, counts, and the baselines' names."""

    folder: Path
    sha256: str
    items: Mapping[Part, int]
    baselines: tuple[str, ...]


def build(field: Field, data: Path, make_baselines: MakeBaselines, say: Say) -> Built:
    """Make the competition's folder: parts, sealed split, baselines.

    Args:
        field: The workspace, the assignment and its rules.
        data: The data set: train, public, private and test.
        make_baselines: Writes ``<name>.jsonl`` of every baseline into its first argument, from
            the data set in its second.
        say: Is told each step.

    Raises:
        CourseError: The rules, the data or a baseline are not what a competition needs, or
            another split was sealed here before.
        InfraError: The data are damaged, or the baselines could not be made.
    """
    folder = field.folder
    # SECURITY: the private items are the staff's alone
    # (test_nobody_else_on_the_machine_can_read_the_private_items).
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    parts = {part: read_questions(data / f"{part}.jsonl") for part in Part}
    _check(parts, ids_of(data / "test.jsonl"), data)
    for part in Part:
        _keep(data / f"{part}.jsonl", folder / f"{part}.jsonl")
    _keep(data / "test.jsonl", folder / "test.jsonl")
    sealed = sealed_now(field)
    promised = Commitment(
        field.name,
        digest(keep_salt(folder), sealed),
        len(parts[Part.PUBLIC]),
        len(parts[Part.PRIVATE]),
    )
    _publish(folder / COMMITMENT, promised)
    say(f"commitment {promised.sha256}")
    if not (folder / BASELINES).is_dir():
        _make_baselines(folder, data, make_baselines, say)
    found = baselines(field)
    return Built(
        folder,
        promised.sha256,
        {part: len(questions) for part, questions in parts.items()},
        tuple(sorted(one.name for one in found)),
    )


def sealed_now(field: Field) -> Plain:
    """Return what is sealed, as it is now: the rules and the private items.

    Raises:
        InfraError: The private items cannot be read.
    """
    path = field.folder / f"{Part.PRIVATE}.jsonl"
    try:
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise InfraError(
            f"the private items cannot be read ({type(error).__name__})",
            where=str(path),
            todo="Run `zachetka competition build` first",
        ) from error
    return sealed_of(field.name, field.config.as_plain(), rows)


def questions_of(field: Field, part: Part) -> tuple[Question, ...]:
    """Return the questions of a part.

    Raises:
        InfraError: The competition is not built, or damaged.
    """
    return read_questions(field.folder / f"{part}.jsonl")


def baselines(field: Field) -> tuple[Entrant, ...]:
    """Return the baselines by name, each with an answer to the whole test set.

    Raises:
        CourseError: A baseline's file is not valid, or the one of the rules is missing.
    """
    return read_baselines(field.folder / BASELINES, field.ids, field.config)


def read_baselines(
    folder: Path, ids: Sequence[str], config: CompetitionConfig
) -> tuple[Entrant, ...]:
    """Read a folder of baselines' answers.

    Raises:
        CourseError: A file is not valid, or the baseline of the rules is missing.
    """
    found = []
    for path in sorted(folder.glob("*.jsonl")):
        try:
            answers = read_answers(path.read_bytes(), path.name, ids)
        except AnswersError as error:
            raise CourseError(
                f"the baseline's answers are not valid: {error.what}",
                where=str(path),
                todo="Make the baselines again from this data set",
            ) from None
        found.append(Entrant(path.stem, answers, Kind.BASELINE))
    if config.competition.baseline not in {one.name for one in found}:
        names = ", ".join(one.name for one in found) or "none"
        raise CourseError(
            f"there is no baseline {config.competition.baseline!r}",
            where=str(folder),
            todo=f"Name one of these in competition.toml: {names}",
        )
    return tuple(found)


def _check(parts: Mapping[Part, Sequence[Question]], test: Sequence[str], data: Path) -> None:
    """Insist on enough items, on parts that share no item and no group, and on one test set."""
    public, private = parts[Part.PUBLIC], parts[Part.PRIVATE]
    for part, least in LEAST.items():
        if len(parts[part]) < least:
            raise CourseError(
                f"the {part} part has {len(parts[part])} items and needs {least}",
                where=str(data),
                todo="Take a larger data set",
            )
    both = [question.id for question in (*public, *private)]
    if len(set(both)) < len(both) or sorted(both) != sorted(test):
        raise CourseError(
            "the test set is not the public and the private items together, each once",
            where=str(data / "test.jsonl"),
            todo="Prepare the data again",
        )
    shared = {one.reference for one in public} & {one.reference for one in private}
    if shared:
        raise CourseError(
            f"{len(shared)} references are in both parts, for example {sorted(shared)[0]!r:.80}",
            where=str(data),
            todo="Prepare the data again",
        )


def _keep(source: Path, place: Path) -> None:
    """Copy a part once; a part that has changed since the launch is an error."""
    if place.exists():
        if place.read_bytes() != source.read_bytes():
            raise CourseError(
                "the data set is not the one of the launch",
                where=str(place),
                todo="Restore the data, or build a new competition in another workspace",
            )
        return
    write_text(place, source.read_text("utf-8"))


def _publish(path: Path, promised: Commitment) -> None:
    """Write the commitment once; another one is an error."""
    if path.exists() and read_commitment(path)["sha256"] != promised.sha256:
        raise CourseError(
            "another split or other rules were sealed here at launch",
            where=str(path),
            todo="Restore competition.toml, or build a new competition in another workspace",
        )
    write_text(path, json.dumps(promised.as_plain(), indent=1) + "\n")


def _make_baselines(folder: Path, data: Path, make: MakeBaselines, say: Say) -> None:
    """Let the baselines be written aside first, so that an interruption leaves none in part."""
    partial = folder / f"{BASELINES}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    say("making the baselines")
    make(partial, data)
    partial.rename(folder / BASELINES)
