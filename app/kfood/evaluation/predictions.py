"""The predictions table: one row a photo, with the probability the classifier gave to every class."""

from __future__ import annotations

import unicodedata

import pandas as pd

from kfood.errors import KfoodError
from kfood.text import did_you_mean, listed

PATH = "path"
SPLIT = "split"
LABEL = "label"
GROUP = "group"
PREDICTED = "predicted"
PROBABILITY = "probability"
LOSS = "loss"
CLASS_PREFIX = "p_"


def class_names(predictions: pd.DataFrame) -> list[str]:
    """Return all classes of the classifier, in its own order, also those without a photo in the table."""
    return [column.removeprefix(CLASS_PREFIX) for column in predictions if column.startswith(CLASS_PREFIX)]


def groups_of(predictions: pd.DataFrame) -> pd.Series:
    """Return the group of each photo: shots of one plate share one. By itself where none is known."""
    return predictions[GROUP] if GROUP in predictions else pd.Series(range(len(predictions)), predictions.index)


def of_split(predictions: pd.DataFrame, split: str) -> pd.DataFrame:
    """Return the rows of one split ("valid" or "test"), in their order; none where the split is not there."""
    return predictions[predictions[SPLIT] == split]


def is_right(predictions: pd.DataFrame) -> pd.Series:
    """Return for each row whether the predicted class is the true one."""
    return predictions[LABEL] == predictions[PREDICTED]


def of_class(predictions: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the photos whose true class is `name`. Raises KfoodError where there is no such class."""
    return predictions[predictions[LABEL] == _known(predictions, name)]


def of_pair(predictions: pd.DataFrame, a: str, b: str) -> pd.DataFrame:
    """Return the photos of one of two classes that were taken for the other, in both directions.

    Raises:
        KfoodError: there is no such class, or both are the same.
    """
    a, b = _known(predictions, a), _known(predictions, b)
    if a == b:
        raise KfoodError(f"A pair needs two classes, but both are {a}.")
    labels, predicted = predictions[LABEL], predictions[PREDICTED]
    return predictions[((labels == a) & (predicted == b)) | ((labels == b) & (predicted == a))]


def _known(predictions: pd.DataFrame, name: str) -> str:
    classes, composed = class_names(predictions), unicodedata.normalize("NFC", name)
    if composed not in classes:
        raise KfoodError(
            f'The run has no class "{composed}".{did_you_mean(composed, classes)} It has {listed(classes, 20)}.'
        )
    return composed
