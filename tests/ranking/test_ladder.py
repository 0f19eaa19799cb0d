"""The Ladder against its definition, and against climbing by chance."""

import numpy as np
import pytest

from graders.core.errors import CourseError
from leaderboard.ranking.ladder import Ladder


def test_a_first_submission_is_shown_whatever_it_is():
    found = Ladder().offer(np.zeros(10))
    assert (found.released, found.shown, found.needed) == (True, 0.0, float("-inf"))


def test_a_new_score_is_shown_only_beyond_the_standard_error_of_the_difference():
    ladder = Ladder()
    best = np.repeat([1.0, 0.0], [50, 50])
    ladder.offer(best)
    better = best.copy()
    better[50] = 1.0  # one more: mean difference 0.01, s / √n = 0.1 / 10
    step = (better - best).std(ddof=1) / 10
    found = ladder.offer(better)
    assert found.needed == pytest.approx(0.5 + step)
    assert found.released == (0.5 + step < 0.51)
    much = best.copy()
    much[50:60] = 1.0
    found = ladder.offer(much)
    assert (found.released, found.score, found.shown) == (True, 0.6, 0.6)


def test_an_equal_or_worse_submission_changes_nothing():
    ladder = Ladder()
    best = np.repeat([1.0, 0.0], [50, 50])
    ladder.offer(best)
    for scores in (best, np.zeros(100), np.repeat([0.0, 1.0], [50, 50])):
        found = ladder.offer(scores)
        assert (found.released, found.shown) == (False, 0.5)
    assert ladder.best.tolist() == best.tolist()


def test_what_is_kept_is_no_view_of_what_was_offered():
    ladder, scores = Ladder(), np.ones(10)
    ladder.offer(scores)
    scores[:] = 0
    assert ladder.best.tolist() == [1.0] * 10


def test_an_unscored_question_is_left_out():
    ladder = Ladder()
    assert ladder.offer(np.array([1.0, 0.0, np.nan, np.nan])).shown == 0.5
    found = ladder.offer(np.array([1.0, 1.0, 1.0, np.nan]))
    assert found.needed == pytest.approx(0.5 + np.std([0, 1], ddof=1) / np.sqrt(2))


@pytest.mark.parametrize("scores", [np.full(10, np.nan), np.zeros((2, 5)), np.zeros(0)])
def test_what_is_no_submission_is_refused(scores):
    with pytest.raises(CourseError):
        Ladder().offer(scores)


def test_another_number_of_questions_is_refused():
    ladder = Ladder()
    ladder.offer(np.ones(10))
    with pytest.raises(CourseError, match="10 questions"):
        ladder.offer(np.ones(9))


def test_guessing_climbs_less_than_on_a_board_that_shows_every_best():
    # Blum and Hardt's section 4: pick, of many guesses, those that the board liked, and vote.
    random = np.random.default_rng(5)
    tries, questions = 300, 200
    climbed = {"ladder": [], "plain": []}
    for _ in range(20):
        truth = random.integers(0, 2, questions)
        guesses = random.integers(0, 2, (tries, questions))
        right = (guesses == truth).astype(float)
        ladder = Ladder()
        liked = [ladder.offer(row).released for row in right]
        climbed["ladder"].append(_vote(guesses[liked], truth))
        climbed["plain"].append(_vote(guesses[right.mean(axis=1) > 0.5], truth))
    assert np.mean(climbed["plain"]) > 0.75  # the public score of an attack on a plain board
    assert np.mean(climbed["ladder"]) < 0.62


def _vote(liked, truth):
    return ((liked.mean(axis=0) > 0.5) == truth).mean()
