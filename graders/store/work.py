"""Runs, the leases that keep two graders from the same work, and the memo."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, selectinload

from graders.core.errors import CourseError, InfraError
from graders.core.records import Plain, Run, RunReport
from graders.store import convert, encode
from graders.store.base import Room
from graders.store.models import LeaseRow, MemoRow, MetaRow, RunRow


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to do one job until it expires; `token` tells it from a later one."""

    job: str
    holder: str
    token: str
    expires: datetime


class Work(Room):
    """Runs, leases and memo."""

    def lease(self, job: str, holder: str, *, now: datetime, ttl: timedelta) -> Lease | None:
        """Claim a job, or return None while another claim holds.

        A claim that was not renewed in time is void, and the job is given again: so a run
        that died is taken up by the next grader.

        Args:
            job: What must not be done twice at once, for example submission and recipe.
            holder: Who claims it, for people: host and process, say.
            now: The present instant.
            ttl: For how long the claim holds unless it is renewed.
        """
        lease = Lease(
            encode.name(job, "job"),
            encode.text(holder, "holder"),
            secrets.token_hex(16),
            encode.instant(now, "now") + ttl,
        )
        with self._writing("lease", job) as session:
            row = session.get(LeaseRow, job)
            if row is not None and row.expires > now:
                return None
            if row is None:
                row = LeaseRow(job=job)
                session.add(row)
            row.holder, row.token, row.expires = lease.holder, lease.token, lease.expires
        return lease

    def renew(self, lease: Lease, *, now: datetime, ttl: timedelta) -> Lease:
        """Make a claim hold for longer, from `now` on.

        Raises:
            InfraError: The claim was lost to another grader.
        """
        expires = encode.instant(now, "now") + ttl
        with self._writing() as session:
            changed = session.connection().execute(
                update(LeaseRow)
                .where(LeaseRow.job == lease.job, LeaseRow.token == lease.token)
                .values(expires=expires)
            )
            if changed.rowcount != 1:
                raise _lost(lease)
        return Lease(lease.job, lease.holder, lease.token, expires)

    def release(self, lease: Lease) -> None:
        """Give a claim up; one that was lost meanwhile stays with its new holder."""
        with self._writing() as session:
            _drop(session, lease)

    def leases(self) -> tuple[Lease, ...]:
        """Return all claims, void ones too, by job."""
        with self._reading() as session:
            rows = session.scalars(select(LeaseRow))
            found = (Lease(row.job, row.holder, row.token, row.expires) for row in rows)
            return tuple(sorted(found, key=lambda lease: lease.job))

    def record_run(
        self,
        submission_id: int,
        report: RunReport,
        *,
        recipe: str,
        seed: int,
        started: datetime,
        finished: datetime,
        lease: Lease | None = None,
    ) -> Run:
        """Write a run and its cases in one transaction, and give up its lease in the same.

        Raises:
            CourseError: There is no such submission, or the report is not plain data.
            InfraError: The lease was lost: another grader does or did this run.
        """
        row = convert.run_row(
            Run(0, submission_id, recipe, seed, report, started=started, finished=finished)
        )
        with self._writing() as session:
            if lease is not None and _drop(session, lease) != 1:
                raise _lost(lease)
            session.add(row)
            session.flush()
            return convert.run(row)

    def run(self, run_id: int) -> Run:
        """Return one run.

        Raises:
            CourseError: There is none with this id.
        """
        with self._reading() as session:
            row = session.get(RunRow, run_id, options=[selectinload(RunRow.cases)])
            if row is None:
                raise CourseError(f"there is no run {run_id}", where=self.where)
            return convert.run(row)

    def runs(self, submission_id: int, recipe: str | None = None) -> tuple[Run, ...]:
        """Return a submission's runs, oldest first; by one recipe when it is given."""
        query = select(RunRow).where(RunRow.submission_id == submission_id)
        if recipe is not None:
            query = query.where(RunRow.recipe == recipe)
        with self._reading() as session:
            rows = session.scalars(query.order_by(RunRow.id).options(selectinload(RunRow.cases)))
            return tuple(convert.run(row) for row in rows)

    def latest_run(self, submission_id: int, recipe: str | None = None) -> Run | None:
        """Return a submission's newest run, whatever its outcome; None without one."""
        query = select(RunRow).where(RunRow.submission_id == submission_id)
        if recipe is not None:
            query = query.where(RunRow.recipe == recipe)
        query = query.order_by(RunRow.id.desc()).limit(1).options(selectinload(RunRow.cases))
        with self._reading() as session:
            row = session.scalars(query).one_or_none()
            return None if row is None else convert.run(row)

    def memo_get(self, key: str, default: Plain = None) -> Plain:
        """Return the memo's value of a key, or `default`."""
        with self._reading() as session:
            row = session.get(MemoRow, key)
            return default if row is None else row.value

    def memo_put(self, key: str, value: Plain) -> Plain:
        """Keep a value unless the key has one, and return the value that is kept.

        Raises:
            CourseError: The value is not plain data.
        """
        values = {"key": encode.name(key, "memo key"), "value": encode.thaw(value)}
        with self._writing() as session:
            self._insert_unless_there(session, MemoRow, values)
            kept: Plain = session.scalars(select(MemoRow.value).where(MemoRow.key == key)).one()
            return kept

    def meta_get(self, key: str) -> str | None:
        """Return what the store was told to remember of itself under a key."""
        with self._reading() as session:
            row = session.get(MetaRow, key)
            return None if row is None else row.value

    def meta_put(self, key: str, value: str) -> None:
        """Remember a text under a key; what was there before is replaced."""
        with self._writing("meta", key) as session:
            session.merge(MetaRow(key=encode.name(key, "key"), value=encode.text(value, "value")))


def _drop(session: Session, lease: Lease) -> int:
    """Delete a claim if it is still this one; return how many were deleted."""
    order = delete(LeaseRow).where(LeaseRow.job == lease.job, LeaseRow.token == lease.token)
    return session.connection().execute(order).rowcount


def _lost(lease: Lease) -> InfraError:
    """Return the error of a grader that was too slow."""
    return InfraError(
        "this work was taken over by another grader, because it was not renewed in time",
        where=lease.job,
        todo="Nothing is lost: the other grader records it. Give leases more time if this recurs.",
    )
