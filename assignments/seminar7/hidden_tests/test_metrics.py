"""Part "metrics": three numbers from the times at which tokens came."""

from __future__ import annotations

import math

import pytest


def _times(rng, count, start):
    """Return increasing times with uneven gaps."""
    times = [start + rng.uniform(0.5, 3)]
    for _ in range(count - 1):
        times.append(times[-1] + rng.uniform(0.01, 0.5))
    return times


@pytest.mark.points("0.15", key="seminar7.metrics.ttft", part="metrics")
def test_the_first_token_is_waited_for_since_the_arrival(student, case, rng):
    arrival = rng.uniform(1, 90)
    times = _times(rng, 6, arrival)
    got = case.shaped(student.call("metrics:ttft", arrival, times), float)
    case.require(not math.isclose(got, times[0]), "seminar7.metrics.ttft_absolute")
    case.require(not math.isclose(got, times[-1] - arrival), "seminar7.metrics.ttft_last")
    case.require(math.isclose(got, times[0] - arrival, abs_tol=1e-9), "seminar7.metrics.ttft_wrong")


@pytest.mark.points("0.20", key="seminar7.metrics.tpot", part="metrics")
def test_n_tokens_have_n_minus_one_gaps(student, case, rng):
    times = _times(rng, rng.randint(4, 9), rng.uniform(0, 50))
    got = case.shaped(student.call("metrics:tpot", times), float)
    whole = times[-1] - times[0]
    case.require(not math.isclose(got, whole / len(times)), "seminar7.metrics.tpot_by_n")
    case.require(math.isclose(got, whole / (len(times) - 1)), "seminar7.metrics.tpot_wrong")
    pair = case.shaped(student.call("metrics:tpot", times[:2]), float)
    case.require(math.isclose(pair, times[1] - times[0]), "seminar7.metrics.tpot_wrong")
    for few in (times[:1], []):
        case.require(student.call("metrics:tpot", few) is None, "seminar7.metrics.tpot_of_one")


@pytest.mark.points("0.15", key="seminar7.metrics.throughput", part="metrics")
def test_throughput_is_of_the_machine_and_not_of_a_request(student, case, rng):
    arrivals = [rng.uniform(0, 5) for _ in range(4)]
    times = [_times(rng, rng.randint(3, 9), arrival) for arrival in arrivals]
    arrivals.append(rng.uniform(0, 5))
    times.append([])  # somebody who was told nothing
    got = case.shaped(student.call("metrics:throughput", arrivals, times), float)
    tokens = sum(map(len, times))
    ends = [row[-1] for row in times if row]
    speeds = [
        len(row) / (row[-1] - start) for start, row in zip(arrivals, times, strict=True) if row
    ]
    begun = min(row[0] for row in times if row)
    for wrong in (sum(speeds) / len(speeds), sum(speeds)):
        case.require(not math.isclose(got, wrong), "seminar7.metrics.throughput_of_requests")
    late = tokens / (max(ends) - begun)
    case.require(not math.isclose(got, late), "seminar7.metrics.throughput_since_first_token")
    case.require(
        math.isclose(got, tokens / (max(ends) - min(arrivals))), "seminar7.metrics.throughput_wrong"
    )
