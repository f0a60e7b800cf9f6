"""Prediction sets of a run: which dishes a photo may show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kfood.calibration.judged import Judged
from kfood.errors import KfoodError
from kfood.statistics.conformal import class_thresholds, conformal_threshold, needed_photos, require_share, set_scores
from kfood.statistics.one_of_each import one_of_each
from kfood.text import listed


@dataclass(frozen=True)
class Sets:
    """What prediction sets are made by.

    Args:
        kind: "lac" or "aps", see `kfood.statistics.conformal.set_scores`.
        coverage: that is wanted where no other is asked for, between 0 and 1.
        by_class: whether it is wanted in each class.
        scores: (validation plates,), how strange the true class was of one photo of each.
        labels: (validation plates,), its number.
    """

    kind: str
    coverage: float
    by_class: bool
    scores: np.ndarray
    labels: np.ndarray

    def thresholds(self, classes: int, coverage: float | None = None) -> np.ndarray:
        """Return the strangest score of a member, (classes,); infinite for a class that is always one.

        Raises:
            KfoodError: the coverage is not between 0 and 1, or needs more validation photos.
        """
        wanted = self.coverage if coverage is None else require_share(coverage, "The coverage that is wanted")
        require_photos(len(self.scores), wanted)
        if self.by_class:
            return class_thresholds(self.scores, self.labels, classes, wanted)
        return np.full(classes, conformal_threshold(self.scores, wanted))

    def members(self, probabilities: np.ndarray, coverage: float | None = None) -> np.ndarray:
        """Return which classes are in the set of each photo, photos x classes, bool; it may be empty.

        Args:
            probabilities: photos x classes, as the network gives them: a temperature that was fitted on the photos of
                the thresholds would cost the guarantee.
            coverage: the one that is wanted where not given.

        Raises:
            KfoodError: as `thresholds`.
        """
        members: np.ndarray = set_scores(probabilities, self.kind) <= self.thresholds(probabilities.shape[1], coverage)
        return members


def fit_sets(valid: Judged, kind: str, coverage: float, by_class: bool, classes: list[str]) -> Sets:
    """Take what sets need from one validation photo of each plate.

    Args:
        valid: with probabilities as the network gives them.
        kind, coverage, by_class: as in `Sets`.
        classes: their names.

    Raises:
        KfoodError: the coverage is not between 0 and 1, or there are too few plates for it, in a class with `by_class`.
    """
    require_share(coverage, "The coverage that is wanted")
    drawn = valid.of(one_of_each(valid.groups))
    require_photos(len(drawn.labels), coverage)
    counts = np.bincount(drawn.labels, minlength=len(classes))
    if by_class and (lacking := [classes[n] for n in np.flatnonzero(counts < needed_photos(coverage))]):
        raise KfoodError(
            f"A coverage of {coverage:g} in each class needs {needed_photos(coverage)} validation photos of different "
            f"plates of each; of {listed(lacking)} there are fewer. Ask for less, or for all classes together."
        )
    scores = set_scores(drawn.probabilities, kind)[np.arange(len(drawn.labels)), drawn.labels]
    return Sets(kind, coverage, by_class, scores, drawn.labels)


def require_photos(photos: int, coverage: float) -> None:
    """Raise KfoodError where no threshold can be taken of so many validation plates."""
    if photos < (needed := needed_photos(coverage)):
        raise KfoodError(
            f"A coverage of {coverage:g} needs {needed} validation photos of different plates; there are {photos}. "
            "Ask for less, or hold out more photos (data.valid)."
        )


def with_likeliest(members: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the sets with the likeliest class in each that is empty: an answer names something."""
    filled = members.copy()
    empty = ~members.any(axis=1)
    filled[empty, probabilities[empty].argmax(axis=1)] = True
    return filled
