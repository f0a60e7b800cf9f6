"""The calibration error: known values, and how often its interval holds a known truth."""

import numpy as np
import pytest
from scipy.stats import norm

from kfood.errors import KfoodError
from kfood.statistics.calibration_error import calibration_error, equal_bins


def drawn(rng, plates, shots, too_sure=0.0):
    """Probabilities of 0.3 to 1, most near 1, right less often by `too_sure`; shots of one plate are alike."""

    def uniform():
        shared = rng.standard_normal(plates).repeat(shots)
        return norm.cdf(0.8 * shared + 0.6 * rng.standard_normal(plates * shots)) if shots > 1 else norm.cdf(shared)

    probability = 1 - 0.7 * uniform() ** 3
    return probability, uniform() < probability - too_sure, np.arange(plates).repeat(shots)


@pytest.mark.slow
@pytest.mark.parametrize(("plates", "shots"), [(100, 1), (300, 1), (1000, 1), (75, 4)])
@pytest.mark.parametrize("truth", [0.0, 0.02, 0.1, 0.2])
def test_the_interval_holds_the_true_error_as_often_as_it_says(plates, shots, truth):
    rng = np.random.default_rng(plates)
    found = [calibration_error(*drawn(rng, plates, shots, truth)) for _ in range(200)]
    held = sum(each.low <= truth <= each.high for each in found)
    assert held >= 182  # 190 or more on average; fewer than 182 in one of 100 at 95 %
    assert all(each.low <= each.value <= each.high for each in found)
    if not truth:
        # The plain one, with what chance adds, is 0.05 on average with 300 photos.
        assert np.mean([each.value for each in found]) < 0.04
    if truth >= 0.1:
        assert np.mean([each.value for each in found]) == pytest.approx(truth, abs=0.025)


def test_it_is_0_to_the_interval_just_where_chance_explains_it():
    rng = np.random.default_rng(0)
    found = [calibration_error(*drawn(rng, 200, 1, 0.06)) for _ in range(60)]
    assert {each.low > 0 for each in found} == {True, False}
    for each in found:
        assert (each.low > 0) == (each.p < 0.025)


def test_less_error_than_chance_gives_is_no_proof_of_none():
    """As many are right in each bin as probabilities say, more evenly than chance would have it."""
    probability = np.repeat([0.5, 0.8], 50)
    right = np.tile([1, 0], 50)[:50].tolist() + [1, 1, 1, 1, 0] * 10
    found = calibration_error(probability, np.array(right), np.arange(100))
    assert (found.value, found.low) == (0, 0)
    assert found.high > 0.08


def test_known_gaps_on_many_photos():
    probability = np.repeat([0.6, 0.9], 20_000)
    right = np.concatenate([np.arange(20_000) % 10 < 5, np.arange(20_000) % 10 < 7])  # 0.1 and 0.2 too sure
    found = calibration_error(probability, right, np.arange(40_000))
    assert found.value == pytest.approx(np.sqrt((0.1**2 + 0.2**2) / 2), abs=1e-3)
    assert found.high - found.low < 0.02
    assert found.p < 1e-6


def test_a_bin_without_a_mistake_is_no_proof():
    """20 of 20 right at a probability of 0.95 happen in 36 % of cases."""
    found = calibration_error(np.linspace(0.94, 0.96, 20), np.ones(20), np.arange(20))
    assert found.low == 0


def test_shots_of_one_plate_count_as_such():
    probability, right, _ = drawn(np.random.default_rng(3), 100, 1, 0.1)
    four = (probability.repeat(4), right.repeat(4))
    alone, plates = calibration_error(*four, np.arange(400)), calibration_error(*four, np.arange(100).repeat(4))
    assert plates.high - plates.low > 1.5 * (alone.high - alone.low)


def test_one_plate_says_nothing():
    found = calibration_error(np.array([0.5, 0.9]), np.array([1, 1]), np.zeros(2))
    assert (found.low, found.high, found.p) == (0, 1, 1)


def test_bins_hold_equally_many_and_equal_values_share_one():
    assert np.bincount(equal_bins(np.linspace(0, 1, 60), 6)).tolist() == [10] * 6
    tied = equal_bins(np.array([0.2, 0.3] + [1.0] * 8), 5)
    assert len(set(tied[2:])) == 1


def test_shapes_that_do_not_fit_are_refused():
    for probability, groups in ((np.ones(3), np.arange(2)), (np.ones(0), np.arange(0))):
        with pytest.raises(KfoodError, match="a probability and a group for each photo"):
            calibration_error(probability, np.ones(len(probability)), groups)
