"""What prediction sets come to on photos that they were not fitted on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kfood.calibration.judged import Judged
from kfood.calibration.sets import Sets
from kfood.statistics.conformal import SET_SCORES, coverage_band, needed_photos, set_scores
from kfood.statistics.estimates import share_interval
from kfood.statistics.one_of_each import one_of_each

_KINDS = tuple((kind, by_class) for kind in SET_SCORES for by_class in (False, True))


def sets_table(valid: Judged, test: Judged, chosen: Sets) -> pd.DataFrame:
    """Return what each kind of set comes to on test, the chosen one first.

    Those in each class are there where each has enough validation photos.

    Args:
        valid, test: with probabilities as the network gives them.
        chosen: the run's.

    Columns: `sets` ("lac", "aps"), `in each class`; `coverage` (share of sets with the true class, as they are, empty
    ones included), its 95 % interval `low` and `high`; `mean size`; `one`, `empty` (shares of sets).
    """
    drawn = valid.of(one_of_each(valid.groups))
    first = (chosen.kind, chosen.by_class)
    rows = []
    enough = enough_in_each(chosen, test.probabilities.shape[1])
    for kind, by_class in sorted(_KINDS, key=lambda each: each != first):
        if by_class and not enough:
            continue
        scores = set_scores(drawn.probabilities, kind)[np.arange(len(drawn.labels)), drawn.labels]
        sets = Sets(kind, chosen.coverage, by_class, scores, drawn.labels)
        members = sets.members(test.probabilities)
        sizes, (share, low, high) = members.sum(axis=1), _covered(members, test)
        shares = ((sizes == 1).mean(), (sizes == 0).mean())
        rows.append((kind, "yes" if by_class else "no", share, low, high, sizes.mean(), *shares))
    return pd.DataFrame(rows, columns=["sets", "in each class", "coverage", "low", "high", "mean size", "one", "empty"])


def by_class_table(test: Judged, chosen: Sets, classes: list[str]) -> pd.DataFrame:
    """Return the coverage on test of the chosen sets in each class, the lowest first.

    Columns: `class`, `n`, `coverage` with its 95 % interval `low` and `high` (NaN without photos), `mean size`.
    """
    members = chosen.members(test.probabilities)
    rows = []
    for number, name in enumerate(classes):
        own = test.labels == number
        sizes = members[own].sum(axis=1)
        cells = (own.sum(), *_covered(members[own], test.of(own)), sizes.mean() if own.any() else np.nan)
        rows.append((name, *cells))
    table = pd.DataFrame(rows, columns=["class", "n", "coverage", "low", "high", "mean size"])
    return table.sort_values("coverage", kind="stable", ignore_index=True)


def sets_sentences(test: Judged, chosen: Sets) -> list[str]:
    """Return whether the sets keep what they say: one photo a plate, beside what chance allows."""
    drawn = test.of(one_of_each(test.groups))
    members = chosen.members(drawn.probabilities)
    hits = members[np.arange(len(drawn.labels)), drawn.labels]
    n, wanted = len(chosen.scores), chosen.coverage
    words = (
        f"Sets that contain the dish in {wanted:.0%} of cases ({chosen.kind}{', in each class' * chosen.by_class}), "
        f"by {n} validation photos of different plates: on {len(hits)} test photos of different plates, "
        f"{hits.mean():.4f} of them do"
    )
    sentences = [f"{words}.", _empty_words(chosen.members(test.probabilities))]
    if not chosen.by_class:
        low, high = coverage_band(n, len(hits), wanted)
        within = "within" if low <= hits.mean() <= high else "outside"
        sentences[0] = f"{words}, {within} what chance allows for so many (95 % of cases: {low:.4f} to {high:.4f})."
    return [each for each in sentences if each]


def enough_in_each(chosen: Sets, classes: int) -> bool:
    """Return whether each class has validation photos enough for the wanted coverage in it."""
    return int(np.bincount(chosen.labels, minlength=classes).min()) >= needed_photos(chosen.coverage)


def _empty_words(members: np.ndarray) -> str:
    empty = (~members.any(axis=1)).sum()
    if not empty:
        return ""
    return f"{empty} of {len(members)} sets are empty; an answer then has the likeliest dish as its set."


def _covered(members: np.ndarray, photos: Judged) -> tuple[float, float, float]:
    hits = pd.Series(members[np.arange(len(photos.labels)), photos.labels], dtype=bool)
    if hits.empty:
        return np.nan, np.nan, np.nan
    return float(hits.mean()), *share_interval(hits, pd.Series(photos.groups))
