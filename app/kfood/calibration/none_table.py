"""What "none of these dishes" comes to: which score was chosen, and how many photos of known dishes are refused."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kfood.calibration.judged import Judged
from kfood.calibration.out_of_distribution import OutOfDistribution
from kfood.statistics.conformal import coverage_band
from kfood.statistics.estimates import share_interval
from kfood.statistics.one_of_each import one_of_each


def aurocs_table(found: OutOfDistribution) -> pd.DataFrame:
    """Return each score by how well it knows dishes that it was not fitted on, the best first.

    Columns: `score`; `AUROC`, the mean over folds of dishes, with its `lowest` and `highest` fold.
    """
    rows = [(kind, np.mean(each), min(each), max(each)) for kind, each in found.aurocs.items() if each]
    table = pd.DataFrame(rows, columns=["score", "AUROC", "lowest", "highest"])
    return table.sort_values("AUROC", ascending=False, kind="stable", ignore_index=True)


def none_sentences(found: OutOfDistribution | None, why: str, test: Judged) -> list[str]:
    """Return how photos are refused, and how many of the test photos, which all show known dishes, are."""
    if found is None:
        return [f'"None of these dishes" is no answer of this run: {why}']
    refused = pd.Series(found.refused(found.share_of_test()))
    low, high = share_interval(refused, pd.Series(test.groups))
    drawn = one_of_each(test.groups)
    band = [1 - each for each in coverage_band(found.plates, len(drawn), 1 - found.refuse)]
    folds = len(next(iter(found.aurocs.values()), []))
    chosen = (
        f"chosen on validation: {folds} folds of dishes were left out of the fitting of each score in turn"
        if folds
        else "not chosen, as there are too few dishes to leave any out"
    )
    n = int(refused.sum())
    guard = [f", and by {part.kind}, for what is far from all photos it learned from" for part in found.parts[1:]]
    return [
        f'"None of these dishes" goes by {found.kind} ({chosen}){"".join(guard)}. The network has learned these '
        "dishes: how well it knows others is not measured by that.",
        f"It is the answer where at most {found.refuse:g} of photos of known dishes are as strange: of {len(refused)} "
        f"test photos, {n} are refused, {refused.mean():.4f} (95 % interval {low:.4f} to {high:.4f}); chance allows "
        f"{band[1]:.4f} to {band[0]:.4f} of so many plates.",
    ]
