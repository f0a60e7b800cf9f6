"""How many labels are flipped, where it is known."""

import numpy as np
import pytest

from kfood.label_issues.noise_rates import log_density, noise_rates


def drawn(n: int, first: float, second: float, apart: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores, labels (whether the second class), and which of them are flipped; rates are of the labels."""
    rng = np.random.default_rng(seed)
    label = np.arange(2 * n) >= n
    flipped = rng.random(2 * n) < np.where(label, second, first)
    shown = label ^ flipped
    return rng.normal(np.where(shown, apart / 2, -apart / 2), 1), label, flipped


@pytest.mark.parametrize(("first", "second"), [(0.0, 0.0), (0.1, 0.1), (0.2, 0.05)])
@pytest.mark.parametrize("seed", range(2))
def test_the_interval_holds_the_true_rate(first, second, seed):
    scores, label, flipped = drawn(150, first, second, 3.5, seed)
    found = noise_rates(scores, label)
    for rate, of in ((found.first, ~label), (found.second, label), (found.both, np.ones_like(label))):
        assert rate.low - 0.005 <= flipped[of].mean() <= rate.high + 0.005  # of 18 intervals of 95 % one may miss
        assert rate.low <= rate.rate <= rate.high
        assert rate.n == of.sum()
    assert found.both.high - found.both.low < 0.12
    assert found.apart == pytest.approx(3.5, rel=0.25)


def test_each_photo_is_judged_by_its_own_score_and_label():
    scores, label, flipped = drawn(200, 0.1, 0.1, 4, 0)
    wrong = noise_rates(scores, label).wrong
    assert wrong[flipped].mean() > 0.85
    assert wrong[~flipped].mean() < 0.03


def test_order_and_scale_of_the_scores_do_not_matter():
    scores, label, _ = drawn(100, 0.15, 0.05, 3, 1)
    order = np.random.default_rng(0).permutation(len(scores))
    plain, other = noise_rates(scores, label), noise_rates(7 * scores[order] + 3, label[order])
    assert other.both.rate == pytest.approx(plain.both.rate, abs=2e-3)
    np.testing.assert_allclose(other.wrong, plain.wrong[order], atol=0.02)


def test_classes_that_cannot_be_told_apart_leave_the_rate_open():
    scores, label, _ = drawn(100, 0.1, 0.1, 0.5, 0)
    found = noise_rates(scores, label)
    assert found.both.high - found.both.low > 0.25
    assert found.apart < 2


def test_the_shapes_density_and_gradient():
    """Normal where skew and tails are those of the normal distribution; a density; the gradient by differences."""
    x = np.linspace(-30, 30, 20_001)
    normal, _ = log_density(x, np.array([0.3, np.log(2), 0, 0]))
    np.testing.assert_allclose(normal, -0.5 * ((x - 0.3) / 2) ** 2 - np.log(2) - 0.5 * np.log(2 * np.pi), atol=1e-9)
    parameters = np.array([0.2, -0.3, 0.4, 0.2])
    found, gradient = log_density(x, parameters)
    assert np.trapezoid(np.exp(found), x) == pytest.approx(1, abs=1e-6)
    at = slice(9000, 11_000, 100)
    for number in range(4):
        step = 1e-6 * np.eye(4)[number]
        slope = (log_density(x[at], parameters + step)[0] - log_density(x[at], parameters - step)[0]) / 2e-6
        np.testing.assert_allclose(gradient[number][at], slope, rtol=1e-4, atol=1e-5)


def test_where_rounding_leaves_one_pair_of_rates_they_are_found():
    scores = np.random.default_rng(0).normal(size=21)
    found = noise_rates(scores, np.arange(21) >= 9)  # half of all labels wrong: each rate can be the highest alone
    assert 0 <= found.both.low <= found.both.rate <= found.both.high <= 0.5
