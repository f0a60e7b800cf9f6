"""Estimates of the error that comes of wrong labels, against what it is known to be, and what they must not claim."""

import numpy as np
import pandas as pd
import pytest

from kfood.label_issues.error_estimates import TITLE, error_estimates, wrong_of_two
from kfood.label_issues.noise_rates import NoiseRates, Rate

FLIPS = NoiseRates(Rate(0.1, 0.05, 0.2, 50), Rate(0.1, 0.05, 0.2, 50), Rate(0.1, 0.07, 0.15, 100), 3.0, np.zeros(100))
NO_COPIES = pd.DataFrame({"a": [], "b": [], "kind": []}).astype({"a": int, "b": int, "kind": str})


def pair_of(flips: float, seed: int = 0, n: int = 2000) -> tuple[np.ndarray, pd.DataFrame]:
    """Two dishes far apart, with this share of labels exchanged: no model does better than that share."""
    rng = np.random.default_rng(seed)
    shown = np.arange(n) % 2
    label = shown ^ (rng.random(n) < flips)
    features = rng.normal(size=(n, 4)) + 50 * np.stack([shown, 1 - shown, shown, shown], 1)
    return features, pd.DataFrame({"label": np.where(label, "b", "a"), "group": [str(k) for k in range(n)]})


@pytest.mark.parametrize("flips", [0.0, 0.05, 0.15])
def test_the_nearest_neighbours_error_is_what_was_measured(flips):
    """A neighbour's label is as likely wrong as one's own: with endless photos the error would be 2 r (1 - r)."""
    features, pair = pair_of(flips)
    row = error_estimates(FLIPS, features, pair, NO_COPIES).set_index("by").loc["1-NN on frozen features"]
    assert row["low"] - 1e-9 <= 2 * flips * (1 - flips) <= row["high"]
    assert row["high"] - row["low"] < 0.06


def test_what_other_features_tell_is_not_bounded_by_these():
    """Labels without a fault that show in one of 400 numbers: a neighbour errs often, a straight line hardly ever."""
    rng = np.random.default_rng(1)
    features = rng.normal(size=(600, 400))
    shown = features[:, 0] > 0
    pair = pd.DataFrame({"label": np.where(shown, "b", "a"), "group": [str(k) for k in range(600)]})
    row = error_estimates(FLIPS, features, pair, NO_COPIES).set_index("by").loc["1-NN on frozen features"]
    assert wrong_of_two(row["low"]) > 0.1  # what was called the least error of any model, though that is 0
    assert ((features[:, 0] > 0) == shown).all()
    assert "no bound" in row["if"] and "no bounds" in TITLE


@pytest.mark.parametrize("error", [0.0, 0.1, 0.3, 0.5])
def test_two_labels_differ_in_twice_the_share_of_wrong_and_right(error):
    assert wrong_of_two(2 * error * (1 - error)) == pytest.approx(error)


def test_copies_labelled_one_by_one_tell_the_share_of_wrong_labels():
    """Of 400 photos with a copy each, labels exchanged with 0.1: two copies differ in 0.18."""
    rng = np.random.default_rng(0)
    labels = rng.random(800) < 0.1
    pair = pd.DataFrame({"label": np.where(labels, "b", "a"), "group": [str(k) for k in range(800)]})
    copies = pd.DataFrame({"a": np.arange(400), "b": np.arange(400, 800), "kind": "near"})
    scenes = pd.DataFrame({"a": [0], "b": [1], "kind": "scene"})
    found = error_estimates(FLIPS, rng.normal(size=(800, 4)), pair, pd.concat([copies, scenes], ignore_index=True))
    row = found.set_index("by").loc["copies under two labels"]
    assert row["low"] < 0.1 < row["high"]
    assert row["n"] == 400


def test_without_copies_nothing_is_said_of_them():
    features, pair = pair_of(0.1, n=100)
    row = error_estimates(FLIPS, features, pair, NO_COPIES).set_index("by").loc["copies under two labels"]
    assert row["n"] == 0 and np.isnan(row["error"])
