"""Intervals of an accuracy: known values, their bounds, and how often they hold a known truth."""

import math

import numpy as np
import pytest
from scipy.stats import t

from kfood.statistics.crossed import common_spread, crossed
from kfood.statistics.estimates import estimate, score_interval
from kfood.statistics.intervals import wilson
from support.drawn_answers import drawn_answers


def width(found):
    return found.high - found.low


@pytest.mark.parametrize("right", [0, 1, 33, 40])
def test_one_seed_gives_the_interval_of_wilson_and_says_so(right):
    answers = np.arange(40)[None] < right
    found = estimate(answers, np.arange(40))
    assert (found.low, found.high) == pytest.approx(wilson(right, 40))
    assert (found.mean, found.seeds, found.photos, found.groups) == (right / 40, 1, 40, 40)
    assert math.isnan(found.between)


def test_score_interval_is_that_of_wilson():
    assert score_interval(0.8, 1.959964**2 / 10) == pytest.approx(wilson(8, 10), abs=1e-6)


@pytest.mark.parametrize("seeds", [1, 2, 3])
def test_shots_of_one_plate_count_once(seeds):
    plates = drawn_answers(np.random.default_rng(1), 1, 1, seeds, 60)[0, 0]
    once = estimate(plates, np.arange(60))
    thrice = estimate(np.repeat(plates, 3, axis=1), np.repeat(np.arange(60), 3))
    assert thrice.photos == 180
    assert thrice.groups == once.groups == 60
    assert (thrice.low, thrice.high) == pytest.approx((once.low, once.high), abs=0.004)  # at one seed t for Wilson's z


@pytest.mark.parametrize("seeds", [1, 2, 3, 5])
@pytest.mark.parametrize("right", [0, 1])
def test_all_right_or_all_wrong_is_no_certainty(seeds, right):
    found = estimate(np.full((seeds, 50), right), np.arange(50))
    low, high = wilson(50 * right, 50)
    assert found.mean == right
    assert found.low <= low + 1e-9
    assert found.high >= high - 1e-9
    grouped = estimate(np.full((seeds, 50), right), np.arange(50) // 5)
    assert width(grouped) > 3 * width(found)


def test_seeds_and_photos_each_add_their_own_with_their_own_t():
    answers = drawn_answers(np.random.default_rng(2), 1, 1, 3, 80, 0.7)[0, 0]
    parts = crossed(answers, np.arange(80))
    square = t.isf(0.05, 2) ** 2 * parts.of_seeds + t.isf(0.05, 79) ** 2 * (parts.of_photos - parts.of_both)
    mean = answers.mean()
    found = estimate(answers, np.arange(80), level=0.9)
    assert (found.low, found.high) == pytest.approx(score_interval(mean, square / (mean * (1 - mean))))


def test_intervals_stay_between_0_and_1_and_around_the_mean():
    rng = np.random.default_rng(3)
    for seeds in (1, 2, 3):
        for answers in drawn_answers(rng, 40, 1, seeds, 12, 0.9, luck=0.5)[:, 0]:
            found = estimate(answers, np.arange(12) // 2)
            assert 0 <= found.low <= found.mean <= found.high <= 1
            assert width(found) > 0.05


def test_one_plate_says_nothing():
    found = estimate(np.array([[1, 0, 1], [1, 1, 1]]), np.zeros(3))
    assert (found.low, found.high) == (0, 1)


def test_deviation_between_trainings_is_that_of_their_accuracies():
    answers = drawn_answers(np.random.default_rng(5), 1, 1, 5, 2000, luck=0.3)[0, 0]
    found = estimate(answers, np.arange(2000))
    assert found.between == pytest.approx(answers.mean(1).std(ddof=1))
    assert 0.8 * found.between < found.beyond < found.between
    assert found.freedom == 4


def covered(drawn, groups, truth):
    found = [estimate(answers, groups) for answers in drawn]
    return np.mean([one.low <= truth <= one.high for one in found])


@pytest.mark.parametrize(
    ("seeds", "photos", "accuracy", "luck", "most"),
    [
        (1, 300, 0.85, 0.0, 0.985),
        (2, 100, 0.5, 0.1, 1.0),
        (2, 400, 0.85, 0.3, 1.0),
        (3, 400, 0.85, 0.0, 0.995),
        (3, 400, 0.85, 0.3, 0.99),
        (3, 1500, 0.3, 0.1, 0.995),
        (3, 100, 0.98, 0.1, 0.999),
        (5, 400, 0.95, 0.1, 0.985),
    ],
)
def test_intervals_hold_the_truth_as_often_as_they_say(seeds, photos, accuracy, luck, most):
    drawn = drawn_answers(np.random.default_rng(seeds), 500, 1, seeds, photos, accuracy, luck=luck)[:, 0]
    assert 0.925 <= covered(drawn, np.arange(photos), accuracy) <= most  # 0.95 less 2.5 standard errors of 500


@pytest.mark.parametrize("seeds", [1, 3])
def test_intervals_hold_the_truth_where_plates_differ_in_size(seeds):
    groups = np.repeat(np.arange(90), [1, 2, 6] * 30)
    drawn = drawn_answers(
        np.random.default_rng(8), 500, 1, seeds, 270, 0.8, luck=0.1 * (seeds > 1), hardness=1, plates=1.5, groups=groups
    )[:, 0]
    assert 0.92 <= covered(drawn, groups, 0.8) <= 0.99
    assert covered(drawn, np.arange(270), 0.8) < 0.9  # as if each photo were a plate of its own


def test_the_spread_of_a_table_makes_intervals_narrower_and_not_wrong():
    drawn = drawn_answers(np.random.default_rng(9), 80, 6, 3, 400, luck=0.3, alike=0.9)
    groups = np.arange(400)
    own, shared = [], []
    for rows in drawn:
        spread = common_spread(rows, groups)
        own += [estimate(row, groups) for row in rows]
        shared += [estimate(row, groups, spread=spread) for row in rows]
    assert np.mean([one.low <= 0.85 <= one.high for one in shared]) > 0.93
    assert np.mean([width(one) for one in shared]) < 0.8 * np.mean([width(one) for one in own])
    assert shared[0].freedom == 12
