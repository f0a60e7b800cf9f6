"""Predictions as a table, for whoever works on in Python."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from kfood.errors import KfoodError
from kfood.prediction.predictor import Predictor
from kfood.prediction.sources import find_photos
from kfood.prediction.stream import column_names, more_columns, predicted_rows
from kfood.system.progress import track


def predicted_table(predictor: Predictor, sources: Sequence[str | Path], top: int = 3) -> pd.DataFrame:
    """Return a row for each photo that the sources are or hold.

    Args:
        predictor: of a run or an exported model.
        sources: as `find_photos` takes them.
        top: how many classes a row names; all of them where there are fewer.

    Returns:
        `path`, then `predicted`, `second`, `third`, …, each followed by its probability, 0..1
        (`predicted_probability`, …), of a calibrated run its `CalibratedPredictor.columns`, and `error`:
        '' or why the photo could not be read.

    Raises:
        KfoodError: as `find_photos`, or no photo can be read.
    """
    photos, top = find_photos(sources), min(top, len(predictor.classes))
    rows = list(track(predicted_rows(predictor, photos, top), photos.total, "predicting"))
    if all(row.error for row in rows):
        raise KfoodError(photos.nothing_read(rows[0].error if rows else ""))
    more = more_columns(predictor)
    cells = [row.cells(top, len(more)) for row in rows]
    return pd.DataFrame(cells, columns=column_names(top, more)).fillna({"error": ""})
