"""What comes of answering a dish, its group, or neither: tables and sentences."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kfood.calibration.judged import Judged
from kfood.calibration.levels import DISH, GROUP, UNSURE, Levels, group_numbers
from kfood.statistics.estimates import share_interval


def levels_table(valid: Judged, test: Judged, levels: Levels) -> pd.DataFrame:
    """Return what is answered at each level and how much of it is right, on both splits, with 95 % intervals.

    Columns: `split`; `answered` ("dish", "group", "dish or group", "unsure", "always the likeliest dish"); `photos` and
    their `share`; `right` (0 to 1) with `low` and `high`.
    """
    rows = []
    for split, photos in (("valid (chosen by)", valid), ("test", test)):
        right_dish, right_group = _right(photos, levels)
        level = levels.level_of(photos.probabilities)
        right = np.where(level == GROUP, right_group, right_dish)
        every = np.ones(len(level), bool)
        rows.append((split, "always the likeliest dish", *_counted(photos, every, right_dish)))
        rows.append((split, DISH, *_counted(photos, level == DISH, right)))
        if levels.groups:
            rows.append((split, GROUP, *_counted(photos, level == GROUP, right)))
            rows.append((split, "dish or group", *_counted(photos, level != UNSURE, right)))
        rows.append((split, UNSURE, *_counted(photos, level == UNSURE, None)))
    return pd.DataFrame(rows, columns=["split", "answered", "photos", "share", "right", "low", "high"])


def groups_table(test: Judged, levels: Levels) -> pd.DataFrame:
    """Return how test photos of each group are taken, the group of most mistakes across groups first.

    Columns: `group`, `dishes`, `n`; `dish right`, `group right` (0 to 1); `within` (taken for another dish of the
    group), `across` (for one of another group), in photos.
    """
    right, right_group = _right(test, levels)
    predicted_group = group_numbers(levels, test.probabilities.argmax(axis=1))
    true_group = group_numbers(levels, test.labels)
    rows = []
    for number, name in enumerate(levels.names):
        own = true_group == number
        within, across = (int((own & ~right & same).sum()) for same in _same(predicted_group == true_group))
        shares = [float(of[own].mean()) if own.any() else np.nan for of in (right, right_group)]
        rows.append((name, levels.groups.count(name), int(own.sum()), *shares, within, across))
    names = ["group", "dishes", "n", "dish right", "group right", "within", "across"]
    return pd.DataFrame(rows, columns=names).sort_values("across", ascending=False, kind="stable", ignore_index=True)


def levels_sentences(test: Judged, levels: Levels) -> list[str]:
    """Return from which probabilities on a dish and a group are answered, and whether test agrees."""
    said = [_sentence(DISH, levels, test)]
    if levels.groups:
        said.append(_sentence(GROUP, levels, test))
        right, _ = _right(test, levels)
        predicted, true = (group_numbers(levels, of) for of in (test.probabilities.argmax(axis=1), test.labels))
        same = int((predicted == true)[~right].sum())
        said.append(f"Of {int((~right).sum())} wrong test photos, {same} are taken for a dish of their own group.")
    return said


def _sentence(level: str, levels: Levels, test: Judged) -> str:
    threshold = levels.dish if level == DISH else levels.group
    promise = f"an accuracy of {levels.accuracy:g} with {100 * levels.confidence:g} % confidence"
    what = "dishes that are answered" if level == DISH else "all that is answered, dishes and groups"
    if threshold.least is None:
        few = f": that takes {threshold.needed} validation plates, and there are {threshold.groups}"
        lacking = few if threshold.groups < threshold.needed else ""
        return f"No {level} is answered: of {what}, none can be promised {promise}{lacking}."
    right_dish, right_group = _right(test, levels)
    answered = levels.level_of(test.probabilities)
    right = np.where(answered == GROUP, right_group, right_dish)
    n, _, share, low, high = _counted(test, (answered == DISH) | (answered == level), right)
    return (
        f"A {level} is answered from a probability of {threshold.least:.3f} on: {what} then have {promise}. On test, "
        f"{n} of {len(answered)} photos are answered so, {share:.4f} of them rightly (95 % interval {low:.4f} to "
        f"{high:.4f})."
    )


def _right(photos: Judged, levels: Levels) -> tuple[np.ndarray, np.ndarray]:
    """Return of which photos the likeliest dish is right, and of which the likeliest group; of none without groups."""
    right = photos.probabilities.argmax(axis=1) == photos.labels
    if not levels.groups:
        return right, np.zeros(len(right), bool)
    groups = levels.of_groups(photos.probabilities).argmax(axis=1)
    return right, groups == group_numbers(levels, photos.labels)


def _same(same: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return same, ~same


def _counted(photos: Judged, rows: np.ndarray, right: np.ndarray | None) -> tuple[int, float, float, float, float]:
    """Return how many photos these are, their share, and how many are right with the interval; NaN where not asked."""
    n, share = int(rows.sum()), float(rows.mean())
    if right is None or not n:
        return n, share, np.nan, np.nan, np.nan
    hits = pd.Series(right[rows].astype(bool))
    return n, share, float(hits.mean()), *share_interval(hits, pd.Series(photos.groups[rows]))
