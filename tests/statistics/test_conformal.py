"""Prediction sets: equal to MAPIE's on the same scores, and as often right as they say where the truth is known."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import betabinom

from kfood.errors import KfoodError
from kfood.statistics.conformal import (
    APS,
    LAC,
    SET_SCORES,
    class_thresholds,
    conformal_threshold,
    coverage_band,
    needed_photos,
    require_share,
    set_scores,
    share_as_strange,
)
from support.gaussian_scores import CLASSES, draw_photos, probabilities


def test_the_threshold_is_the_ranked_score_and_infinite_where_photos_are_too_few():
    scores = np.array([0.4, 0.1, 0.3, 0.2, 0.9, 0.8, 0.7, 0.6, 0.5])
    assert conformal_threshold(scores, 0.9) == 0.9  # the 9th of 9
    assert conformal_threshold(scores, 0.5) == 0.5
    assert conformal_threshold(scores[:8], 0.9) == math.inf
    assert [needed_photos(wanted) for wanted in (0.5, 0.9, 0.95, 0.99)] == [1, 9, 19, 99]


@pytest.mark.parametrize("wanted", [0.5, 0.75, 0.9, 0.95, 0.99])
def test_what_is_needed_is_just_what_gives_a_threshold(wanted):
    needed = needed_photos(wanted)
    assert math.isfinite(conformal_threshold(np.arange(needed), wanted))
    assert needed == 1 or math.isinf(conformal_threshold(np.arange(needed - 1), wanted))


def test_scores_by_hand():
    row = np.array([[0.5, 0.3, 0.2]])
    assert set_scores(row, LAC) == pytest.approx(np.array([[0.5, 0.7, 0.8]]))
    assert set_scores(row, APS) == pytest.approx(np.array([[0.0, 0.5, 0.8]]))


@pytest.mark.parametrize("kind", SET_SCORES)
@pytest.mark.parametrize("wanted", [0.8, 0.9, 0.95])
def test_sets_are_mapies(kind, wanted, monkeypatch):
    classification = pytest.importorskip("mapie.classification", reason="MAPIE is not installed")
    # MAPIE draws a random number for each photo; here it is always 1, as in `set_scores`.
    ones = SimpleNamespace(uniform=lambda size: np.ones(size))
    monkeypatch.setattr("mapie.conformity_scores.sets.aps.check_random_state", lambda _: ones)
    rng = np.random.default_rng(3)
    valid, test = (draw_photos(rng, n) for n in (150, 300))
    network = _Network()
    splitted = classification.SplitConformalClassifier(
        network, confidence_level=wanted, conformity_score=kind, prefit=True
    )
    splitted.conformalize(valid.logits, valid.labels)
    given = {"include_last_label": "randomized"} if kind == APS else None
    theirs = splitted.predict_set(test.logits, conformity_score_params=given)[1][:, :, 0]
    scores = set_scores(probabilities(valid), kind)[np.arange(150), valid.labels]
    ours = set_scores(probabilities(test), kind) <= conformal_threshold(scores, wanted) + 1e-9
    assert (ours == theirs).all()


class _Network:
    """What MAPIE takes for a fitted classifier."""

    classes_ = np.arange(CLASSES)
    n_features_in_ = CLASSES
    _estimator_type = "classifier"

    def fit(self, x, y):
        return self

    def predict_proba(self, logits):
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True)

    def predict(self, logits):
        return logits.argmax(axis=1)

    def __sklearn_is_fitted__(self):
        return True


@pytest.mark.parametrize("kind", SET_SCORES)
@pytest.mark.parametrize(("photos", "wanted"), [(60, 0.9), (200, 0.8)])
def test_coverage_is_beta_binomial_whatever_the_network(kind, photos, wanted):
    """A network that is twice too bold: its sets still keep what they say, in the shares that are exact."""
    rng = np.random.default_rng(photos)
    covered = []
    for _ in range(300):
        valid, test = (draw_photos(rng, n) for n in (photos, 100))
        scores = set_scores(probabilities(valid, 2.0), kind)[np.arange(photos), valid.labels]
        own = set_scores(probabilities(test, 2.0), kind)[np.arange(100), test.labels]
        covered.append((own <= conformal_threshold(scores, wanted)).mean())
    assert np.mean(covered) > wanted - 0.01
    low, high = coverage_band(photos, 100, wanted)
    assert np.mean(np.array(covered) >= low) > 0.95
    if kind == LAC:  # scores that do not tie: exact on both sides
        assert np.mean(covered) < wanted + 0.015
        assert 0.92 < np.mean([low <= each <= high for each in covered]) <= 1


def test_class_thresholds_hold_in_each_class():
    rng = np.random.default_rng(5)
    hits = np.zeros(CLASSES)
    counts = np.zeros(CLASSES)
    for _ in range(100):
        valid, test = (draw_photos(rng, n) for n in (300, 300))
        scores = set_scores(probabilities(valid, 0.7), LAC)[np.arange(300), valid.labels]
        thresholds = class_thresholds(scores, valid.labels, CLASSES, 0.8)
        own = set_scores(probabilities(test, 0.7), LAC)[np.arange(300), test.labels]
        hits += np.bincount(test.labels, own <= thresholds[test.labels], CLASSES)
        counts += np.bincount(test.labels, minlength=CLASSES)
    assert (hits / counts > 0.79).all()
    assert (hits / counts < 0.84).all()
    assert class_thresholds(scores, np.zeros(300, int), 2, 0.8)[1] == math.inf


def test_the_band_is_that_of_the_beta_binomial():
    low, high = coverage_band(99, 50, 0.9)
    exact = betabinom(50, 90, 10)
    assert exact.cdf(round(50 * high)) - exact.cdf(round(50 * low) - 1) >= 0.95
    assert exact.cdf(round(50 * low) - 1) < 0.025
    assert coverage_band(5, 50, 0.9) == (1.0, 1.0)


def test_the_share_that_is_as_strange_is_a_p_value():
    assert share_as_strange(np.array([0.0, 2.5, 9.0]), np.array([1.0, 2.0, 3.0])) == pytest.approx([1, 0.5, 0.25])
    rng = np.random.default_rng(0)
    refused = [share_as_strange(rng.normal(size=50), rng.normal(size=99)) <= 0.05 for _ in range(400)]
    assert 0.04 < np.mean(refused) < 0.06


@pytest.mark.parametrize("wrong", [0, 1, -0.1, 90, math.nan])
def test_a_coverage_outside_of_0_to_1_is_refused(wrong):
    with pytest.raises(KfoodError, match="must lie between 0 and 1"):
        require_share(wrong, "The coverage that is wanted")
