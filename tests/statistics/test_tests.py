"""Tests of whether two shares differ."""

import numpy as np
import pytest
from scipy.stats import fisher_exact

from kfood.statistics.tests import difference_of_shares


def drawn(rng, plates, shots, shares, alike=0.9):
    """Hits of photos of two kinds with these shares; the shots of a plate are of one kind and mostly hit together."""
    first = np.repeat(rng.random(plates) < 0.5, shots)
    plate = np.repeat(rng.random(plates), shots)
    level = np.where(rng.random(plates * shots) < alike, plate, rng.random(plates * shots))
    return level < np.where(first, *shares), first, np.repeat(np.arange(plates), shots)


def test_where_each_photo_is_by_itself_it_is_fishers_exact_test():
    hits, first, groups = drawn(np.random.default_rng(0), 40, 1, (0.7, 0.4))
    table = [[int((hits & kind).sum()), int((~hits & kind).sum())] for kind in (first, ~first)]
    assert difference_of_shares(hits, first, groups) == pytest.approx(fisher_exact(table).pvalue)


@pytest.mark.parametrize(("plates", "shots"), [(40, 3), (100, 4)])
def test_shots_of_one_plate_raise_no_false_alarms(plates, shots):
    rng = np.random.default_rng(0)
    cases = [drawn(rng, plates, shots, (0.6, 0.6)) for _ in range(400)]
    assert np.mean([difference_of_shares(*case) < 0.05 for case in cases]) < 0.08
    alone = [difference_of_shares(hits, first, np.arange(len(hits))) < 0.05 for hits, first, _ in cases]
    assert np.mean(alone) > 0.12  # what taking the photos for independent would do


def test_a_true_difference_is_seen_through_the_plates():
    rng = np.random.default_rng(1)
    assert np.mean([difference_of_shares(*drawn(rng, 100, 3, (0.8, 0.4))) < 0.05 for _ in range(100)]) > 0.8


def test_what_cannot_be_compared_has_no_p_below_one():
    hits, groups = np.array([True, False, True, False]), np.array([0, 0, 1, 1])
    assert difference_of_shares(hits, np.ones(4, bool), groups) == 1
    assert difference_of_shares(hits, np.array([True, False, True, False]), np.zeros(4)) == 1
    assert difference_of_shares(np.ones(4, bool), np.array([True, True, False, False]), groups) == 1
