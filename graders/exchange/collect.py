"""Collect: from an inbox to intakes, one by one, each whole or refused for one clear reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from graders.core.clock import aware_utc
from graders.core.config import Assignment
from graders.core.errors import CourseError, InfraError
from graders.core.records import Intake, Submission
from graders.exchange.entries import entries_of
from graders.exchange.examine import Examined, examine
from graders.exchange.faults import RefusedError
from graders.exchange.inbox import Upload, uploads
from graders.exchange.names import shown


def collect(
    source: Path, assignment: Assignment, *, now: datetime, manifest: Path | None
) -> Iterator[Intake]:
    """Read an inbox; `graders.exchange.inbox` says how it is laid out.

    A wrong manifest raises at once, before anything is read. Each upload is then read when its
    intake is asked for, so that a class need not fit into memory. An upload that is broken or
    hostile is an intake with a refusal and never an exception.

    Args:
        source: The inbox.
        assignment: What was asked; its `files` say what may be handed in.
        now: The present instant.
        manifest: The receipts (`graders.exchange.manifest`). Without one `now` is the receipt
            time, and `already_received` tells what an earlier call has seen.

    Returns:
        The intakes by student and receipt time, so that of two received at the same instant
        the one whose name comes later is the later one. `Intake.source` is the upload's path
        inside the inbox.

    Raises:
        CourseError: There is no such inbox, or the manifest is wrong.
        InfraError: After the last intake, when some uploads cannot be read on this machine.
    """
    now = aware_utc(now, "now")
    if not source.is_dir():
        raise CourseError(
            "there is no such folder",
            where=str(source),
            todo="Name the folder that holds a folder or a zip archive per student",
        )
    return _intakes(uploads(source, manifest, now), assignment)


def already_received(intake: Intake, known: Sequence[Submission]) -> Submission | None:
    """Return the receipt that an upload already has; None when it is new.

    An inbox that is collected again without a manifest must not give an old upload a new
    receipt time. An upload is the old one when the last that was received from the same source
    has the same content, or was refused for the same reason. Only the last is compared: who
    puts back an earlier version hands it in anew, and it counts as the last.

    Args:
        intake: What the inbox holds now.
        known: What was stored before, of anybody and in any order.
    """
    from graders.store import digest  # a student's install has no store

    same = [
        one
        for one in known
        if (one.assignment, one.student, one.source)
        == (intake.assignment, intake.student, intake.source)
    ]
    last = max(same, key=lambda one: (one.received, one.id), default=None)
    if last is None or last.refusal != intake.refusal or last.digest != digest(intake.files):
        return None
    return last


def _intakes(found: list[Upload], assignment: Assignment) -> Iterator[Intake]:
    unreadable = []
    for upload in found:
        try:
            examined = judge(upload.path, assignment)
        except OSError as error:
            # The machine's fault is nobody's refusal, and no reason to stop for the others.
            unreadable.append(f"{shown(upload.source)} ({error.strerror})")
            continue
        yield Intake(
            assignment=assignment.name,
            student=upload.student,
            received=upload.received,
            source=upload.source,
            files=examined.files,
            refusal=examined.refusals[0] if examined.refusals else None,
        )
    if unreadable:
        raise InfraError(
            "some uploads cannot be read on this machine; the others are taken in",
            where=", ".join(unreadable),
            todo="Mend their permissions or the disk, and collect again",
        )


def judge(upload: Path, assignment: Assignment, skip: Path | None = None) -> Examined:
    """Judge one upload, a folder or an archive.

    Args:
        upload: The folder or the archive.
        assignment: What was asked.
        skip: A file in the folder that is not part of it.

    Raises:
        OSError: The machine cannot read it.
    """
    try:
        with entries_of(upload, skip) as entries:
            return examine(entries, assignment)
    except RefusedError as refused:
        return Examined({}, (refused.refusal,))
