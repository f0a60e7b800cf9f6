"""Weights of classes in the loss, by the classes' names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kfood.errors import KfoodError
from kfood.text import did_you_mean, listed


def weights_by_number(by_name: Mapping[str, float], classes: Sequence[str]) -> list[float]:
    """Return a weight for each class, 1 where none is named.

    Raises:
        KfoodError: a class is named that the photos do not have, with the nearest name.
    """
    for name in by_name:
        if name not in classes:
            raise KfoodError(
                f'loss.class_weights names "{name}", which is not a class here.{did_you_mean(name, classes)} '
                f"The classes are {listed(classes, 50)}."
            )
    return [by_name.get(name, 1.0) for name in classes]
