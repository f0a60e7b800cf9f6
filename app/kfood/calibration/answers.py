"""What is said of photos: a calibrated probability, a set, a dish or its group, or none of these."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kfood.calibration.levels import DISH, GROUP, NONE
from kfood.calibration.sets import with_likeliest
from kfood.calibration.stored import Calibration
from kfood.statistics.temperature import tempered


@dataclass(frozen=True)
class Answers:
    """Of n photos.

    Args:
        probabilities: photos x classes, calibrated.
        sets: photos x classes, bool: the dishes that a photo may show, one or more.
        level: (photos,), "dish", "group", "unsure" or "none of these".
        names: (photos,), the dish or the group that is answered; '' for unsure and none of these.
        share: (photos,), of photos of known dishes, how many are as strange, 0 to 1; None where that is not known.
    """

    probabilities: np.ndarray
    sets: np.ndarray
    level: np.ndarray
    names: np.ndarray
    share: np.ndarray | None


def answer_photos(
    found: Calibration,
    probabilities: np.ndarray,
    share: np.ndarray | None = None,
    coverage: float | None = None,
    refuse: float | None = None,
) -> Answers:
    """Return what a calibrated run answers.

    Args:
        found: the run's calibration.
        probabilities: photos x classes, as the network gives them.
        share: as `OutOfDistribution.share` gives it; None where the run has no such score.
        coverage: of sets; the run's own where not given.
        refuse: the share of photos of known dishes that may be refused; the run's own where not given.

    Raises:
        KfoodError: the coverage or share cannot be had, see `Sets.thresholds` and `OutOfDistribution.refused`.
    """
    sets = with_likeliest(found.sets.members(probabilities, coverage), probabilities)
    probabilities = tempered(probabilities, found.temperature.value)
    level = found.levels.level_of(probabilities)
    if found.none_of_these and share is not None:
        level[found.none_of_these.refused(share, refuse)] = NONE
    names = np.full(len(level), "", dtype=object)
    dish = level == DISH
    names[dish] = np.array(found.classes, dtype=object)[probabilities[dish].argmax(axis=1)]
    if found.levels.groups:
        group = level == GROUP
        best = found.levels.of_groups(probabilities[group]).argmax(axis=1)
        names[group] = np.array(found.levels.names, dtype=object)[best]
    return Answers(probabilities, sets, level, names, share)
