"""ECE and classwise ECE by hand, and what the bootstrap makes of them."""

from __future__ import annotations

import numpy as np
import pytest

from kfood.statistics.bootstrap import basic_bootstrap
from kfood.statistics.expected_calibration_error import (
    classwise_calibration_error,
    expected_calibration_error,
    judge_calibration_error,
    top_calibration_error,
)
from support.gaussian_scores import draw_photos, probabilities


def test_by_hand():
    probability, hit = np.array([0.9, 0.9, 0.3, 0.3]), np.array([True, False, True, True])
    assert expected_calibration_error(probability, hit, 10) == pytest.approx((2 * 0.4 + 2 * 0.7) / 4)
    assert expected_calibration_error(probability, hit, 10, np.array([1, 0, 1, 1])) == pytest.approx((0.1 + 1.4) / 3)
    shares = np.array([[0.9, 0.1], [0.6, 0.4]])
    assert classwise_calibration_error(shares, np.array([0, 1]), 10) == pytest.approx(
        ((0.1 + 0.6) / 2 + (0.1 + 0.6) / 2) / 2
    )


@pytest.mark.parametrize("error", [top_calibration_error, classwise_calibration_error])
@pytest.mark.slow
def test_the_interval_reaches_0_where_probabilities_are_right_and_not_where_they_are_bold(error):
    rng = np.random.default_rng(0)
    for bold, least, most in ((1.0, 13, 15), (2.0, 0, 1)):
        touched = 0
        for _ in range(15):
            photos = draw_photos(rng, 200)
            plates = np.arange(200).repeat(2)
            shares, labels = probabilities(photos, bold).repeat(2, axis=0), photos.labels.repeat(2)
            found = judge_calibration_error(error, shares, labels, plates)
            assert 0 <= found.low <= found.value <= found.high
            touched += found.low == 0
        assert least <= touched <= most


def test_plates_are_drawn_whole():
    values = np.random.default_rng(0).random(40).repeat(10) + 1

    def mean(times):
        return (values * times).sum() / times.sum()

    narrow, wide = (np.diff(basic_bootstrap(mean, of)) for of in (np.arange(400), np.arange(40).repeat(10)))
    assert 2.4 < wide / narrow < 4.2  # the root of 10
