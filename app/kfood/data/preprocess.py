"""Everything about a photo that chance has no part in: opened, cut, brought to size, denoised."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from kfood.data.crop_area import parse_area
from kfood.data.photo import open_photo
from kfood.exported.predict import MARGIN, resized
from kfood.recipes.schema import Data


@dataclass(frozen=True)
class Preprocess:
    """How photos are brought to size, once, before anything random.

    Args:
        size: pixels.
        resize: "squish" makes photos `size` wide and high; "crop" the shorter side `size`, "pad" the longer one, and
            what is then cut off or filled up is left to the DataLoaders, where it is random in training.
        denoise: a name in `kfood.exported.predict.FILTERS`.
    """

    size: int
    resize: str
    denoise: str

    def __call__(self, photo: str | Path | BinaryIO, area: str = "") -> np.ndarray:
        """Return a photo as height x width x 3, uint8. Raises OSError where it cannot be read."""
        image = open_photo(photo, parse_area(area), at_least=round(MARGIN * self.size))
        return resized(image, self.size, self.resize, self.denoise)


def preprocessing(data: Data) -> Preprocess:
    """Return how a recipe brings its photos to size."""
    return Preprocess(round(data.size * data.presize), data.resize, data.denoise)
