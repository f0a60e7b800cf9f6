"""A model to predict with from Python, whether a run or an exported file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from kfood.prediction.load import load_predictor
from kfood.prediction.table import predicted_table
from kfood.run.folder import Run
from kfood.system import logs


class Model:
    """Says what is on photos. `name` is the run's, or the exported file's; `classes` are in class order.

    Args:
        what: as `load_predictor` takes it.

    Raises:
        KfoodError: as `load_predictor`.
    """

    def __init__(self, what: Run | Path) -> None:
        self._predictor = load_predictor(what)
        self.name, self.classes = self._predictor.name, self._predictor.classes

    def __repr__(self) -> str:
        return f"Model({self.name!r}, {len(self.classes)} classes)"

    def predict(self, photos: str | Path | Sequence[str | Path], top: int = 3) -> pd.DataFrame:
        """Return a row for each photo: `path`, `predicted`, `predicted_probability` (0..1), `second`, … and `error`.

        Args:
            photos: an image file, a folder, a zip or tar archive, a list of paths (.txt, .csv), or several of them.
            top: how many classes a row names.

        Raises:
            KfoodError: a source is not there or holds no photo, or no photo can be read.
        """
        with logs.shown():
            return predicted_table(self._predictor, [photos] if isinstance(photos, str | Path) else photos, top)
