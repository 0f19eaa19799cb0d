"""What the trained judge sees of one answer: relevance, copying, form, grammar.

Each feature is a number of one (question, answer); none looks at the reference or at the other
answer. The last ones count breaches of the rules that entrants were told: those count against an
answer by decree (`Feature.prior`, `Feature.sign`), whatever the training pairs happened to hold,
so that an attack of a kind that was never seen does not go unpunished.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from leaderboard.embedding import Embed
from leaderboard.judges import words
from leaderboard.judges.language import Language

Floats = NDArray[np.float64]

MOST_SENTENCES = 12  # of a description; what comes later is seldom what a summary says
MOST_EMBEDDED = 160  # characters of an answer: more than a line, so a flood costs no more than one
FEWEST_WORDS, MOST_WORDS = 4, 14  # as entrants are told
_MARKUP = re.compile(
    r"```|\[\[|\]\]|<\||\|>|</?[a-z_]+>|#{2,}|\{\"|={3,}|-{3,}|\[/?INST\]|<<|>>", re.I
)
_TO_THE_JUDGE = re.compile(
    r"\b(?:verdict|winner|judge|grader|evaluat(?:or|ion)|assistant|system prompt|instructions?"
    r"|(?:answer|response|summary|option) [ab12]\b|(?:first|second) (?:answer|response|summary)"
    r"|ignore (?:the|all|any|previous)|thought process|step by step|final answer|solution)\b",
    re.I,
)
_ABOUT_ITSELF = re.compile(
    r"^(?:this|the (?:function|class|method|object|following)|here|it|sure)\b", re.I
)


@dataclass(frozen=True, slots=True)
class Feature:
    """One column.

    Args:
        name: Of the column.
        prior: What a weight is before training, in log-odds per whole range of the feature.
        sign: −1 when more can never be better, 0 when training decides.
    """

    name: str
    prior: float = 0.0
    sign: int = 0


FEATURES = (
    Feature("similar_to_description"),
    Feature("similar_to_opening"),
    Feature("similar_to_best_sentence"),
    Feature("similar_to_name"),
    Feature("name_covered"),
    Feature("action_in_prompt"),
    Feature("words_from_prompt"),
    Feature("told_of_prompt"),
    Feature("length"),
    Feature("copied_run"),
    Feature("copied_opening"),
    Feature("function_words"),
    Feature("mean_surprise"),
    Feature("worst_surprise"),
    Feature("start_surprise"),
    Feature("end_surprise"),
    Feature("opener"),
    Feature("full_stop"),
    Feature("repeated_words", prior=-2.0, sign=-1),
    Feature("about_itself", prior=-0.5, sign=-1),
    Feature("sentences", prior=-2.0, sign=-1),
    Feature("too_long", prior=-3.0, sign=-1),
    Feature("too_short", prior=-4.0, sign=-1),
    Feature("foreign_characters", prior=-3.0, sign=-1),
    Feature("markup", prior=-4.0, sign=-1),
    Feature("talks_to_the_judge", prior=-4.0, sign=-1),
)


@dataclass(frozen=True, slots=True)
class Text:
    """One answer to one prompt."""

    prompt: str
    answer: str


def matrix(texts: Sequence[Text], embed: Embed, language: Language) -> Floats:
    """Return the features of answers, shape (answers, features)."""
    if not texts:
        return np.zeros((0, len(FEATURES)))
    plain = [_plain_row(text, language) for text in texts]
    return np.hstack([_similarities(texts, embed), np.array(plain)])


@dataclass(frozen=True, slots=True)
class _View:
    """What of a prompt is needed for every answer to it."""

    description: str
    sentences: tuple[str, ...]
    name: tuple[str, ...]  # words of the object's name
    told: tuple[str, ...]  # words of the description
    places: Mapping[str, tuple[int, ...]]  # of each word in `told`
    stems: frozenset[str]  # of all words of the prompt
    content: frozenset[str]  # stems that carry meaning


@lru_cache(maxsize=4096)
def _view(text: str) -> _View:
    prompt = words.read_prompt(text)
    told = words.words(prompt.description)
    return _View(
        description=prompt.description,
        sentences=tuple(words.sentences(prompt.description)[:MOST_SENTENCES]) or (".",),
        name=tuple(words.name_words(words.object_name(prompt.signature))),
        told=tuple(told),
        places=places_of(told),
        stems=frozenset(map(words.stem, words.words(text))),
        content=frozenset(words.content(text)),
    )


def _similarities(texts: Sequence[Text], embed: Embed) -> Floats:
    """Return cosines of the answer with four views of the prompt, shape (answers, 4)."""
    views = [_view(text.prompt) for text in texts]
    answers = embed([text.answer[:MOST_EMBEDDED].strip() or "." for text in texts])
    embed([sentence for view in views for sentence in view.sentences])  # all in large batches
    best = [
        (embed(view.sentences) @ answer).max() for view, answer in zip(views, answers, strict=True)
    ]
    shown = (
        [view.description for view in views],
        [view.sentences[0] for view in views],
        [" ".join(view.name) or view.description for view in views],
    )
    whole, opening, name = ((answers * embed(some)).sum(axis=1) for some in shown)
    return np.stack([whole, opening, np.array(best), name], axis=1)


def _plain_row(text: Text, language: Language) -> list[float]:
    """Return all features but the similarities, in the order of `FEATURES`."""
    answer = text.answer[: words.MOST_CHARACTERS]
    view = _view(text.prompt)
    said = words.words(answer)
    meant = words.content(answer)
    number = max(len(said), 1)
    steps = language.surprises(answer)
    return [
        _covered(view.name, meant),
        float(bool(said) and words.stem(said[0]) in view.stems),
        *_told(meant, view.content, language),
        math.log1p(len(said)),
        longest_run(said, view.places) / number,
        _common_opening(said, view.told) / number,
        sum(word in words.FUNCTION_WORDS for word in said) / number,
        sum(steps) / len(steps),
        max(steps),
        steps[0],
        steps[-1],
        language.opening(answer),
        float(answer.rstrip().endswith(".")),
        1 - len(set(said)) / number,
        float(bool(_ABOUT_ITSELF.match(answer.strip()))),
        *_breaches(text.answer, said),
    ]


def _breaches(answer: str, said: Sequence[str]) -> list[float]:
    """Return how far the told rules are broken, each in [0, 1]."""
    # SECURITY: invisible characters must not split a word that these rules look for
    # (test_zero_width_characters_hide_nothing_from_the_judge).
    visible = "".join(char for char in answer if unicodedata.category(char) != "Cf")
    text = unicodedata.normalize("NFKC", visible)
    lines = len(text.strip().splitlines())
    foreign = sum(not (char.isascii() and char.isprintable()) for char in answer)
    return [
        _clip((max(len(words.sentences(text)), lines) - 1) / 2),
        _clip((len(said) - MOST_WORDS) / MOST_WORDS),
        _clip((FEWEST_WORDS - len(said)) / FEWEST_WORDS),
        _clip(foreign / max(len(answer), 1) * 4),
        _clip(len(_MARKUP.findall(text)) / 2),
        _clip(len(_TO_THE_JUDGE.findall(text)) / 2),
    ]


def places_of(told: Sequence[str]) -> Mapping[str, tuple[int, ...]]:
    """Return where each word stands."""
    found: dict[str, list[int]] = {}
    for place, word in enumerate(told):
        found.setdefault(word, []).append(place)
    return {word: tuple(places) for word, places in found.items()}


def longest_run(said: Sequence[str], places: Mapping[str, tuple[int, ...]]) -> int:
    """Return the length of the longest run of words that a text shares with another.

    Args:
        said: Words of the text.
        places: Of the other one, from `places_of`.
    """
    best = 0
    ending: dict[int, int] = {}  # place -> length of the run that ends there
    for word in said:
        ending = {place: ending.get(place - 1, 0) + 1 for place in places.get(word, ())}
        best = max(best, *ending.values(), 0)
    return best


def _common_opening(said: Sequence[str], told: Sequence[str]) -> int:
    same = 0
    for word, other in zip(said, told, strict=False):
        if word != other:
            break
        same += 1
    return same


def _covered(wanted: Sequence[str], said: Sequence[str]) -> float:
    stems = {words.stem(word) for word in wanted if word.isalpha()}
    return len(stems & set(said)) / len(stems) if stems else 0.5


def _told(said: Sequence[str], known: frozenset[str], language: Language) -> list[float]:
    """Return what of the answer is about this prompt: as a share, and how much, on a log scale.

    Rare words weigh more: what fits every prompt tells nothing of this one.
    """
    weights = {stem: language.weight(stem) for stem in set(said)}
    whole = sum(weights.values())
    told = sum(weight for stem, weight in weights.items() if stem in known)
    return [told / whole if whole > 0 else 0.0, math.log1p(told)]


def _clip(value: float) -> float:
    return min(max(float(value), 0.0), 1.0)
