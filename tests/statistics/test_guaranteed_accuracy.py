"""Thresholds with a guarantee: by hand, and how often the true accuracy is below the wanted one."""

import numpy as np
import pytest
from scipy.stats import norm

from kfood.errors import KfoodError
from kfood.statistics.guaranteed_accuracy import guaranteed_threshold

WANTED = 0.9


def risk_from(score):
    """Share of wrong answers from a score on, where they are as often wrong as 0.5 x (1 - score)^2."""
    return 0.5 * (1 - score) ** 2 / 3


def drawn(rng, plates, shots):
    """Scores, uniform on 0 to 1, and answers of photos; shots of one plate are alike in both."""

    def uniform():
        shared = rng.standard_normal(plates).repeat(shots)
        return norm.cdf(0.9 * shared + 0.19**0.5 * rng.standard_normal(plates * shots))

    score = uniform()
    return score, uniform() >= 0.5 * (1 - score) ** 2, np.arange(plates).repeat(shots)


def furthest(score, right):
    """The furthest score from which on these photos have the wanted accuracy."""
    order = np.argsort(-score)
    enough = np.flatnonzero(right[order].cumsum() / np.arange(1, len(score) + 1) >= WANTED)
    return score[order[enough[-1]]] if len(enough) else 1.0


@pytest.mark.parametrize(("plates", "shots"), [(120, 1), (400, 1), (400, 2), (400, 4)])
def test_the_true_accuracy_is_below_the_wanted_one_in_few_cases(plates, shots):
    rng = np.random.default_rng(plates + shots)
    missed, missed_by_the_furthest, answers = 0, 0, []
    for _ in range(300):
        score, right, groups = drawn(rng, plates, shots)
        missed_by_the_furthest += risk_from(furthest(score, right)) > 1 - WANTED
        found = guaranteed_threshold(score, right, groups, WANTED)
        if found.least is not None:
            missed += risk_from(found.least) > 1 - WANTED
            answers.append(1 - found.least)
    assert missed <= 24  # 15 on average at 5 %; more than 24 in one of 100
    assert missed_by_the_furthest > 100
    assert len(answers) > (150 if plates == 120 else 270)
    assert np.mean(answers) > (0.4 if plates == 120 else 0.55)  # 0.77 can be answered with that accuracy


def test_by_hand():
    score = np.linspace(1, 0, 100)
    all_right = guaranteed_threshold(score, np.ones(100, bool), np.arange(100), 0.9)
    assert (all_right.least, all_right.answered, all_right.wrong, all_right.needed) == (0, 100, 0, 29)
    # The surer half is right, the other wrong: with 2 or more wrong among 52, chance at a risk of 0.1 is above 5 %.
    half = guaranteed_threshold(score, score >= 0.5, np.arange(100), 0.9)
    assert 50 <= half.answered <= 52
    assert score[half.answered] < half.least < score[half.answered - 1]
    assert guaranteed_threshold(score, score < 0.5, np.arange(100), 0.9).least is None


@pytest.mark.parametrize(("n", "promised"), [(28, False), (29, True)])
def test_too_few_photos_promise_nothing(n, promised):
    found = guaranteed_threshold(np.arange(n), np.ones(n, bool), np.arange(n), 0.9)
    assert (found.least is not None) == promised
    assert (found.needed, found.groups) == (29, n)


def test_equal_scores_are_answered_together():
    score = np.repeat([0.9, 0.6, 0.3], 40)
    found = guaranteed_threshold(score, score > 0.5, np.arange(120), 0.9)
    assert (found.least, found.answered) == (pytest.approx(0.45), 80)


def test_a_plate_counts_once():
    score, plates = np.linspace(1, 0, 200), np.arange(200) // 10
    assert guaranteed_threshold(score, np.ones(200, bool), plates, 0.9).least is None
    assert guaranteed_threshold(score, np.ones(200, bool), plates, 0.8).groups == 20


@pytest.mark.parametrize(("accuracy", "confidence"), [(1, 0.95), (0, 0.95), (0.9, 1), (0.9, 0)])
def test_what_makes_no_sense_is_refused(accuracy, confidence):
    with pytest.raises(KfoodError, match="must lie between 0 and 1"):
        guaranteed_threshold(np.arange(9), np.ones(9, bool), np.arange(9), accuracy, confidence)
