"""A run's photos, opened small and cut as they were for training."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from kfood.data.crop_area import parse_area
from kfood.data.photo import open_photo
from kfood.interpretation.colour_claim import colour_histogram
from kfood.run.folder import Run
from kfood.system.cores import available_cores
from kfood.system.progress import track

_PIXELS = 320
_HISTOGRAM_PIXELS = 96


class PhotoOpener:
    """Opens photos by the path that the run knows them by.

    Args:
        run: finished.
    """

    def __init__(self, run: Run) -> None:
        self.areas = dict(zip(run.samples["path"], run.samples["area"], strict=True))

    def __call__(self, path: str, pixels: int = _PIXELS) -> Image.Image:
        """Return a photo no wider and no higher than `pixels`. Raises OSError where it cannot be read."""
        photo = open_photo(path, parse_area(self.areas.get(path, "")), at_least=pixels)
        photo.thumbnail((pixels, pixels))
        return photo

    def histograms(self, paths: list[str]) -> dict[str, np.ndarray]:
        """Return the colour histograms of the photos that can be read, by path."""

        def histogram(path: str) -> np.ndarray | None:
            try:
                return colour_histogram(self(path, _HISTOGRAM_PIXELS))
            except OSError:
                return None

        with ThreadPoolExecutor(available_cores()) as pool:  # Pillow decodes without holding Python's lock
            found = zip(paths, track(pool.map(histogram, paths), len(paths), "looking at colours"), strict=True)
            return {path: one for path, one in found if one is not None}


def missing_photos(paths: list[str]) -> int:
    """Return how many of the files are not there."""
    return sum(not Path(path).is_file() for path in paths)
