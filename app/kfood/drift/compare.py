"""What two sets of photos have in common, and what not: features, predicted classes, plain facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kfood.drift.facts import FACTS
from kfood.drift.unlike import unlikeness
from kfood.statistics.intervals import wilson
from kfood.statistics.tests import difference_of_shares, holm
from kfood.statistics.two_sample import gaussian_kernel, rank_difference, two_sample_p

MOST = 1000  # photos of each side that the test is made on: its work grows with their square


@dataclass(frozen=True)
class Side:
    """Photos of different plates.

    Args:
        samples: with `path` and `group`.
        features: photos x length.
        predicted: (photos,), numbers of their classes.
        facts: photos x `FACTS`.
    """

    samples: pd.DataFrame
    features: np.ndarray
    predicted: np.ndarray
    facts: pd.DataFrame


@dataclass(frozen=True)
class Difference:
    """What was found; p-values are those of so large a difference between sets of one source.

    Args:
        p: of the features.
        p_of_same_dishes: of the features of photos that are taken for the same dish.
        classes: `class`; the share of photos that are taken for it, `before` with `before_low` and `before_high`, and
            `new` likewise (95 % intervals, Wilson); `p`, Holm's, the smallest first.
        facts: `fact` (in words); medians `before` and `new`; `higher`, how often a new photo has more; `p`, Holm's.
        photos: a row a new photo, the most unlike first: `path`, `group`, `predicted`, `as_far` (the share of known
            photos that are as far from the others), `nearest` (path), and its facts.
    """

    p: float
    p_of_same_dishes: float
    classes: pd.DataFrame
    facts: pd.DataFrame
    photos: pd.DataFrame


def compare(before: Side, new: Side, classes: Sequence[str]) -> Difference:
    """Compare new photos with those that a run knows; each side has photos of different plates.

    Args:
        before: photos that the network did not learn from.
        new: the others.
        classes: names, in class order.
    """
    first, second = (_some(len(side.samples)) for side in (before, new))
    kernel = gaussian_kernel(np.concatenate([before.features[first], new.features[second]]))
    is_new = np.arange(len(kernel)) >= len(first)
    predicted = np.concatenate([before.predicted[first], new.predicted[second]])
    return Difference(
        p=two_sample_p(kernel, is_new),
        p_of_same_dishes=two_sample_p(kernel, is_new, strata=predicted),
        classes=_classes(before.predicted, new.predicted, classes),
        facts=_facts(before.facts, new.facts),
        photos=_photos(before, new, classes),
    )


def _some(photos: int) -> np.ndarray:
    return np.sort(np.random.default_rng(0).permutation(photos)[:MOST])


def _classes(before: np.ndarray, new: np.ndarray, names: Sequence[str]) -> pd.DataFrame:
    predicted = np.concatenate([before, new])
    is_new = np.arange(len(predicted)) >= len(before)
    rows = []
    for number, name in enumerate(names):
        shares = [((side == number).mean(), *wilson(int((side == number).sum()), len(side))) for side in (before, new)]
        p = difference_of_shares(predicted == number, is_new, np.arange(len(predicted)))
        rows.append((name, *shares[0], *shares[1], p))
    columns = ["class", "before", "before_low", "before_high", "new", "new_low", "new_high", "p"]
    return _corrected(pd.DataFrame(rows, columns=columns))


def _facts(before: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for name, words in FACTS.items():
        found = rank_difference(new[name].to_numpy(), before[name].to_numpy())
        rows.append((words, before[name].median(), new[name].median(), found.higher, found.p))
    return _corrected(pd.DataFrame(rows, columns=["fact", "before", "new", "higher", "p"]))


def _corrected(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(p=holm(table["p"])).sort_values("p", kind="stable", ignore_index=True)


def _photos(before: Side, new: Side, classes: Sequence[str]) -> pd.DataFrame:
    share, nearest = unlikeness(new.features, before.features)
    table = new.samples[["path", "group"]].reset_index(drop=True)
    table["predicted"] = np.array(classes, dtype=object)[new.predicted]
    table["as_far"] = share.round(6)
    table["nearest"] = before.samples["path"].to_numpy()[nearest]
    table = table.join(new.facts.reset_index(drop=True).round(5))
    return table.sort_values("as_far", kind="stable", ignore_index=True)
