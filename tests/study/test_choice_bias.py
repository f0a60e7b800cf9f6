"""What choosing adds to validation accuracy."""

import math

import numpy as np
import pytest
from scipy.stats import t

from kfood.errors import KfoodError
from kfood.statistics.crossed import crossed
from kfood.study.choice_bias import choice_bias
from support.drawn_answers import drawn_answers


def test_by_hand():
    valid = np.array([[[1, 1, 1, 0], [1, 1, 1, 1]], [[1, 1, 0, 0], [1, 1, 1, 0]]])
    test = np.array([[[1, 0], [1, 1]], [[1, 0], [1, 0]]])
    found = choice_bias(valid, test, np.arange(4), np.arange(2), np.array([[0.75, 0.75], [0.5, 0.5]]))
    assert found.valid_less_test.mean == pytest.approx(0.75 - 0.625)
    assert found.best_less_last.mean == pytest.approx((0 + 0.25 + 0 + 0.25) / 4)
    assert found.best_less_last.low == 0  # never below


def test_seeds_and_the_photos_of_both_sets_add_to_the_interval():
    valid, test = (drawn_answers(np.random.default_rng(seed), 1, 1, 3, 90)[0] for seed in (2, 3))
    groups = np.arange(90)
    sets = [crossed(valid[0], groups), crossed(test[0], groups)]
    by_seed = (valid.mean(2) - test.mean(2))[0]
    square = t.isf(0.025, 2) ** 2 * by_seed.var(ddof=1) / 3
    square += t.isf(0.025, 89) ** 2 * sum(one.of_photos - one.of_both for one in sets)
    found = choice_bias(valid, test, groups, groups, valid.mean(2)).valid_less_test
    assert (found.high - found.low) / 2 == pytest.approx(square**0.5)


def test_one_seed_tells_nothing_of_other_trainings():
    answers = drawn_answers(np.random.default_rng(1), 1, 3, 1, 200)[0]
    found = choice_bias(answers[..., :100], answers[..., 100:], np.arange(100), np.arange(100), np.full((3, 1), 0.5))
    assert math.isnan(found.best_less_last.low)
    assert -1 < found.valid_less_test.low < found.valid_less_test.high < 1


def test_rows_that_answer_alike_say_no_more_than_one_of_them():
    valid, test = (drawn_answers(np.random.default_rng(seed), 1, 1, 3, 200)[0] for seed in (2, 3))
    last = valid.mean(2) - np.array([[0.0, 0.01, 0.02]])
    groups = np.arange(200)
    once = choice_bias(valid, test, groups, groups, last)
    assert choice_bias(*(np.repeat(a, 5, axis=0) for a in (valid, test)), groups, groups, last.repeat(5, 0)) == once


def test_rows_and_seeds_must_be_the_same():
    with pytest.raises(KfoodError, match="same rows and seeds"):
        choice_bias(np.ones((2, 3, 5)), np.ones((2, 2, 5)), np.arange(5), np.arange(5), np.ones((2, 3)))


@pytest.mark.parametrize("seeds", [1, 2, 3])
def test_the_interval_holds_the_true_gap(seeds):
    rng = np.random.default_rng(seeds)
    lucks = rng.standard_normal((400, 4, seeds))
    valid = drawn_answers(rng, 400, 4, seeds, 150, 0.88, luck=0.2, alike=0.8, lucks=lucks)
    test = drawn_answers(rng, 400, 4, seeds, 200, 0.85, luck=0.2, alike=0.8, lucks=lucks)
    last = np.full((4, seeds), 0.8)
    gaps = [
        choice_bias(*answers, np.arange(150), np.arange(200), last).valid_less_test
        for answers in zip(valid, test, strict=True)
    ]
    assert 0.92 <= np.mean([one.low <= 0.03 <= one.high for one in gaps]) <= 0.995
