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
        "p_가": [1.0, 0.9, 0.4, 0.2, 0.55],
        "p_나": [0.0, 0.1, 0.6, 0.8, 0.45],
        "loss": -np.log([1.0, 0.9, 0.4, 0.8, 0.45]),
    }
)


def drawn(n: int, seed: int, too_sure: float = 0.0) -> pd.DataFrame:
    """Photos whose predictions are right as often as their probability, less `too_sure`, says."""
    rng = np.random.default_rng(seed)
    probability = rng.uniform(0.4, 1, n)
    right = rng.random(n) < probability - too_sure
    table = pd.DataFrame({"split": "test", "label": np.where(right, "가", "나"), "predicted": "가"})
    table = table.assign(probability=probability, p_가=probability, p_나=1 - probability)
    return table.assign(loss=-np.log(np.where(right, probability, 1 - probability)))


def test_bins_by_hand():
    table = reliability(HAND, bins=2)
    assert table[["low", "high", "n"]].values.tolist() == [[0.5, 1.0, 5]]
    assert table.loc[0, "probability"] == pytest.approx(0.77)
    assert table.loc[0, "accuracy"] == pytest.approx(0.6)
    assert (table.loc[0, "accuracy_low"], table.loc[0, "accuracy_high"]) == wilson(3, 5)
    five = reliability(HAND, bins=5)
    assert five["n"].tolist() == [1, 1, 3]
    assert five["accuracy"].tolist() == [0, 0, 1]


def test_the_scores_by_hand():
    found = calibration(HAND, bins=5)
    # 0.55 and 0.6 where none is right, 0.9 on average where all three are
    assert found.ece == pytest.approx((0.55 + 0.6 + 3 * 0.1) / 5)
    assert found.overconfidence.value == pytest.approx(0.77 - 0.6)
    wrong = np.array([0, 0.1, 0.6, 0.2, 0.55])  # two classes: what the true one lacks is what the other has
    assert found.brier.value == pytest.approx((2 * wrong**2).mean())
    assert found.log_loss.value == pytest.approx(-np.log(1 - wrong).mean())
    for score, mean in (("Brier", found.brier), ("log loss", found.log_loss)):
        assert mean.low < mean.value < mean.high
        row = found.table().set_index("score").filter(like=score, axis=0)
        assert row.values.tolist() == [list(mean)]


def test_the_sentence_says_what_the_intervals_say():
    right_as_said, too_sure = calibration(drawn(400, 2)), calibration(drawn(400, 0, too_sure=0.2))
    assert right_as_said.error.low == 0 and too_sure.error.low > 0
    assert "no more than chance may explain" in str(right_as_said)
    assert "which cannot be told from none" in str(right_as_said)
    assert ": more than chance explains" in str(too_sure)
    assert "above accuracy (95 %" in str(too_sure)
    assert "of one plate" in str(calibration(HAND.head(1)))


def test_plates_widen_all_of_it():
    table = drawn(100, 0, too_sure=0.1).assign(group=range(100))
    alone, plates = calibration(table), calibration(pd.concat([table] * 4, ignore_index=True))
    photos = calibration(pd.concat([table] * 4, ignore_index=True).drop(columns="group"))
    assert plates.error.low < alone.error.value < plates.error.high
    for one, other in ((plates.error, photos.error), (plates.brier, photos.brier), (plates.log_loss, photos.log_loss)):
        assert one.high - one.low > 1.5 * (other.high - other.low)


@pytest.mark.slow
def test_rows_of_accuracy_are_right_together():
    """Of seven intervals of 95 % each, one would miss in 15 to 30 % of cases."""
    truth = {share: 0.4 + 0.6 * (1 - share / 2) for share in (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)}
    held = 0
    for seed in range(100):
        table = answered(drawn(500, seed), tuple(truth))
        held += all(table["accuracy_low"].le(list(truth.values())) & table["accuracy_high"].ge(list(truth.values())))
    assert held >= 90  # 95 or more on average; fewer than 90 in one of 100


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
