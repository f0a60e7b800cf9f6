"""Probabilities beside accuracy: by hand, and over many draws of a network that is right as often as it says."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from kfood.interpretation.calibration import accuracy_by_share, answered, calibration, reliability
from kfood.interpretation.calibration_plot import draw_calibration
from kfood.statistics.intervals import wilson

HAND = pd.DataFrame(
    {
        "split": "test",
        "label": ["가", "가", "가", "나", "나"],
        "predicted": ["가", "가", "나", "나", "가"],
        "probability": [1.0, 0.9, 0.6, 0.8, 0.55],
    }
)


def drawn(n: int, seed: int, too_sure: float = 0.0) -> pd.DataFrame:
    """Photos whose predictions are right as often as their probability, less `too_sure`, says."""
    rng = np.random.default_rng(seed)
    probability = rng.uniform(0.4, 1, n)
    right = rng.random(n) < probability - too_sure
    return pd.DataFrame(
        {"split": "test", "label": "가", "predicted": np.where(right, "가", "나"), "probability": probability}
    )


def test_bins_by_hand():
    table = reliability(HAND, bins=2)
    assert table[["low", "high", "n"]].values.tolist() == [[0.5, 1.0, 5]]
    assert table.loc[0, "probability"] == pytest.approx(0.77)
    assert table.loc[0, "accuracy"] == pytest.approx(0.6)
    assert (table.loc[0, "accuracy_low"], table.loc[0, "accuracy_high"]) == wilson(3, 5)
    five = reliability(HAND, bins=5)
    assert five["n"].tolist() == [1, 1, 3]
    assert five["accuracy"].tolist() == [0, 0, 1]


def test_the_error_by_hand():
    found = calibration(HAND, bins=5)
    # 0.55 and 0.6 where none is right, 0.9 on average where all three are
    assert found.ece == pytest.approx((0.55 + 0.6 + 3 * 0.1) / 5)
    assert found.overconfidence == pytest.approx(0.77 - 0.6)


def test_the_interval_holds_the_true_error_as_often_as_it_says():
    """Too sure by 0.1 everywhere, so the true error is 0.1."""
    intervals = [calibration(drawn(600, seed, too_sure=0.1)) for seed in range(60)]
    held = sum(found.low <= 0.1 <= found.high for found in intervals)
    assert held >= 52  # 57 of 60 on average; fewer than 52 in one of 50 at 95 %
    assert all(found.low <= found.corrected <= found.high for found in intervals)
    assert np.mean([found.corrected for found in intervals]) == pytest.approx(0.1, abs=0.01)
    assert np.mean([found.overconfidence for found in intervals]) == pytest.approx(0.1, abs=0.01)


def test_a_network_that_is_right_as_often_as_it_says_has_an_error_of_chance():
    found = [calibration(drawn(400, seed)) for seed in range(40)]
    assert sum(each.ece <= each.chance for each in found) >= 34  # 38 on average; fewer than 34 in one of 50
    assert "no more than chance" in str(min(found))
    assert ": more than chance" in str(calibration(drawn(400, 0, too_sure=0.2)))
    assert "above accuracy" in str(calibration(drawn(400, 0, too_sure=0.2)))


def test_the_surest_photos_are_answered_first():
    table = answered(HAND, (0.2, 0.6, 1.0))
    assert table["n"].tolist() == [1, 3, 5]
    assert table["accuracy"].tolist() == pytest.approx([1, 1, 0.6])
    assert table["from_probability"].tolist() == [1.0, 0.8, 0.55]
    shares, accuracies = accuracy_by_share(HAND)
    assert shares.tolist() == [0.2, 0.4, 0.6, 0.8, 1.0]
    assert accuracies.tolist() == pytest.approx([1, 1, 1, 0.75, 0.6])


@pytest.mark.parametrize("table", [HAND, HAND.head(1), drawn(4000, 0)], ids=["hand", "one photo", "many"])
def test_a_picture_of_it(table, tmp_path):
    with Image.open(draw_calibration(table, tmp_path / "calibration.png")) as picture:
        assert min(picture.size) > 300
