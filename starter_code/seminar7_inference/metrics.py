"""Latency and throughput: three numbers, from the times at which tokens came.

A user feels two things: how long nothing happens (TTFT, time to first token, waiting in the queue
included) and how fast it then reads (TPOT, time per output token). The owner of the machine pays
for a third: tokens a second over everybody (throughput). A larger batch trades the first two for
the third, which is why one number alone says little.

All times are seconds on one clock. Functions are pure: whoever serves writes the times down.
"""

from __future__ import annotations

from collections.abc import Sequence


def ttft(arrival: float, times: Sequence[float]) -> float:
    """Return the time from a request's arrival to its first token.

    Args:
        arrival: When the request came – not when somebody began to work on it.
        times: When each of its tokens came.

    Raises:
        ValueError: There is no token.
    """
    raise NotImplementedError("write your solution here")


def tpot(times: Sequence[float]) -> float | None:
    """Return the mean time between tokens after the first; None for fewer than two.

    n tokens have n - 1 gaps. The first token's wait belongs to TTFT, and a single token has no
    gap: 0 would make it look infinitely fast.
    """
    raise NotImplementedError("write your solution here")


def throughput(arrivals: Sequence[float], times: Sequence[Sequence[float]]) -> float:
    """Return output tokens of all requests for each second from first arrival to last token.

    It is no mean of the requests' own speeds: requests share the machine.

    Args:
        arrivals: When each request came.
        times: When each one's tokens came.

    Raises:
        ValueError: No token came.
    """
    raise NotImplementedError("write your solution here")
