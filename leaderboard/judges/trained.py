"""A judge that works offline: a small preference model over features of one answer.

s(question, answer) = Σ wₖ·hₖ(features), hₖ the segments of a piecewise linear function of one
feature, and P(A ≻ B) = σ((s(A) − s(B)) / temperature) (Bradley and Terry, Biometrika 39, 1952).
Every answer is scored alone, so that the order of two answers cannot matter, and each segment is
held between 0 and 1, so that no flood of anything is worth more than the most of it that people
write. What is trained is a logistic regression on differences of hₖ, with the weights drawn to
what `features.FEATURES` decree. Two answers whose chance is nearer to ½ than `tie` are a tie.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graders.core.canonical import canonical
from graders.core.errors import CourseError
from leaderboard.embedding import Embed, Embedder, shared
from leaderboard.judges.features import FEATURES, Text, matrix
from leaderboard.judges.language import Language
from leaderboard.records import Duel, JudgeCard, Label, Verdict

Floats = NDArray[np.float64]

FILE = "judge.json"
FORMAT = 1
SHIPPED = Path(__file__).parent / "artefacts"
SCORE_DIGITS = 4  # embeddings differ in the last bits between machines; verdicts must not


@dataclass(frozen=True)
class Model:
    """The weights, and all that features need besides the embeddings.

    Args:
        knots: Of each feature, ascending; one segment between two neighbours.
        weights: Of each segment, in log-odds, by feature.
        language: Of the training part.
        temperature: Divides differences of scores, so that confidences are what they say.
        tie: Answers whose chance is within this distance of one half are equal.
        facts: How it was trained; for a reader, nothing is computed from it.
    """

    knots: tuple[tuple[float, ...], ...]
    weights: tuple[tuple[float, ...], ...]
    language: Language
    temperature: float
    tie: float
    facts: Mapping[str, Any]

    def scores(self, features: Floats) -> Floats:
        """Return s of answers, shape (answers,), from features of shape (answers, features)."""
        flat = np.concatenate([np.array(weights) for weights in self.weights])
        found: Floats = segments(features, self.knots) @ flat / self.temperature
        return np.round(found, SCORE_DIGITS)


def segments(features: Floats, knots: Sequence[Sequence[float]]) -> Floats:
    """Return how far each segment of each feature is walked, shape (answers, segments)."""
    columns = []
    for place, ends in enumerate(knots):
        for low, high in pairwise(ends):
            columns.append(np.clip((features[:, place] - low) / (high - low), 0, 1))
    return np.stack(columns, axis=1)


class TrainedJudge:
    """Judges with a trained model; one verdict costs one embedding of each new answer.

    Args:
        model: From `load` or `training.train`.
        embed: The embedder that it was trained with.
    """

    def __init__(self, model: Model, embed: Embed, version: str) -> None:
        self._model = model
        self._embed = embed
        self._scores: dict[Text, float] = {}
        self._card = JudgeCard(
            name="trained",
            family="zachetka-trained",
            version=version,
            parameters={"embedder": str(model.facts.get("embedder", ""))},
            prompt_version=f"features-{FORMAT}",
        )

    @classmethod
    def load(cls, folder: Path = SHIPPED, embedder: Path | None = None) -> TrainedJudge:
        """Load a trained judge.

        Args:
            folder: That `zachetka judge train` wrote; by default the one that is shipped.
            embedder: The embedding model's folder; by default the pinned one in the cache.

        Raises:
            CourseError: The folder holds no trained judge, or one of another version.
            InfraError: The embedding model cannot be brought here.
        """
        path = folder / FILE
        try:
            raw = path.read_bytes()
            model = decode(json.loads(raw))
        except OSError as error:
            raise CourseError(
                "there is no trained judge",
                where=str(path),
                todo="Make one with: zachetka judge train --out FOLDER",
            ) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CourseError(
                f"this is not a trained judge of this version ({error})",
                where=str(path),
                todo="Train it again",
            ) from error
        embed = shared() if embedder is None else Embedder(embedder)
        return cls(model, embed, hashlib.sha256(raw).hexdigest())

    @property
    def card(self) -> JudgeCard:
        """Who this is; the version is the digest of the weights' file."""
        return self._card

    def score(self, texts: Sequence[Text]) -> Floats:
        """Return s of answers in log-odds, shape (answers,): the pointwise column."""
        new = list(dict.fromkeys(text for text in texts if text not in self._scores))
        found = self._model.scores(matrix(new, self._embed, self._model.language))
        self._scores.update(zip(new, found.tolist(), strict=True))
        return np.array([self._scores[text] for text in texts])

    def judge(self, duels: Sequence[Duel]) -> Sequence[Verdict]:
        """Return one verdict for each duel; none is ever unscored."""
        prompts = [duel.question.prompt for duel in duels]
        firsts = [Text(x, duel.first) for x, duel in zip(prompts, duels, strict=True)]
        seconds = [Text(x, duel.second) for x, duel in zip(prompts, duels, strict=True)]
        scores = self.score([*firsts, *seconds])
        pairs = zip(scores[: len(duels)], scores[len(duels) :], strict=True)
        return [self._verdict(float(first), float(second)) for first, second in pairs]

    def _verdict(self, first: float, second: float) -> Verdict:
        chance = 1 / (1 + np.exp(-np.clip(first - second, -50, 50)))
        label = Label.TIE
        if abs(chance - 0.5) > self._model.tie:
            label = Label.FIRST if first > second else Label.SECOND
        return Verdict(
            label=label,
            confidence=round(float(chance), SCORE_DIGITS),
            raw=f"{first:.{SCORE_DIGITS}f} {second:.{SCORE_DIGITS}f}",
        )


def save(model: Model, folder: Path) -> Path:
    """Write a model as canonical JSON and return the file: same model, same bytes."""
    from graders.exchange.atomic import write_whole

    path = folder / FILE
    write_whole(path, canonical(encode(model)) + b"\n")
    return path


def encode(model: Model) -> dict[str, Any]:
    """Return a model as plain data."""
    return {
        "format": FORMAT,
        "features": [
            {"name": feature.name, "knots": list(knots), "weights": list(weights)}
            for feature, knots, weights in zip(FEATURES, model.knots, model.weights, strict=True)
        ],
        "language": asdict(model.language),
        "temperature": model.temperature,
        "tie": model.tie,
        "facts": model.facts,
    }


def decode(data: Mapping[str, Any]) -> Model:
    """Return the model of plain data.

    Raises:
        ValueError: It is of another format or has other features.
        KeyError: Something is missing.
    """
    if data["format"] != FORMAT:
        raise ValueError(f"format {data['format']}")
    columns = data["features"]
    if [column["name"] for column in columns] != [feature.name for feature in FEATURES]:
        raise ValueError("other features")
    return Model(
        knots=tuple(tuple(column["knots"]) for column in columns),
        weights=tuple(tuple(column["weights"]) for column in columns),
        language=Language(**data["language"]),
        temperature=data["temperature"],
        tie=data["tie"],
        facts=data["facts"],
    )
