"""Part "batching": who runs when, and that nobody notices who else is there."""

from __future__ import annotations

import pytest


def _requests(prompts, limits, **more):
    made = [
        {"name": f"r{place}", "prompt": prompt, "limit": limit}
        for place, (prompt, limit) in enumerate(zip(prompts, limits, strict=True))
    ]
    for name, values in more.items():
        for request, value in zip(made, values, strict=True):
            request[name] = value
    return made


@pytest.mark.points("0.6", key="seminar7.batching.sequential", part="batching")
def test_batched_answers_equal_those_given_one_at_a_time(
    student, clean, case, rows, model_seed, rng
):
    limits = [9, 3, 14, 1, 6, 11]
    rng.shuffle(limits)
    prompts = rows(*rng.sample(range(3, 12), 6))
    expected = clean.drive("oracle", "greedy", model_seed, prompts, limits)
    after = [0, 0, 0, 2, 3, 3]
    asked = _requests(prompts, limits, after=after)
    for width in (1, 3):
        told = student.drive("engine", "schedule", model_seed, asked, width, 40, None)
        case.require(told["steps"] <= 500, "seminar7.batching.never_ends")
        for request, right in zip(asked, expected, strict=True):
            got = told["tokens"][request["name"]]
            case.require(len(got) == len(right), "seminar7.batching.length", n=len(got))
            case.require(got[:1] == right[:1], "seminar7.batching.first_token", rows=width)
            case.require(got == right, "seminar7.batching.differs", rows=width)
        case.require(set(told["reasons"].values()) == {"length"}, "seminar7.batching.reason_length")


@pytest.mark.points("0.5", key="seminar7.batching.continuous", part="batching")
def test_a_free_row_is_taken_before_the_next_token(student, case, rows, model_seed):
    asked = _requests(rows(4, 5, 3, 6), [12, 3, 4, 2])
    told = student.drive("engine", "schedule", model_seed, asked, 2, 30, None)
    running, done = told["running"], told["done"]
    finished = {name: step for step, names in enumerate(done) for name in names}
    case.require(sorted(finished) == ["r0", "r1", "r2", "r3"], "seminar7.batching.lost")
    case.require(
        all(not set(now) & set(names) for now, names in zip(running, done, strict=True)),
        "seminar7.batching.not_retired",
    )
    # One token comes with the prompt, the others one a step: r1 is done after step 1 (counted
    # from 0), r2 runs in steps 2 to 4, r3 in step 5 alone; r0 takes 11 steps.
    case.require(finished["r2"] != finished["r0"] + 3, "seminar7.batching.static")
    case.require(finished["r1"] == 1, "seminar7.batching.late", name="r1")
    case.require(finished["r2"] == 4, "seminar7.batching.late", name="r2")
    case.require(finished["r3"] == 5, "seminar7.batching.late", name="r3")
    case.require(finished["r0"] == 10, "seminar7.batching.late", name="r0")
    decodes = [rows for rows, new in told["shapes"] if new == 1]
    prefills = [rows for rows, new in told["shapes"] if new > 1]
    case.require(prefills == [2, 1, 1], "seminar7.batching.prefills", n=len(prefills))
    case.require(decodes == [2] * 6 + [1] * 5, "seminar7.batching.idle_rows", n=sum(decodes))
    case.require(set(told["lengths"]) == {0}, "seminar7.batching.rows_left")


@pytest.mark.points("0.2", key="seminar7.batching.order", part="batching")
def test_first_come_is_first_served(student, case, rows, model_seed, rng):
    limits = [rng.randint(2, 6) for _ in range(6)]
    asked = _requests(rows(*rng.sample(range(2, 12), 6)), limits)
    told = student.drive("engine", "schedule", model_seed, asked, 2, 30, None)
    begun: dict[str, int] = {}
    for step, (now, done) in enumerate(zip(told["running"], told["done"], strict=True)):
        for name in [*now, *done]:
            begun.setdefault(name, step)
    case.require(len(begun) == 6, "seminar7.batching.lost")
    steps = [begun[f"r{place}"] for place in range(6)]
    case.require(steps == sorted(steps), "seminar7.batching.not_fifo")


@pytest.mark.points("0.2", key="seminar7.batching.eos", part="batching")
def test_the_end_token_ends_a_request_and_is_kept(student, clean, case, rows, model_seed):
    prompts = rows(5, 7)
    answers = clean.drive("oracle", "greedy", model_seed, prompts, [20, 20])
    eos = answers[0][6]
    told = student.drive("engine", "schedule", model_seed, _requests(prompts, [20, 20]), 2, 40, eos)
    cut = [row[: row.index(eos) + 1] if eos in row else row for row in answers]
    got = [told["tokens"][name] for name in ("r0", "r1")]
    case.require(got[0] != answers[0], "seminar7.batching.eos_ignored")
    case.require(got[0] != cut[0][:-1], "seminar7.batching.eos_dropped")
    case.require(got == cut, "seminar7.batching.eos_wrong")
    reasons = ["stop" if eos in row else "length" for row in cut]
    case.require(
        [told["reasons"][name] for name in ("r0", "r1")] == reasons, "seminar7.batching.reason_stop"
    )


@pytest.mark.points("0.2", key="seminar7.batching.sampled", part="batching")
def test_a_sampled_answer_does_not_depend_on_its_neighbours(student, case, rows, model_seed, rng):
    prompts, limits = rows(5, 4, 6), [10, 6, 12]
    seeds = rng.sample(range(1000), 3)
    asked = _requests(prompts, limits, temperature=[0.8] * 3, seed=seeds)
    together = student.drive("engine", "schedule", model_seed, asked, 3, 30, None)["tokens"]
    alone = student.drive("engine", "schedule", model_seed, asked, 1, 30, None)["tokens"]
    case.require(together == alone, "seminar7.batching.shared_generator")
    cold = [{**request, "temperature": 0.0} for request in asked]
    greedy = student.drive("engine", "schedule", model_seed, cold, 1, 30, None)["tokens"]
    case.require(alone != greedy, "seminar7.batching.temperature_ignored")
    other = [{**request, "seed": request["seed"] + 1} for request in asked]
    changed = student.drive("engine", "schedule", model_seed, other, 1, 30, None)["tokens"]
    case.require(alone != changed, "seminar7.batching.seed_ignored")


@pytest.mark.points("0.2", key="seminar7.batching.refused", part="batching")
def test_what_cannot_be_served_is_refused_at_the_door(student, case, rows, model_seed, rng):
    prompt = rows(rng.randint(5, 9))[0]
    room = len(prompt) + 6
    fits = student.drive("engine", "refused", model_seed, prompt, 7, room)
    case.require(not fits["raised"], "seminar7.batching.last_token_counted")
    case.require(fits["tokens"] == 7, "seminar7.batching.length", n=fits["tokens"])
    for limit in (8, 40):
        told = student.drive("engine", "refused", model_seed, prompt, limit, room)
        case.require(told["raised"] == "ValueError", "seminar7.batching.too_long_admitted")
    for bad in (([], 3), (prompt, 0)):
        told = student.drive("engine", "refused", model_seed, *bad, 2 * room)
        case.require(told["raised"] == "ValueError", "seminar7.batching.empty_admitted")


@pytest.mark.points("0.1", key="seminar7.batching.cancelled", part="batching")
def test_a_cancelled_request_leaves_its_row_and_nobody_else_notices(
    student, clean, case, rows, model_seed
):
    prompts, limits = rows(5, 4, 6, 3), [9, 12, 8, 5]
    expected = clean.drive("oracle", "greedy", model_seed, prompts, limits)
    asked = _requests(prompts, limits)
    asked[0]["cancel"] = 3  # runs, in row 0
    asked[3]["cancel"] = 1  # waits
    told = student.drive("engine", "schedule", model_seed, asked, 2, 30, None)
    case.require(len(told["tokens"]["r0"]) == 4, "seminar7.batching.cancel_running")
    case.require(told["tokens"]["r3"] == [], "seminar7.batching.cancel_waiting")
    for place in (1, 2):
        case.require(
            told["tokens"][f"r{place}"] == expected[place], "seminar7.batching.cancel_disturbs"
        )
    case.require(told["reasons"]["r0"] == "cancelled", "seminar7.batching.cancel_reason")
