"""The report's two kinds of denoising, on the resized photo, in training and in validation alike."""

from __future__ import annotations

from collections.abc import Callable

from PIL.Image import Image
from PIL.ImageFilter import Kernel, MaxFilter, MinFilter

_NEIGHBOURS = (1, 2, 1, 2, 4, 2, 1, 2, 1)


def blur(image: Image) -> Image:
    """Weighted mean of the 3 x 3 neighbours (binomial weights)."""
    return image.filter(Kernel((3, 3), _NEIGHBOURS))


def opening(image: Image) -> Image:
    """Morphological opening, 3 x 3, by channel: erosion, then dilation; removes bright specks."""
    return image.filter(MinFilter(3)).filter(MaxFilter(3))


def closing(image: Image) -> Image:
    """Morphological closing, 3 x 3, by channel: dilation, then erosion; removes dark specks."""
    return image.filter(MaxFilter(3)).filter(MinFilter(3))


DENOISERS: dict[str, Callable[[Image], Image]] = {"blur": blur, "opening": opening, "closing": closing}
