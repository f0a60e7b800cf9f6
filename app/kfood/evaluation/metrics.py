"""The numbers of a predictions table: accuracy, per class, and the pairs of classes taken for each other."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations

import pandas as pd

from kfood.evaluation.predictions import LABEL, LOSS, PREDICTED, SPLIT, class_names, is_right
from kfood.statistics.intervals import wilson


def per_class(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return one row a class, in class order, with the 95 % interval of its recall.

    Columns: n and correct (photos); recall, recall_low, recall_high, precision, f1 (0 to 1). What is not
    defined is NaN: the recall of a class without photos, the precision of a class that was never predicted,
    the F1 of a class that is neither.
    """
    classes = class_names(predictions)
    n, predicted, correct = (
        names.value_counts().reindex(classes, fill_value=0)
        for names in (
            predictions[LABEL],
            predictions[PREDICTED],
            predictions.loc[is_right(predictions), LABEL],
        )
    )
    low, high = zip(*map(wilson, correct, n), strict=True)
    return pd.DataFrame(
        {
            "n": n,
            "correct": correct,
            "recall": correct / n,
            "recall_low": low,
            "recall_high": high,
            "precision": correct / predicted,
            "f1": 2 * correct / (n + predicted),
        }
    ).rename_axis("class")


def summarise(predictions: pd.DataFrame) -> dict[str, object]:
    """Return the numbers of the whole table, ready for JSON: None stands for what is not defined.

    Keys: n and correct (photos); accuracy with its 95 % interval accuracy_low and accuracy_high (0 to 1);
    loss (mean, nats); macro_f1 (mean over the classes that have a photo or were predicted, 0 to 1);
    recall ({class: 0 to 1}).
    """
    table = per_class(predictions)
    n, correct = int(table["n"].sum()), int(table["correct"].sum())
    low, high = wilson(correct, n)
    return {
        "n": n,
        "correct": correct,
        "accuracy": correct / n if n else None,
        "accuracy_low": _or_none(low),
        "accuracy_high": _or_none(high),
        "loss": _or_none(predictions[LOSS].mean()),
        "macro_f1": _or_none(table["f1"].mean()),
        "recall": {name: _or_none(recall) for name, recall in table["recall"].items()},
    }


def confused_pairs(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of classes with at least one photo of one taken for the other.

    Columns: a and b (in class order); a_as_b and b_as_a (photos); errors (their sum); n (photos of both
    classes); rate (errors / n, 0 to 1) with its 95 % interval rate_low and rate_high. Most errors first, ties
    in class order.
    """
    photos = Counter(predictions[LABEL])
    taken = Counter(zip(predictions[LABEL], predictions[PREDICTED], strict=True))
    columns = ["a", "b", "a_as_b", "b_as_a", "errors", "n", "rate", "rate_low", "rate_high"]
    rows = []
    for a, b in combinations(class_names(predictions), 2):
        if errors := taken[a, b] + taken[b, a]:
            n = photos[a] + photos[b]
            rows.append((a, b, taken[a, b], taken[b, a], errors, n, errors / n, *wilson(errors, n)))
    pairs = pd.DataFrame(rows, columns=columns)
    return pairs.sort_values("errors", ascending=False, kind="stable", ignore_index=True)


def headline(predictions: pd.DataFrame) -> str:
    """Return one line for the title of a figure: the split, the photos, the accuracy and its interval."""
    n, correct = len(predictions), int(is_right(predictions).sum())
    if n == 0:
        return "no photos"
    low, high = wilson(correct, n)
    splits = " + ".join(predictions[SPLIT].unique())
    return f"{splits}: {correct} of {n} photos right, {correct / n:.1%} (95% interval {low:.1%} – {high:.1%})"


def _or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
