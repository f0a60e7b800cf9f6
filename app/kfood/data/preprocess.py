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

_LONGEST = 4  # times as long as wide is what "crop" takes of a photo, in its middle: the rest would fill the memory
_MARGIN = 1.5  # a JPEG is decoded to no less than this many times the wanted size, then resized as any photo


@dataclass(frozen=True)
class Preprocess:
    """How photos are brought to size, once, before anything random.

    Args:
        size: pixels.
        resize: "squish" makes photos `size` wide and high; "crop" the shorter side `size`, "pad" the longer one, and
            what is then cut off or filled up is left to the DataLoaders, where it is random in training. Of a photo
            more than four times as long as wide, "crop" takes the middle.
        denoise: a name in `DENOISERS`, or "none".
    """

    size: int
    resize: str
    denoise: str

    def __call__(self, photo: str | Path | BinaryIO, area: str = "") -> np.ndarray:
        """Return a photo as height x width x 3, uint8. Raises OSError where it cannot be read."""
        image = open_photo(photo, parse_area(area), at_least=round(_MARGIN * self.size))
        if self.resize == "crop" and max(image.size) > _LONGEST * min(image.size):
            image = _middle(image)
        image = image.resize(self._target(*image.size), Image.Resampling.BILINEAR)
        return np.asarray(image if self.denoise == "none" else DENOISERS[self.denoise](image))

    def _target(self, width: int, height: int) -> tuple[int, int]:
        if self.resize == "squish":
            return self.size, self.size
        scale = self.size / (min if self.resize == "crop" else max)(width, height)
        return max(1, round(width * scale)), max(1, round(height * scale))


def _middle(image: Image.Image) -> Image.Image:
    """Return the middle of a long photo, `_LONGEST` times as long as wide."""
    width, height = (min(side, _LONGEST * min(image.size)) for side in image.size)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


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
