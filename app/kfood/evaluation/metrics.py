"""The numbers of a predictions table: accuracy, per class, and the pairs of classes taken for each other."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations

import numpy as np
import pandas as pd

from kfood.evaluation.predictions import CLASS_PREFIX, LABEL, LOSS, PREDICTED, SPLIT, class_names, groups_of, is_right
from kfood.statistics.estimates import mean_interval, score_of_influences, share_interval

_TOPS = (3, 5)  # in how many guesses the true class is looked for


def per_class(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return one row a class, in class order, with the 95 % interval of its recall; shots of one plate count as such.

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
    right, groups = is_right(predictions), groups_of(predictions)
    of_class = [(predictions[LABEL] == name).to_numpy() for name in classes]
    low, high = zip(*(share_interval(right[its], groups[its]) for its in of_class), strict=True)
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

    Keys: n and correct (photos), groups (plates); then numbers of 0 to 1, each `x` with the 95 % interval of other
    photos `x_low` and `x_high`: accuracy; top3 and top5 (the true class is among so many guesses; of more classes
    than that); balanced_accuracy (mean recall of the classes that have a photo); macro_f1 (mean over the classes that
    have a photo or were predicted); loss (mean, nats, 0 or more). Last, recall ({class: 0 to 1}).
    """
    table, groups = per_class(predictions), groups_of(predictions)
    n, correct = int(table["n"].sum()), int(table["correct"].sum())
    found = {
        "accuracy": (correct / n if n else math.nan, *share_interval(is_right(predictions), groups)),
        **_top_accuracies(predictions),
        "balanced_accuracy": _balanced_accuracy(predictions, table),
        "macro_f1": _macro_f1(predictions, table),
        "loss": (predictions[LOSS].mean(), *mean_interval(predictions[LOSS].to_numpy(), groups.to_numpy())),
    }
    with_intervals = {
        f"{name}{end}": _or_none(value)
        for name, values in found.items()
        for end, value in zip(("", "_low", "_high"), values, strict=True)
    }
    recall = {name: _or_none(recall) for name, recall in table["recall"].items()}
    return {"n": n, "correct": correct, "groups": int(groups.nunique()), **with_intervals, "recall": recall}


def _top_accuracies(predictions: pd.DataFrame) -> dict[str, tuple[float, float, float]]:
    """Return the share of photos whose true class is among the first guesses; a tie counts against the network."""
    classes = class_names(predictions)
    numbers = [each for each in _TOPS if each < len(classes)]
    if not numbers or predictions.empty:
        return {}
    probabilities = predictions[[f"{CLASS_PREFIX}{name}" for name in classes]].to_numpy()
    own = probabilities[np.arange(len(predictions)), pd.Index(classes).get_indexer(predictions[LABEL])]
    before = (probabilities >= own[:, None]).sum(axis=1) - 1
    within = {number: pd.Series(before < number, predictions.index) for number in numbers}
    groups = groups_of(predictions)
    return {f"top{number}": (hits.mean(), *share_interval(hits, groups)) for number, hits in within.items()}


def _balanced_accuracy(predictions: pd.DataFrame, table: pd.DataFrame) -> tuple[float, float, float]:
    """Return it with its interval: K. H. Brodersen et al., "The balanced accuracy and its posterior" (2010)."""
    there = table[table["n"] > 0]
    if there.empty:
        return math.nan, math.nan, math.nan
    own = there.loc[predictions[LABEL]]
    influences = (is_right(predictions).to_numpy() - own["recall"].to_numpy()) / own["n"].to_numpy() / len(there)
    mean = float(there["recall"].mean())
    return mean, *score_of_influences(mean, influences, groups_of(predictions).to_numpy(), len(there))


def _macro_f1(predictions: pd.DataFrame, table: pd.DataFrame) -> tuple[float, float, float]:
    there = table[table["f1"].notna()]
    if there.empty:
        return math.nan, math.nan, math.nan
    label, predicted, f1 = predictions[LABEL], predictions[PREDICTED], there["f1"]
    counts = there["n"] + predicted.value_counts().reindex(there.index, fill_value=0)
    right = is_right(predictions).to_numpy()
    of_label = (right - f1.loc[label].to_numpy()) / counts.loc[label].to_numpy()
    of_predicted = (right - f1.loc[predicted].to_numpy()) / counts.loc[predicted].to_numpy()
    mean = float(f1.mean())
    influences = (of_label + of_predicted) / len(there)
    return mean, *score_of_influences(mean, influences, groups_of(predictions).to_numpy(), len(there))


def confused_pairs(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of classes with at least one photo of one taken for the other.

    Columns: a and b (in class order); a_as_b and b_as_a (photos); errors (their sum); n (photos of both
    classes); rate (errors / n, 0 to 1) with its 95 % interval rate_low and rate_high. Most errors first, ties
    in class order.
    """
    groups, photos = groups_of(predictions), Counter(predictions[LABEL])
    wrong = ~is_right(predictions)
    taken = Counter(zip(predictions[LABEL], predictions[PREDICTED], strict=True))
    columns = ["a", "b", "a_as_b", "b_as_a", "errors", "n", "rate", "rate_low", "rate_high"]
    rows = []
    for a, b in combinations(class_names(predictions), 2):
        if errors := taken[a, b] + taken[b, a]:
            n = photos[a] + photos[b]
            own = predictions[LABEL].isin((a, b))
            confused = wrong[own] & predictions.loc[own, PREDICTED].isin((a, b))
            interval = share_interval(confused, groups[own])
            rows.append((a, b, taken[a, b], taken[b, a], errors, n, errors / n, *interval))
    pairs = pd.DataFrame(rows, columns=columns)
    return pairs.sort_values("errors", ascending=False, kind="stable", ignore_index=True)


def headline(predictions: pd.DataFrame) -> str:
    """Return one line for the title of a figure: the split, the photos, the accuracy and its interval."""
    n, correct = len(predictions), int(is_right(predictions).sum())
    if n == 0:
        return "no photos"
    low, high = share_interval(is_right(predictions), groups_of(predictions))
    splits = " + ".join(predictions[SPLIT].unique())
    return f"{splits}: {correct} of {n} photos right, {correct / n:.1%} (95% interval {low:.1%} – {high:.1%})"


def _or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
