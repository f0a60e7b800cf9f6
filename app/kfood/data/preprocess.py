"""Everything about a photo that chance has no part in: opened, cut, brought to size, denoised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image
from PIL.ImageFilter import Kernel, MaxFilter, MinFilter

from kfood.data.crop_area import parse_area
from kfood.data.photo import open_photo
from kfood.recipes.schema import Data

_MARGIN = 1.5  # a JPEG is decoded to no less than this many times the wanted size, then resized as any photo


@dataclass(frozen=True)
class Preprocess:
    """How photos are brought to size, once, before anything random.

    Args:
        size: pixels.
        resize: "squish" makes photos `size` wide and high; "crop" the shorter side `size`, "pad" the longer one, and
            what is then cut off or filled up is left to the DataLoaders, where it is random in training.
        denoise: a name in `DENOISERS`, or "none".
    """

    size: int
    resize: str
    denoise: str

    def __call__(self, photo: str | Path | BinaryIO, area: str = "") -> np.ndarray:
        """Return a photo as height x width x 3, uint8. Raises OSError where it cannot be read."""
        image = open_photo(photo, parse_area(area), at_least=round(_MARGIN * self.size))
        image = image.resize(self._target(*image.size), Image.Resampling.BILINEAR)
        return np.asarray(image if self.denoise == "none" else DENOISERS[self.denoise](image))

    def _target(self, width: int, height: int) -> tuple[int, int]:
        if self.resize == "squish":
            return self.size, self.size
        scale = self.size / (min if self.resize == "crop" else max)(width, height)
        return max(1, round(width * scale)), max(1, round(height * scale))


def as_square(pixels: np.ndarray, resize: str) -> np.ndarray:
    """Return what `Preprocess` leaves as a square, as fastai makes one of validation photos.

    Args:
        pixels: height x width x 3, uint8.
        resize: "crop" keeps the middle, "pad" mirrors the photo at its edges; "squish" leaves squares already.
    """
    height, width = pixels.shape[:2]
    if height == width:
        return pixels
    size = (min if resize == "crop" else max)(height, width)
    top, left = int((height - size) / 2), int((width - size) / 2)  # towards 0, as fastai rounds
    if resize == "crop":
        return np.ascontiguousarray(pixels[top : top + size, left : left + size])
    above, before = -top, -left
    return np.pad(pixels, ((above, size - height - above), (before, size - width - before), (0, 0)), "reflect")


def preprocessing(data: Data) -> Preprocess:
    """Return how a recipe brings its photos to size."""
    return Preprocess(round(data.size * data.presize), data.resize, data.denoise)


_NEIGHBOURS = (1, 2, 1, 2, 4, 2, 1, 2, 1)


def blur(image: Image.Image) -> Image.Image:
    """Weighted mean of the 3 x 3 neighbours (binomial weights)."""
    return image.filter(Kernel((3, 3), _NEIGHBOURS))


def opening(image: Image.Image) -> Image.Image:
    """Morphological opening, 3 x 3, by channel: erosion, then dilation; removes bright specks."""
    return image.filter(MinFilter(3)).filter(MaxFilter(3))


def closing(image: Image.Image) -> Image.Image:
    """Morphological closing, 3 x 3, by channel: dilation, then erosion; removes dark specks."""
    return image.filter(MaxFilter(3)).filter(MinFilter(3))


DENOISERS: dict[str, Callable[[Image.Image], Image.Image]] = {"blur": blur, "opening": opening, "closing": closing}
