"""A run's judged photos for questions about pairs of classes, and intervals that know shots of one plate."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from kfood.errors import KfoodError
from kfood.evaluation.predictions import LABEL, class_names, of_pair, of_split
from kfood.recipes.schema import nfc
from kfood.run.folder import Run
from kfood.text import did_you_mean, listed


def judged_photos(run: Run, split: str) -> pd.DataFrame:
    """Return a run's predictions of one split.

    Raises:
        KfoodError: the run has no photos in that split.
    """
    photos = of_split(run.predictions, split).reset_index(drop=True)
    if photos.empty:
        splits = sorted(set(run.predictions["split"]))
        raise KfoodError(f'{run.folder} has no predictions for "{split}".{did_you_mean(split, splits)}')
    return photos


def known_pair(predictions: pd.DataFrame, pair: tuple[str, str]) -> tuple[str, str]:
    """Return the two class names as the run has them, in the order of its classes.

    Raises:
        KfoodError: there is no such class (with the nearest name), or both are the same.
    """
    of_pair(predictions, *pair)
    first, second = sorted(map(nfc, pair), key=class_names(predictions).index)
    return first, second


def pair_among(pair: tuple[str, str], classes: Sequence[str]) -> tuple[str, str]:
    """Return the two names as the photos have them (NFC).

    Raises:
        KfoodError: the photos have no such class (with the nearest name), or both are the same.
    """
    first, second = map(nfc, pair)
    for name in (first, second):
        if name not in classes:
            raise KfoodError(
                f'The photos have no class "{name}".{did_you_mean(name, classes)} They have {listed(classes, 20)}.'
            )
    if first == second:
        raise KfoodError(f"A pair needs two classes, but both are {first}.")
    return first, second


def of_either(photos: pd.DataFrame, pair: tuple[str, str]) -> pd.Series:
    """Return for each photo whether it truly is of one of the two classes."""
    return photos[LABEL].isin(pair)
