"""The two-sample test: as often wrong as it says, of plates with several shots too, and able to find differences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from kfood.statistics.one_of_each import one_of_each
from kfood.statistics.two_sample import gaussian_kernel, power_of, rank_difference, two_sample_p

LENGTH = 16


def _features(rng: np.random.Generator, plates: int, shots: int = 1, shift: float = 0.0) -> np.ndarray:
    """Photos of plates; shots of one plate are nearly alike."""
    of_plate = rng.normal(size=(plates, LENGTH)).repeat(shots, axis=0)
    photos = of_plate + 0.1 * rng.normal(size=of_plate.shape) + 1
    photos[:, 0] += shift
    return photos


def _p(before: np.ndarray, new: np.ndarray, **more: object) -> float:
    is_new = np.arange(len(before) + len(new)) >= len(before)
    return two_sample_p(gaussian_kernel(np.concatenate([before, new])), is_new, draws=99, **more)


def _holds(times: int, of: int) -> bool:
    """Whether so many false alarms are no more than chance makes of 5 %."""
    return binomtest(times, of, 0.05, alternative="greater").pvalue > 0.01


def test_sets_of_one_source_differ_as_often_as_the_level_says():
    rng = np.random.default_rng(1)
    found = [_p(_features(rng, 60), _features(rng, 25)) for _ in range(300)]
    assert _holds(sum(p <= 0.05 for p in found), 300)
    assert 0.4 < np.mean(found) < 0.6


def test_shots_of_one_plate_make_false_alarms_unless_one_of_each_counts():
    rng, alarms, naive = np.random.default_rng(2), 0, 0
    for _ in range(150):
        before, new = _features(rng, 30, shots=4), _features(rng, 10, shots=4)
        naive += _p(before, new) <= 0.05
        drawn = [side[one_of_each(np.arange(len(side)) // 4)] for side in (before, new)]
        alarms += _p(*drawn) <= 0.05
    assert _holds(alarms, 150)
    assert not _holds(naive, 150)


def test_a_shift_is_found_the_more_often_the_larger_it_is():
    rng = np.random.default_rng(3)
    found = {
        shift: np.mean([_p(_features(rng, 60), _features(rng, 30, shift=shift)) <= 0.05 for _ in range(40)])
        for shift in (0.5, 2.0)
    }
    assert found[0.5] < found[2.0] == 1


def test_power_is_how_often_the_test_finds_it():
    rng = np.random.default_rng(4)
    known, shifted = _features(rng, 90), _features(rng, 90, shift=1.0)

    def draw(same: bool, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        order = rng.permutation(90)
        return order[30:], order[:30] + (0 if same else 90)

    pool = np.concatenate([known, shifted])
    assert power_of(pool, lambda rng: draw(True, rng)) <= 0.12
    once = np.mean([_p(_features(rng, 60), _features(rng, 30, shift=1.0)) <= 0.05 for _ in range(100)])
    assert power_of(pool, lambda rng: draw(False, rng)) == pytest.approx(once, abs=0.25)


def test_another_mix_of_dishes_is_no_difference_within_dishes():
    rng, found = np.random.default_rng(5), []
    for _ in range(100):
        strata = np.concatenate([rng.random(60) < 0.5, rng.random(40) < 0.9]).astype(int)
        features = _features(rng, 100)
        features[:, 1] += 3 * strata
        is_new = np.arange(100) >= 60
        kernel = gaussian_kernel(features)
        found.append([two_sample_p(kernel, is_new, of, draws=99) <= 0.05 for of in (None, strata)])
    plain, within = np.sum(found, axis=0)
    assert plain > 80
    assert _holds(within, 100)


def test_a_difference_within_dishes_is_found():
    rng = np.random.default_rng(6)
    strata = np.arange(90) % 3
    features = _features(rng, 90)
    features[:, 1] += 3 * strata
    is_new = np.arange(90) >= 50
    features[is_new, 0] += 2
    assert two_sample_p(gaussian_kernel(features), is_new, strata) < 0.01
    alone = np.where(is_new, 0, 1)  # no stratum has photos on both sides
    assert two_sample_p(gaussian_kernel(features), is_new, alone) == 1


def test_rank_difference():
    assert rank_difference(np.ones(30), np.ones(40)) == (found := rank_difference(np.ones(3), np.ones(4)))
    assert (found.higher, found.p) == (0.5, 1.0)
    found = rank_difference(np.arange(30) + 100.0, np.arange(40.0))
    assert found.higher == 1
    assert found.p < 1e-6
