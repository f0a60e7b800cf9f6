"""The coarser dish as an answer: a group, such as 찌개, where no single dish is sure enough."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kfood.calibration.judged import Judged
from kfood.statistics.guaranteed_accuracy import Threshold, guaranteed_threshold

DISH, GROUP, UNSURE, NONE = "dish", "group", "unsure", "none of these"


@dataclass(frozen=True)
class Levels:
    """From which probability on a dish, or else its group, is the answer.

    Args:
        groups: the group of each class, in class order; [] where classes have none.
        accuracy: that is wanted of the dishes that are answered, and of dishes and groups together, between 0 and 1.
        confidence: that both have it, between 0 and 1.
        dish, group: the thresholds of the two levels; without groups, that of groups has no `least`. What they count
            are the dishes answered, and the dishes and groups.
    """

    groups: list[str]
    accuracy: float
    confidence: float
    dish: Threshold
    group: Threshold

    @property
    def names(self) -> list[str]:
        """Return the groups, each once, in the order of their names."""
        return sorted(set(self.groups))

    def of_groups(self, probabilities: np.ndarray) -> np.ndarray:
        """Return the probability of each group of `names`, photos x groups: the sum over its classes."""
        names = self.names
        members = np.array([[name == group for name in names] for group in self.groups], dtype=float)
        sums: np.ndarray = probabilities @ members.reshape(len(self.groups), len(names))
        return sums

    def level_of(self, probabilities: np.ndarray) -> np.ndarray:
        """Return of calibrated probabilities, photos x classes, the level that is answered: dish, group or unsure."""
        level = np.full(len(probabilities), UNSURE, dtype=object)
        if self.groups and self.group.least is not None:
            level[self.of_groups(probabilities).max(axis=1) >= self.group.least] = GROUP
        if self.dish.least is not None:
            level[probabilities.max(axis=1) >= self.dish.least] = DISH
        return level


def fit_levels(valid: Judged, groups: list[str], accuracy: float, confidence: float = 0.95) -> Levels:
    """Choose on validation from which probability on a dish is answered, and from which on a group is of the others.

    Both are chosen with a guarantee (`guaranteed_threshold`): first that of dishes, then that of groups, such that all
    that is answered, dishes and groups together, is as accurate as is wanted. Each takes half of what the confidence
    leaves over, so that both hold together.

    Args:
        valid: validation photos, with calibrated probabilities.
        groups: the group of each class, in class order; [] for none.
        accuracy: wanted of the dishes that are answered, and of all answers.
        confidence: that both have it.

    Raises:
        KfoodError: accuracy or confidence are not between 0 and 1.
    """
    each = 1 - (1 - confidence) / 2 if groups else confidence
    top = valid.probabilities.max(axis=1)
    right = valid.probabilities.argmax(axis=1) == valid.labels
    dish = guaranteed_threshold(top, right, valid.groups, accuracy, each)
    none = Threshold(None, dish.groups, 0, 0, dish.needed)
    levels = Levels(groups, accuracy, confidence, dish, none)
    if not groups:
        return levels
    is_dish = levels.level_of(valid.probabilities) == DISH
    sums = levels.of_groups(valid.probabilities)
    right_group = sums.argmax(axis=1) == group_numbers(levels, valid.labels)
    surer = np.where(is_dish, 1 + top, sums.max(axis=1))  # dishes come first
    both = guaranteed_threshold(surer, np.where(is_dish, right, right_group), valid.groups, accuracy, each)
    if both.least is None or both.least > 1:
        return levels
    return Levels(groups, accuracy, confidence, dish, both)


def group_numbers(levels: Levels, labels: np.ndarray) -> np.ndarray:
    """Return the numbers, among `Levels.names`, of the groups of classes."""
    names = levels.names
    numbers: np.ndarray = np.array([names.index(group) for group in levels.groups], dtype=int)[labels]
    return numbers
