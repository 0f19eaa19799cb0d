"""Invented answers: entries of a known skill on invented questions."""

import numpy as np

from leaderboard.board import Entry

IDS = [f"q{number:04}" for number in range(2000)]


def gold_of(questions, seed=0):
    """Return random labels 0 and 1 for so many questions."""
    labels = np.random.default_rng(seed).integers(0, 2, questions)
    return {name: int(label) for name, label in zip(IDS, labels, strict=False)}


def entry_of(name, gold, right):
    """Return an entry that is right where `right` says so, by question in order."""
    answers = {
        question: label if is_right else 1 - label
        for (question, label), is_right in zip(gold.items(), right, strict=True)
    }
    return Entry(name, answers)


def skilled(name, gold, skill, seed):
    """Return an entry that is right with a given chance."""
    return entry_of(name, gold, np.random.default_rng(seed).random(len(gold)) < skill)
