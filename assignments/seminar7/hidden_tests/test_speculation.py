"""Part "speculation": fewer forwards of the target, and the same words."""

from __future__ import annotations

from collections import Counter

import pytest

P_LEAST = 1e-6  # the chance that a right solution fails a test of a distribution


@pytest.mark.points("0.5", key="seminar7.speculation.greedy", part="speculation")
def test_speculative_equals_greedy_whatever_the_draft(student, clean, case, rows, model_seed, rng):
    prompt, limit = rows(rng.randint(4, 9))[0], 40
    (right,) = clean.drive("oracle", "greedy", model_seed, [prompt], [limit])
    for k in (1, 3, 5, 8):
        for noise in (0.3, 3.0):
            plan = {"limit": limit, "k": k, "noise": noise, "slack": 10}
            told = student.drive("speculation", "speculate", model_seed, prompt, plan)
            got, held = told["tokens"], told["held"]
            case.require(len(got) <= limit, "seminar7.speculation.too_many", n=len(got), k=k)
            case.require(got[:1] == right[:1], "seminar7.speculation.first_token", k=k)
            case.require(got == right, "seminar7.speculation.differs", k=k)
            # What the caches hold must be a beginning of what was said.
            whole = [*prompt, *got]
            whose = [
                name
                for name, ids in zip(("target", "draft"), held, strict=True)
                if ids[: len(whole) - 1] != whole[: len(ids)][: len(whole) - 1]
            ]
            case.require("target" not in whose, "seminar7.speculation.target_not_cropped", k=k)
            case.require("draft" not in whose, "seminar7.speculation.draft_not_cropped", k=k)
            said = told["said"]
            case.require(
                said["forwards"] == len(told["target"]), "seminar7.speculation.forwards_told"
            )
            kept = len(got) - said["forwards"]
            case.require(said["accepted"] == kept, "seminar7.speculation.accepted_told", k=k)
            share = kept / said["proposed"]
            case.require(
                abs(said["acceptance"] - share) < 1e-9, "seminar7.speculation.acceptance_told"
            )


@pytest.mark.points("0.3", key="seminar7.speculation.forwards", part="speculation")
def test_an_identical_draft_with_four_guesses_takes_eight_forwards_for_forty_tokens(
    student, case, rows, model_seed, rng
):
    prompt = rows(rng.randint(4, 9))[0]
    told = student.drive(
        "speculation", "speculate", model_seed, prompt, {"limit": 40, "k": 4, "slack": 8}
    )
    reads = told["target"]
    case.require(len(told["tokens"]) == 40, "seminar7.speculation.count", n=len(told["tokens"]))
    case.require(len(reads) != 40, "seminar7.speculation.not_speculative")
    case.require(len(reads) not in {10, 11}, "seminar7.speculation.no_free_token")
    case.require(len(reads) != 9, "seminar7.speculation.prompt_alone")
    case.require(len(reads) == 8, "seminar7.speculation.forwards_wrong", n=len(reads))
    case.require(reads[1:] == [5] * 7, "seminar7.speculation.read_again", n=sum(reads))
    # The draft reads each token once: its own guesses but the last, and what the target added.
    case.require(sum(told["draft"]) <= len(prompt) + 40, "seminar7.speculation.draft_read_again")


def _chi2(observed, expected):
    """Return the p-value of counts against expected ones (cells of fewer than five are joined)."""
    from scipy.stats import chisquare

    pairs = sorted(zip(observed, expected, strict=True), key=lambda pair: -pair[1])
    kept = [pair for pair in pairs if pair[1] >= 5]
    rest = [pair for pair in pairs if pair[1] < 5]
    if rest:
        kept.append((sum(o for o, _ in rest), sum(e for _, e in rest)))
    if any(e == 0 and o > 0 for o, e in kept):
        return 0.0
    seen, wanted = zip(*[pair for pair in kept if pair[1] > 0], strict=True)
    # Rounded in float32, expectations may miss the total by a hair.
    share = sum(seen) / sum(wanted)
    return float(chisquare(seen, [share * number for number in wanted]).pvalue)


@pytest.mark.points("0.4", key="seminar7.speculation.accept", part="speculation")
def test_one_verification_keeps_the_targets_distribution(student, case, rng):
    import torch

    size, times = 6, 3000
    made = torch.Generator().manual_seed(rng.randrange(2**31))
    p = (torch.randn(2, size, generator=made) * 1.2).softmax(-1)
    q = (torch.randn(1, size, generator=made) * 1.2).softmax(-1)
    q[0, 0] = q[0, 0] * 0.5  # and a token that the draft likes too much
    q[0, 1] += 1 - q.sum()
    told: Counter[int] = Counter()
    kept = 0
    weights = (q[0] * times).round().int().tolist()
    bonus: Counter[int] = Counter()
    for token, number in enumerate(weights):
        for row in student.drive(
            "speculation", "accepted", [token], q, p, number, rng.randrange(2**31)
        ):
            case.require(1 <= len(row) <= 2, "seminar7.speculation.accept_length", n=len(row))
            told[row[0]] += 1
            kept += len(row) == 2
            bonus.update(row[1:])
    total = sum(weights)
    share = torch.tensor(weights) / total
    likely = float(torch.minimum(p[0] / q[0], torch.ones(size)) @ share)
    spread = 6 * (likely * (1 - likely) / total) ** 0.5
    greedy = _share_if(q, p, share)
    if abs(kept / total - likely) > spread:
        case.require(abs(kept / total - greedy) > spread, "seminar7.speculation.accept_if_larger")
        case.fail("seminar7.speculation.accept_rate")
    counts = [told[token] for token in range(size)]
    value = _chi2(counts, [float(x) * total for x in p[0]])
    if value < P_LEAST:
        refused = share * (1 - torch.minimum(p[0] / q[0], torch.ones(size)))
        unresidual = share - refused + refused.sum() * p[0]
        again = _chi2(counts, [float(x) * total for x in unresidual])
        case.require(again < P_LEAST, "seminar7.speculation.no_residual")
        case.fail("seminar7.speculation.accept_biased")
    free = [bonus[token] for token in range(size)]
    value = _chi2(free, [float(x) * sum(free) for x in p[1]])
    case.require(value >= P_LEAST, "seminar7.speculation.free_token_biased")


def _share_if(q, p, share):
    """Return how often a guess is kept where it is kept only if p >= q."""
    return float(share[(p[0] >= q[0])].sum())


@pytest.mark.points("0.2", key="seminar7.speculation.sampled", part="speculation")
def test_sampled_answers_have_the_targets_distribution(student, case, rng):
    import torch

    size, times = 4, 2500
    made = torch.Generator().manual_seed(rng.randrange(2**31))
    target = torch.randn(size, size, generator=made) * 1.5
    draft = target + torch.randn(size, size, generator=made)
    temperature = rng.choice((0.7, 1.6))
    plan = {
        "times": times, "limit": 3, "k": 2, "temperature": temperature,
        "seed": rng.randrange(2**31), "start": 1,
    }  # fmt: skip
    answers = student.drive("speculation", "sampled", target, draft, plan)
    case.require(all(len(row) == 3 for row in answers), "seminar7.speculation.count", n=3)
    p = (target / temperature).softmax(-1).double()
    seen = Counter(map(tuple, answers))
    triples = [(a, b, c) for a in range(size) for b in range(size) for c in range(size)]
    wanted = [float(p[1, a] * p[a, b] * p[b, c]) * times for a, b, c in triples]
    value = _chi2([seen[triple] for triple in triples], wanted)
    if value < P_LEAST:
        hot = target.softmax(-1).double()
        plain = [float(hot[1, a] * hot[a, b] * hot[b, c]) * times for a, b, c in triples]
        unheard = _chi2([seen[triple] for triple in triples], plain)
        case.require(unheard < P_LEAST, "seminar7.speculation.temperature_ignored")
        case.fail("seminar7.speculation.sampled_biased")


@pytest.mark.points("0.3", key="seminar7.speculation.lookup", part="speculation")
def test_prompt_lookup_finds_the_latest_place_of_the_longest_ending(
    student, clean, case, rows, model_seed, rng
):
    a, b, c, d, e, f, g, h = rng.sample(range(250), 8)

    def ask(tokens, count, ngram):
        return case.shaped(student.call("speculative:prompt_lookup", tokens, count, ngram), [int])

    got = ask([a, b, c, d, e, a, b, c], 2, 3)
    case.require(got != [a, b], "seminar7.speculation.lookup_itself")
    case.require(got == [d, e], "seminar7.speculation.lookup_wrong", n=1)
    got = ask([a, b, c, d, f, c, e, g, a, b, c], 2, 3)
    case.require(got != [e, g], "seminar7.speculation.lookup_shortest")
    case.require(got == [d, f], "seminar7.speculation.lookup_wrong", n=2)
    got = ask([a, b, d, a, b, e, h, a, b], 2, 2)
    case.require(got != [d, a], "seminar7.speculation.lookup_earliest")
    case.require(got == [e, h], "seminar7.speculation.lookup_wrong", n=3)
    case.require(ask([a, c, d, a], 9, 3) == [c, d, a], "seminar7.speculation.lookup_wrong", n=4)
    case.require(ask([a, b, c, a, b, c], 1, 3) == [a], "seminar7.speculation.lookup_count")
    case.require(ask([a, b, c, d], 3, 3) == [], "seminar7.speculation.lookup_nothing")
    case.require(ask([a], 3, 3) == [], "seminar7.speculation.lookup_nothing")
    prompt = [*rows(4)[0] * 3]
    (right,) = clean.drive("oracle", "greedy", model_seed, [prompt], [30])
    told = student.drive("speculation", "look_up", model_seed, prompt, 30, 5)
    case.require(told["tokens"] == right, "seminar7.speculation.lookup_differs")


@pytest.mark.points("0.1", key="seminar7.speculation.confidence", part="speculation")
def test_doubt_shortens_the_draft_and_changes_no_word(student, clean, case, rows, model_seed):
    prompt = rows(6)[0]
    (right,) = clean.drive("oracle", "greedy", model_seed, [prompt], [30])
    counts = {}
    for confidence in (0.0, 0.5, 1.1):
        plan = {"limit": 30, "k": 5, "noise": 0.3, "confidence": confidence}
        told = student.drive("speculation", "speculate", model_seed, prompt, plan)
        case.require(told["tokens"] == right, "seminar7.speculation.differs", k=5)
        # Reads after the first are one token and the guesses; the last rounds have less room.
        counts[confidence] = max(told["target"][1:]) - 1
    case.require(counts[0.0] == 5, "seminar7.speculation.draft_short")
    case.require(counts[1.1] != 0, "seminar7.speculation.doubtful_dropped")
    case.require(counts[1.1] == 1, "seminar7.speculation.confidence_ignored")


@pytest.mark.points("0.1", key="seminar7.speculation.eos", part="speculation")
def test_nothing_follows_the_end_token(student, clean, case, rows, model_seed):
    prompt = rows(5)[0]
    (answer,) = clean.drive("oracle", "greedy", model_seed, [prompt], [30])
    eos = answer[7]
    right = answer[: answer.index(eos) + 1]
    for k in (2, 4, 7):
        plan = {"limit": 30, "k": k, "eos": eos}
        got = student.drive("speculation", "speculate", model_seed, prompt, plan)["tokens"]
        case.require(got != answer, "seminar7.speculation.eos_ignored")
        case.require(len(got) <= len(right), "seminar7.speculation.words_after_eos", k=k)
        case.require(got == right, "seminar7.speculation.eos_wrong", k=k)


@pytest.mark.points("0.1", key="seminar7.speculation.expected", part="speculation")
def test_the_formula_of_expected_tokens(student, case, rng):
    a, k = rng.uniform(0.2, 0.9), rng.randint(2, 7)
    got = case.shaped(student.call("speculative:expected_tokens", a, k), float)
    right = (1 - a ** (k + 1)) / (1 - a)
    case.require(
        abs(got - (1 - a**k) / (1 - a)) > 1e-6, "seminar7.speculation.expected_without_free"
    )
    case.require(abs(got - right) < 1e-6, "seminar7.speculation.expected_wrong")
    ends = [student.call("speculative:expected_tokens", x, k) for x in (0.0, 1.0)]
    case.require(ends == [1, k + 1], "seminar7.speculation.expected_ends")
