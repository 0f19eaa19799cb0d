"""Claims on runs: two graders never test the same submission at once.

A claim is renewed while its grader lives. One left behind by a process of this host that is gone
is void at once; one of another host when its time is over.
"""

from __future__ import annotations

import os
import re
import socket
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from graders.core.errors import InfraError
from graders.store import Lease, Store

TTL = timedelta(minutes=3)
RENEW_AFTER = timedelta(minutes=1)


class Claims:
    """The claims that this process holds; thread-safe."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._held: dict[str, Lease] = {}
        self._guard = threading.Lock()
        self._holder = f"{socket.gethostname()}:{os.getpid()}"

    def take(self, job: str) -> Lease | None:
        """Claim a job, or return None while another living grader has it."""
        lease = self._lease(job)
        if lease is None:
            for other in self._store.leases():
                if other.job == job and _is_gone(other.holder):
                    self._store.release(other)
            lease = self._lease(job)
        return lease

    def renew_all(self) -> None:
        """Renew the claims that grow old; one that was lost shows when its run is recorded."""
        now = self._clock()
        with self._guard:
            for job, lease in self._held.items():
                if lease.expires - now < TTL - RENEW_AFTER:
                    try:
                        self._held[job] = self._store.renew(lease, now=now, ttl=TTL)
                    except InfraError:
                        continue

    def current(self, job: str) -> Lease:
        """Return the claim on a job as it was last renewed."""
        with self._guard:
            return self._held[job]

    def forget(self, job: str) -> None:
        """Stop renewing a claim that was given up with its run's record."""
        with self._guard:
            self._held.pop(job, None)

    def release(self, job: str) -> None:
        """Give a claim up without a record."""
        with self._guard:
            lease = self._held.pop(job, None)
        if lease is not None:
            self._store.release(lease)

    def _lease(self, job: str) -> Lease | None:
        lease = self._store.lease(job, self._holder, now=self._clock(), ttl=TTL)
        if lease is not None:
            with self._guard:
                self._held[job] = lease
        return lease


def _is_gone(holder: str) -> bool:
    """Say whether the holder was a process of this host that no longer runs."""
    found = re.fullmatch(r"(.+):(\d+)", holder)
    if found is None or found[1] != socket.gethostname():
        return False
    try:
        os.kill(int(found[2]), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
