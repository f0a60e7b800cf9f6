"""Ours against the report's figure."""

import numpy as np
import pytest
from scipy.stats import t

from kfood.statistics.estimates import Estimate, estimate
from kfood.statistics.intervals import wilson
from kfood.study.reported import DIFFERS, REPRODUCED, against_report
from kfood.study.verdicts import SAME
from support.drawn_answers import drawn_answers

NARROW = Estimate(0.95, 0.948, 0.952, 3, 40000, 40000, between=0.001, beyond=0.0008, freedom=14)


@pytest.mark.parametrize(
    ("figure", "margin", "verdict"),
    [
        (0.951, 0.02, REPRODUCED),
        (0.94, 0.02, REPRODUCED),  # it differs, but by less than the margin
        (0.951, 0.001, SAME),
        (0.93, 0.02, DIFFERS),
        (0.97, 0.02, DIFFERS),
        (0.97, 0.03, REPRODUCED),
    ],
)
def test_verdicts(figure, margin, verdict):
    found = against_report(NARROW, figure, 40000, margin)
    assert found.mean == pytest.approx(0.95 - figure)
    assert found.low < found.mean < found.high
    assert found.verdict == verdict
    assert found.detectable == pytest.approx((found.high - found.low) / 2)


def test_with_one_seed_it_is_newcombes_interval():
    # R. G. Newcombe (1998), table II, (a): 56 of 70 against 48 of 80, method 10
    ours = estimate(np.arange(70)[None] < 56, np.arange(70))
    found = against_report(ours, 0.6, 80, 0.01)
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=1e-4)
    assert found == against_report(ours, 0.6, 80, 0.01, same_photos=True)  # of trainings nothing is known


def test_the_reports_training_had_its_luck_too():
    calm = Estimate(0.8, 0.79, 0.81, 3, 4000, 4000, between=0.005, beyond=0.0, freedom=2)
    lucky = Estimate(0.8, 0.79, 0.81, 3, 4000, 4000, between=0.02, beyond=0.02, freedom=2)
    low, high = wilson(3200, 4000)
    assert against_report(calm, 0.8, 4000, 0.01).high == pytest.approx(np.hypot(0.01, 0.8 - low))
    assert against_report(lucky, 0.8, 4000, 0.01).high > t.isf(0.025, 2) * 0.02 > 3 * (high - 0.8)


def test_on_the_same_photos_only_luck_in_training_is_left():
    found = against_report(NARROW, 0.951, 40000, 0.003, same_photos=True)
    assert found.high - found.low == pytest.approx(2 * t.isf(0.025, 14) * 0.001 * (4 / 3) ** 0.5)
    assert found.verdict == SAME
    assert against_report(NARROW, 0.951, 40000, 0.004, same_photos=True).verdict == REPRODUCED


@pytest.mark.parametrize("figure", [0.0, 1.0])
def test_a_figure_of_0_or_1_is_no_certainty(figure):
    found = against_report(NARROW, figure, 50, 0.01)
    assert -1 <= found.low < found.high <= 1
    assert found.high - found.low > 0.05


@pytest.mark.parametrize("same_photos", [False, True])
def test_the_interval_holds_the_true_difference(same_photos):
    rng = np.random.default_rng(4)
    ours = drawn_answers(rng, 400, 1, 4, 400, 0.8, luck=0.2)[:, 0]
    other = drawn_answers(rng, 400, 1, 1, 400, 0.8, luck=0.2)[:, 0, 0]
    held = []
    for answers, theirs in zip(ours, other, strict=True):
        figure = (answers[3] if same_photos else theirs).mean()  # the fourth training is the report's
        found = against_report(estimate(answers[:3], np.arange(400)), figure, 400, 0.01, same_photos=same_photos)
        held.append(found.low <= 0 <= found.high)
    assert 0.92 <= np.mean(held) <= 0.99


def test_a_difference_as_large_as_the_margin_is_rarely_called_reproduced():
    """The error of an equivalence test: 0.025, as each end of the interval is left out."""
    rng = np.random.default_rng(5)
    ours = drawn_answers(rng, 600, 1, 3, 2000, 0.85, luck=0.02)[:, 0]
    theirs = drawn_answers(rng, 600, 1, 1, 2000, 0.81, luck=0.02)[:, 0, 0].mean(1)
    found = [
        against_report(estimate(answers, np.arange(2000)), figure, 2000, 0.04)
        for answers, figure in zip(ours, theirs, strict=True)
    ]
    assert np.mean([one.verdict == REPRODUCED for one in found]) <= 0.04  # 0.025 and 2.5 standard errors of 600
