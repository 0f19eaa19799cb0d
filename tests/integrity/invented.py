"""Invented classes of honest teams: what each writes depends on the question and on chance."""

import random
from functools import cache

from leaderboard.records import Entrant, Question

VERBS = ("Return", "Compute", "Build", "Check", "Draw", "Convert", "Parse", "Select", "Merge")
NOUNS = ("matrix", "tensor", "table", "index", "graph", "token", "schema", "session", "vector")
OTHERS = ("given", "sparse", "dense", "cached", "sorted", "random", "local", "remote", "nested")


def line(draw):
    return (
        f"{draw.choice(VERBS)} the {draw.choice(OTHERS)} {draw.choice(NOUNS)}"
        f" of the {draw.choice(OTHERS)} {draw.choice(NOUNS)}."
    )


def questions(count, seed=0):
    draw = random.Random(f"questions {seed}")
    return [
        Question(
            id=f"q{n:03}",
            group="package",
            prompt=f"f{n}(x)\n\nText about {' '.join(line(draw) for _ in range(5))}",
            reference=line(draw),
        )
        for n in range(count)
    ]


@cache
def common(id_, seed):
    """Return how easily all come to the same lines on a question, and which these are."""
    draw = random.Random(f"common {id_} {seed}")
    return draw.random() ** 2, tuple(line(draw) for _ in range(3))


def honest(name, items, seed=0, skill=0.5, hits=0.03):
    """Return a team that often writes what is easy to come to on a question.

    Questions differ in how easily all come to the same line; `skill` is how often this team does
    where it is easy, `hits` how often it writes the reference.
    """
    draw = random.Random(f"{name} {seed}")
    answers = {}
    for question in items:
        ease, lines = common(question.id, seed)
        if draw.random() < hits:
            answers[question.id] = question.reference
        elif draw.random() < skill * 2 * ease:
            answers[question.id] = draw.choice(lines)
        else:
            answers[question.id] = line(draw)
    return Entrant(name, answers)


def teams(count, items, seed=0):
    draw = random.Random(f"skills {seed}")
    return [honest(f"team{n:02}", items, seed, draw.uniform(0.2, 0.8)) for n in range(count)]


def keys(flags):
    return [flag.key for flag in flags]
