"""The predictions table: one row a photo, with the probability the classifier gave to every class."""

from __future__ import annotations

import pandas as pd

PATH = "path"
SPLIT = "split"
LABEL = "label"
PREDICTED = "predicted"
PROBABILITY = "probability"
LOSS = "loss"
CLASS_PREFIX = "p_"


def class_names(predictions: pd.DataFrame) -> list[str]:
    """Return all classes of the classifier, in its own order, also those without a photo in the table."""
    return [column.removeprefix(CLASS_PREFIX) for column in predictions if column.startswith(CLASS_PREFIX)]


def of_split(predictions: pd.DataFrame, split: str) -> pd.DataFrame:
    """Return the rows of one split ("valid" or "test"), in their order; none where the split is not there."""
    return predictions[predictions[SPLIT] == split]


def is_right(predictions: pd.DataFrame) -> pd.Series:
    """Return for each row whether the predicted class is the true one."""
    return predictions[LABEL] == predictions[PREDICTED]
