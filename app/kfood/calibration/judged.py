"""A run's predictions of one split as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kfood.errors import KfoodError
from kfood.evaluation.predictions import CLASS_PREFIX, LABEL, PATH, class_names, groups_of, of_split
from kfood.run.folder import Run


@dataclass(frozen=True)
class Judged:
    """Photos of a split that a run has predicted.

    Args:
        paths: of the photos.
        probabilities: photos x classes, as the network gives them, to seven digits.
        labels: (photos,), numbers of the true classes.
        groups: (photos,), a whole number for each plate.
    """

    paths: list[str]
    probabilities: np.ndarray
    labels: np.ndarray
    groups: np.ndarray

    def of(self, rows: np.ndarray) -> Judged:
        """Return some of the photos, by their numbers or a mask."""
        paths = [str(path) for path in np.asarray(self.paths, dtype=object)[rows]]
        return Judged(paths, self.probabilities[rows], self.labels[rows], self.groups[rows])


def judged_split(run: Run, split: str) -> Judged:
    """Return the photos of "valid" or "test".

    Raises:
        KfoodError: there are none, or one is of a class that the run does not know.
    """
    table = of_split(run.predictions, split)
    classes = class_names(table)
    if table.empty:
        words = {"valid": "validation", "test": "test"}[split]
        raise KfoodError(f"{run.folder} has predictions of no {words} photos: without them, nothing can be calibrated.")
    numbers = pd.Index(classes).get_indexer(table[LABEL])
    if (numbers < 0).any():
        raise KfoodError(
            f'{run.predictions_file} has a photo of "{table[LABEL][numbers < 0].iloc[0]}", no class there.'
        )
    probabilities = table[[f"{CLASS_PREFIX}{name}" for name in classes]].to_numpy(float)
    return Judged(list(table[PATH]), probabilities, numbers, pd.factorize(groups_of(table))[0])
