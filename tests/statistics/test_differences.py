"""Differences of rows: known values, and how often they are right about a known truth."""

import numpy as np
import pytest
from scipy.stats import t

from kfood.errors import KfoodError
from kfood.statistics.crossed import spread_of_differences
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


def test_one_seed_with_plates_is_t_over_plates_and_two_more():
    first, second = drawn_answers(np.random.default_rng(1), 1, 2, 1, 300, np.array([0.7, 0.8]))[0]
    found = paired_difference(first, second, np.arange(300) // 3)
    by_plate = (second.astype(float) - first).reshape(100, 3).mean(1)
    error = (by_plate.var(ddof=1) / 100 + 2 / 102**2) ** 0.5
    assert found.p == pytest.approx(2 * t.sf(abs(by_plate.mean()) / error, 99))
    assert found.high - found.mean == pytest.approx(t.isf(0.025, 99) * error)


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
        spread = spread_of_differences(rows, groups)
        alone.append(paired_difference(rows[0], rows[5], groups).p < 0.05)
        shared.append(paired_difference(rows[0], rows[5], groups, spread=spread).p < 0.05)
    assert np.mean(alone) > 0.6
    assert np.mean(shared) > np.mean(alone) + 0.1


def mended(rows, photos):
    """The rows, the second of them now the first with so many photos put right that all its seeds had wrong."""
    rows = rows.copy()
    rows[1] = rows[0]
    rows[1][:, np.flatnonzero(~rows[0].any(0))[:photos]] = True
    return rows


@pytest.mark.parametrize("others", [0, 7])
@pytest.mark.parametrize(("seeds", "most"), [(2, 0.02), (3, 0.003), (5, 0.002)])
def test_few_photos_mended_in_every_seed_are_told_however_the_seeds_spread(seeds, most, others):
    """12 of 781 mended, none harmed: how the trainings spread, each seed alike in both rows, is no part of it."""
    rows = mended(drawn_answers(np.random.default_rng(3), 1, 2 + others, seeds, 781, luck=0.15, alike=0.95)[0], 12)
    groups = np.arange(781)
    found = paired_difference(rows[0], rows[1], groups, spread=spread_of_differences(rows, groups))
    assert found.mean == pytest.approx(12 / 781)
    assert found.p < most
    assert found.low > 0


def test_four_photos_that_go_one_way_in_every_seed_are_no_proof():
    """Four coins fall so one time in eight: it is McNemar's p of one training."""
    row = drawn_answers(np.random.default_rng(3), 1, 1, 3, 400)[0, 0]
    first, second = mended(np.stack([row, row]), 4)
    assert paired_difference(first, second, np.arange(400)).p > 0.05


def paired_rows(kind, tables, rows, seeds, photos, luck):
    """Tables of equal rows of which the first two are of interest; the others are trained independently."""
    rng = np.random.default_rng(seeds)
    lucks = rng.standard_normal((tables, rows, seeds))
    if kind == "luck shared by seed":
        lucks[:] = lucks[:, :1]
    drawn = drawn_answers(rng, tables, rows, seeds, photos, luck=luck, alike=0.95, lucks=lucks)
    if kind == "the same photos change":  # of those that all seeds have right as many as of those that all have wrong
        right, wrong = drawn[:, 0].all(1), ~drawn[:, 0].any(1)
        chance = np.where(right, 3 / right.sum(1, keepdims=True), wrong * 3 / wrong.sum(1, keepdims=True))
        drawn[:, 1] = drawn[:, 0] ^ (rng.random((tables, photos)) < chance)[:, None]
    return drawn


@pytest.mark.parametrize("kind", ["trained independently", "luck shared by seed", "the same photos change"])
@pytest.mark.parametrize(("seeds", "luck"), [(2, 0.1), (3, 0.0), (3, 0.2), (5, 0.1)])
@pytest.mark.parametrize("rows", [2, 6])
def test_with_the_tables_spread_equal_rows_are_rarely_told_apart(kind, seeds, luck, rows):
    groups, found = np.arange(400), []
    for table in paired_rows(kind, 300, rows, seeds, 400, luck):
        found.append(paired_difference(table[0], table[1], groups, spread=spread_of_differences(table, groups)).p)
    assert np.mean(np.array(found) < 0.05) <= 0.08  # 0.05 and 2.5 standard errors of 300


@pytest.mark.parametrize("seeds", [1, 3])
def test_a_detectable_difference_is_found_in_four_of_five_cases(seeds):
    """The power of a difference as large as the mean of what is said to be detectable."""
    groups = np.arange(400)

    def told(accuracies, rng):
        drawn = drawn_answers(rng, 400, 2, seeds, 400, accuracies, luck=0.05, alike=0.9)
        return [paired_difference(*rows, groups) for rows in drawn]

    rng = np.random.default_rng(8)
    guess = np.mean([one.detectable() for one in told(np.array([0.8, 0.8]), rng)])
    found = told(np.array([0.8 - guess / 2, 0.8 + guess / 2]), rng)
    assert 0.7 < np.mean([one.p < 0.05 for one in found]) < 0.92
    assert found[0].detectable(0.99) > found[0].detectable() > found[0].detectable(power=0.6)
    assert np.isnan(paired_difference(np.ones((3, 5)), np.zeros((3, 5)), np.zeros(5)).detectable())
