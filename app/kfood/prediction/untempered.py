"""An exported model of a calibrated run, with the probabilities that the run's network gives."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np

from kfood.exported.predict import Model
from kfood.statistics.temperature import tempered


class Untempered:
    """A `Predictor` that takes the temperature, which the graph has in it, out again: sets go by what was before.

    Args:
        model: whose graph gives calibrated probabilities.
        temperature: of them.
    """

    def __init__(self, model: Model, temperature: float) -> None:
        self.name, self.classes, self.model = model.name, model.classes, model
        self._temperature = temperature

    def prepare(self, photo: str | Path | BinaryIO) -> np.ndarray:
        """As `Predictor.prepare`."""
        return self.model.prepare(photo)

    def probabilities(self, photos: np.ndarray) -> np.ndarray:
        """As `Predictor.probabilities`, before the temperature."""
        return tempered(self.model.probabilities(photos), 1 / self._temperature)
