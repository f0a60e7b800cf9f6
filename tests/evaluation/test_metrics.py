"""Numbers worked out by hand, or by scikit-learn."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score, precision_recall_fscore_support

from kfood.evaluation.metrics import confused_pairs, headline, per_class, summarise
from kfood.statistics.intervals import wilson
from support.simulated import coverage, draw_predictions

# 4 of 7 are right; 만두 has no photo and was never predicted, 라면 was never predicted.
PREDICTIONS = pd.DataFrame(
    {
        "split": "test",
        "label": ["김밥", "김밥", "김밥", "김밥", "떡국", "떡국", "라면"],
        "predicted": ["김밥", "김밥", "김밥", "떡국", "떡국", "김밥", "떡국"],
        "loss": [0.1, 0.2, 0.3, 2.0, 0.4, 1.0, 3.0],
        **dict.fromkeys(["p_김밥", "p_떡국", "p_라면", "p_만두"], 0.25),
    }
)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [(8, 10, 0.490162, 0.943318), (0, 10, 0.0, 0.277533), (10, 10, 0.722467, 1.0)],
)
def test_wilson_gives_the_published_interval(k, n, low, high):
    assert wilson(k, n) == pytest.approx((low, high), abs=1e-6)


def test_wilson_is_wider_at_a_higher_level():
    low, high = wilson(8, 10, level=0.99)
    assert low < wilson(8, 10)[0]
    assert high > wilson(8, 10)[1]


def test_wilson_of_nothing_is_not_a_number():
    assert all(math.isnan(bound) for bound in wilson(0, 0))


def test_per_class_by_hand():
    table = per_class(PREDICTIONS)
    assert table.index.name == "class"
    assert list(table.index) == ["김밥", "떡국", "라면", "만두"]
    assert table["n"].tolist() == [4, 2, 1, 0]
    assert table["correct"].tolist() == [3, 1, 0, 0]
    assert table["recall"].tolist() == pytest.approx([0.75, 0.5, 0, math.nan], nan_ok=True)
    assert table["precision"].tolist() == pytest.approx([0.75, 1 / 3, math.nan, math.nan], nan_ok=True)
    assert table["f1"].tolist() == pytest.approx([0.75, 0.4, 0, math.nan], nan_ok=True)
    assert tuple(table.loc["김밥", ["recall_low", "recall_high"]]) == pytest.approx(wilson(3, 4))
    assert table.loc["만두", ["recall_low", "recall_high"]].isna().all()


def test_per_class_agrees_with_scikit_learn():
    rng = np.random.default_rng(0)
    classes = [f"class {number}" for number in range(6)]
    many = pd.DataFrame({"label": rng.choice(classes[:5], 200), "predicted": rng.choice(classes[1:], 200)})
    many = many.assign(**{f"p_{name}": 0.0 for name in classes})
    expected = precision_recall_fscore_support(many["label"], many["predicted"], labels=classes, zero_division=np.nan)
    table = per_class(many)
    for column, values in zip(["precision", "recall", "f1", "n"], expected, strict=True):
        assert table[column].to_numpy() == pytest.approx(values, nan_ok=True)


def test_summary_by_hand():
    summary = summarise(PREDICTIONS)
    assert (summary["n"], summary["correct"]) == (7, 4)
    assert summary["accuracy"] == pytest.approx(4 / 7)
    assert (summary["accuracy_low"], summary["accuracy_high"]) == pytest.approx(wilson(4, 7))
    assert summary["loss"] == pytest.approx(1.0)
    assert summary["macro_f1"] == pytest.approx((0.75 + 0.4 + 0) / 3)
    assert summary["recall"] == {"김밥": 0.75, "떡국": 0.5, "라면": 0.0, "만두": None}


@pytest.mark.parametrize("rows", [0, 7])
def test_summary_is_strict_json(rows):
    summary = summarise(PREDICTIONS.head(rows))
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary


def test_summary_of_no_photos_has_no_accuracy():
    summary = summarise(PREDICTIONS.head(0))
    assert summary["n"] == 0
    assert [summary[key] for key in ("accuracy", "accuracy_low", "loss", "macro_f1")] == [None] * 4


def test_confused_pairs_by_hand():
    pairs = confused_pairs(PREDICTIONS)
    counts = pairs[["a", "b", "a_as_b", "b_as_a", "errors", "n"]].to_numpy().tolist()
    assert counts == [["김밥", "떡국", 1, 1, 2, 6], ["떡국", "라면", 0, 1, 1, 3]]
    assert pairs["rate"].tolist() == pytest.approx([1 / 3, 1 / 3])
    assert tuple(pairs.loc[0, ["rate_low", "rate_high"]]) == pytest.approx(wilson(2, 6))


def test_without_errors_the_pairs_have_columns_but_no_rows():
    pairs = confused_pairs(PREDICTIONS.head(3))
    assert pairs.empty
    assert "rate_high" in pairs


def test_headline_names_split_photos_accuracy_and_interval():
    assert headline(PREDICTIONS) == "test: 4 of 7 photos right, 57.1% (95% interval 25.0% – 84.2%)"
    assert headline(PREDICTIONS.head(0)) == "no photos"


@pytest.mark.slow
@pytest.mark.parametrize(("plates", "shots"), [(100, 1), (100, 2), (100, 4)])
def test_intervals_hold_the_truth_whatever_the_shots_of_a_plate(plates, shots):
    held = coverage(np.random.default_rng(0), 200, plates, shots, summarise)
    assert held.min() > 0.9, held  # 0.95 less what 200 cases leave to chance


@pytest.mark.slow
def test_photos_taken_as_independent_would_promise_too_much():
    held = coverage(np.random.default_rng(0), 200, 100, 4, lambda table: summarise(table.drop(columns="group")))
    assert held["accuracy"] < 0.88


def test_with_each_photo_a_plate_of_its_own_accuracy_has_wilsons_interval():
    summary = summarise(draw_predictions(np.random.default_rng(0), 60, 1))
    assert (summary["accuracy_low"], summary["accuracy_high"]) == pytest.approx(wilson(summary["correct"], 60))


def test_guesses_are_counted_and_a_tie_counts_against():
    classes = [f"c{number}" for number in range(6)]
    chances = np.array([[0.3, 0.25, 0.2, 0.15, 0.06, 0.04]] * 6)
    table = pd.DataFrame(chances, columns=[f"p_{name}" for name in classes])
    table = table.assign(split="test", label=classes, predicted="c0", loss=1.0)
    assert (summarise(table)["top3"], summarise(table)["top5"]) == pytest.approx((3 / 6, 5 / 6))
    assert summarise(table.assign(**{f"p_{name}": 1 / 6 for name in classes}))["top5"] == 0
    assert "top5" not in summarise(PREDICTIONS)  # of four classes all are among five


def test_balanced_accuracy_and_macro_f1_agree_with_scikit_learn():
    table = draw_predictions(np.random.default_rng(1), 50, 2)
    summary = summarise(table)
    assert summary["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(table["label"], table["predicted"]))
    assert summary["macro_f1"] == pytest.approx(f1_score(table["label"], table["predicted"], average="macro"))
    for name in ("balanced_accuracy", "macro_f1", "loss"):
        assert summary[f"{name}_low"] < summary[name] < summary[f"{name}_high"]
