"""Differences of rows: known values, and how often they are right about a known truth."""

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from kfood.errors import KfoodError
from kfood.statistics.crossed import common_spread
from kfood.statistics.differences import paired_difference
from kfood.statistics.tests import mcnemar
from support.drawn_answers import drawn_answers


def one_seed(only_first, only_second, photos=100):
    """Two trainings of which each alone has so many photos right."""
    first = np.zeros((1, photos), bool)
    second = first.copy()
    first[0, :only_first] = True
    second[0, only_first : only_first + only_second] = True
    return first, second


def test_one_seed_is_judged_by_mcnemar():
    first, second = one_seed(12, 3)
    found = paired_difference(first, second, np.arange(100))
    assert found.mean == pytest.approx(-0.09)
    assert found.p == mcnemar(first[0], second[0])[2]
    # Bonett and Price: (3 - 12 -+ 1.96 sqrt(17 - 81 / 102)) / 102
    assert (found.low, found.high) == pytest.approx((-0.16558, -0.01089), abs=1e-4)
    assert (found.seeds, found.photos) == (1, 100)


def test_with_one_seed_interval_and_p_agree():
    for only_first in range(0, 26):
        for only_second in range(0, 26, 2):
            found = paired_difference(*one_seed(only_first, only_second, 60), np.arange(60))
            assert (found.p < 0.05) == (found.low > 0 or found.high < 0)
            assert found.low <= found.mean <= found.high


def test_one_seed_with_plates_is_t_over_plates():
    first, second = drawn_answers(np.random.default_rng(1), 1, 2, 1, 300, np.array([0.7, 0.8]))[0]
    found = paired_difference(first, second, np.arange(300) // 3)
    by_plate = (second.astype(float) - first).reshape(100, 3).mean(1)
    test = ttest_1samp(by_plate, 0)
    assert found.p == pytest.approx(test.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(test.confidence_interval()))


@pytest.mark.parametrize("seeds", [1, 2, 3])
@pytest.mark.parametrize("size", [1, 4])
def test_rows_that_answer_alike_differ_by_nothing_but_that_is_no_certainty(seeds, size):
    row = drawn_answers(np.random.default_rng(2), 1, 1, seeds, 200)[0, 0]
    found = paired_difference(row, row, np.arange(200) // size)
    assert (found.mean, found.p) == (0, 1)
    assert found.high == pytest.approx(-found.low)
    assert found.high > 1.9 * 2**0.5 / (200 / size + 2)


@pytest.mark.parametrize("seeds", [1, 3])
def test_the_other_way_round_is_the_same_with_the_other_sign(seeds):
    first, second = drawn_answers(np.random.default_rng(3), 1, 2, seeds, 200)[0]
    ahead, back = (paired_difference(*pair, np.arange(200)) for pair in ((first, second), (second, first)))
    assert (ahead.mean, ahead.low, ahead.high, ahead.p) == pytest.approx((-back.mean, -back.high, -back.low, back.p))


def test_intervals_stay_between_minus_1_and_1():
    wrong, right = np.zeros((2, 5), bool), np.ones((2, 5), bool)
    found = paired_difference(wrong, right, np.arange(5))
    assert (found.mean, found.high) == (1, 1)
    assert found.low < 1
    assert paired_difference(wrong, right, np.zeros(5)).p == 1  # one plate


def test_rows_of_other_photos_or_seeds_are_refused():
    with pytest.raises(KfoodError, match="same photos with the same seeds"):
        paired_difference(np.ones((3, 5)), np.ones((2, 5)), np.arange(5))


@pytest.mark.parametrize(
    ("seeds", "photos", "luck"), [(1, 400, 0), (2, 100, 0.1), (2, 400, 0.3), (3, 400, 0), (3, 400, 0.3), (5, 200, 0.1)]
)
@pytest.mark.parametrize("alike", [1.0, 0.8])
def test_equal_rows_are_rarely_told_apart(seeds, photos, luck, alike):
    drawn = drawn_answers(np.random.default_rng(seeds), 500, 2, seeds, photos, luck=luck, alike=alike)
    found = [paired_difference(*rows, np.arange(photos)) for rows in drawn]
    assert np.mean([one.p < 0.05 for one in found]) <= 0.075  # 0.05 and 2.5 standard errors of 500
    assert np.mean([one.p < 0.005 for one in found]) <= 0.015
    assert all((one.p < 0.05) == (one.low > 0 or one.high < 0) for one in found)


@pytest.mark.parametrize(("seeds", "luck"), [(1, 0.0), (2, 0.1), (3, 0.1), (3, 0.4)])
def test_intervals_hold_the_true_difference(seeds, luck):
    drawn = drawn_answers(np.random.default_rng(seeds), 500, 2, seeds, 400, np.array([0.8, 0.86]), luck=luck, alike=0.9)
    found = [paired_difference(*rows, np.arange(400)) for rows in drawn]
    assert 0.925 <= np.mean([one.low <= 0.06 <= one.high for one in found]) <= 0.995


def test_three_seeds_find_a_difference_that_is_there_the_spread_of_the_table_more_often():
    accuracies = np.array([0.85] * 5 + [0.80])
    groups = np.arange(600)
    alone, shared = [], []
    for rows in drawn_answers(np.random.default_rng(6), 150, 6, 3, 600, accuracies, luck=0.05, alike=0.95):
        spread = common_spread(rows, groups)
        alone.append(paired_difference(rows[0], rows[5], groups).p < 0.05)
        shared.append(paired_difference(rows[0], rows[5], groups, spread=spread).p < 0.05)
    assert np.mean(alone) > 0.6
    assert np.mean(shared) > np.mean(alone) + 0.1
