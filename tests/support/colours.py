"""A predictor without a network: how red, green and blue a photo is."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from kfood.exported.predict import open_photo

CLASSES = ["떡볶이", "시금치", "가지볶음"]  # red, green, blue
SIDE = 8


class Colours:
    """Counts what it is asked: `prepared` photos, and the sizes of `batches`."""

    name = "colours"
    classes = CLASSES

    def __init__(self) -> None:
        self.prepared = 0
        self.batches: list[int] = []

    def prepare(self, photo: str | Path | BinaryIO) -> np.ndarray:
        self.prepared += 1
        return np.asarray(open_photo(photo).resize((SIDE, SIDE)))

    def probabilities(self, photos: np.ndarray) -> np.ndarray:
        self.batches.append(len(photos))
        assert photos.shape[1:] == (SIDE, SIDE, 3) and photos.dtype == np.uint8
        sums = photos.astype(np.float32).sum((1, 2)) + 1
        return sums / sums.sum(1, keepdims=True)


def paint(path: Path, number: int) -> Path:
    """Draw a photo whose likeliest class is that of the number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    colour = [40, 40, 40]
    colour[number % 3] = 220
    Image.new("RGB", (20, 16), tuple(colour)).save(path)
    return path


def likeliest(number: int) -> str:
    return CLASSES[number % 3]
