"""What predicts photos, whatever it is made of: the one interface of runs and exported models."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Protocol, runtime_checkable

import numpy as np


class Predictor(Protocol):
    """A model that is ready to say what is on photos.

    `name` is the run's name, or the exported file's; `classes` are in the order of the probabilities, NFC.
    """

    name: str
    classes: list[str]

    def prepare(self, photo: str | Path | BinaryIO) -> np.ndarray:
        """Return a photo as the network is given it: height x width x 3, uint8, of one size for all photos.

        Safe to call from several threads at once.

        Raises:
            OSError: it cannot be read; the message names it.
        """
        ...

    def probabilities(self, photos: np.ndarray) -> np.ndarray:
        """Return n x classes, float32, whose rows sum to 1, of n prepared photos (n x height x width x 3, uint8).

        Any one thread at a time may call it.
        """
        ...


Cell = str | float | None


@runtime_checkable
class AnsweringPredictor(Predictor, Protocol):
    """A predictor that says more of a photo than probabilities, such as a calibrated run.

    `columns` are the names of what it says.
    """

    columns: list[str]

    def answers(self, photos: np.ndarray) -> tuple[np.ndarray, list[list[Cell]]]:
        """Return probabilities as `Predictor.probabilities`, and for each photo a cell for each of `columns`."""
        ...
