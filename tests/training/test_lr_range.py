"""The learning rate finder: a curve and suggestions for each seed, and nothing else touched."""

import math

import numpy as np
import pandas as pd
import pytest

from kfood.training.lr_range import LrRange, search_learning_rate, suggest


def test_a_curve_and_suggestions_for_each_seed(tiny, tiny_samples, monkeypatch):
    from kfood.training import lr_range
    from support.tiny import tiny_model

    monkeypatch.setattr(lr_range, "build_model", lambda *_: tiny_model())
    recipe = tiny(optimizer={"name": "adam"}).recipe
    found = search_learning_rate(recipe, tiny_samples, start=None, seeds=2, iterations=60)
    assert found.curves["seed"].unique().tolist() == [0, 1]
    for _, curve in found.curves.groupby("seed"):
        assert curve["lr"].iloc[0] == pytest.approx(1e-7)
        assert curve["lr"].is_monotonic_increasing
        assert len(curve) > 40
    assert list(found.suggestions) == ["seed", "valley", "steep", "minimum", "slide"]
    assert 1e-7 < found.lr < 10
    again = search_learning_rate(recipe, tiny_samples, start=None, seeds=2, iterations=60)
    pd.testing.assert_frame_equal(again.curves, found.curves)


def test_suggestions_lie_where_the_loss_falls():
    lrs = np.logspace(-7, 1, 100)
    # flat, then falling from 1e-4 to 1e-1, then rising
    logs = np.log10(lrs)
    losses = np.where(logs < -4, 1.0, np.where(logs < -1, 1 - (logs + 4) / 3 * 0.8, 0.2 + (logs + 1) ** 2))
    found = suggest(pd.DataFrame({"lr": lrs, "loss": losses}), 100)
    assert 1e-4 < found["valley"] < 1e-1
    assert found["minimum"] == pytest.approx(0.1 / 10, rel=0.3)  # fastai: a tenth of the lowest point


def test_a_curve_too_short_for_a_rule_gives_nan():
    found = suggest(pd.DataFrame({"lr": [1e-7] * 8, "loss": [1.0] * 8}), 100)
    assert all(math.isnan(value) for value in found.values())


def test_spread_and_choice_over_seeds():
    suggestions = pd.DataFrame({"seed": [0, 1, 2], "valley": [1e-3, 3e-3, 2e-3], "steep": [1e-3, math.nan, 1e-3]})
    found = LrRange(pd.DataFrame(), suggestions)
    assert found.lr == 2e-3
    assert found.spread().loc["valley"].tolist() == [1e-3, 2e-3, 3e-3, 3]
    assert found.spread().loc["steep", "seeds"] == 2
