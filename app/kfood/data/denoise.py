"""The report's two kinds of denoising, on the resized photo, in training and in validation alike."""

from __future__ import annotations

from collections.abc import Callable

from fastai.vision.core import PILImage
from fasttransform import Transform
from PIL import ImageFilter

_NEIGHBOURS = (1, 2, 1, 2, 4, 2, 1, 2, 1)


def blur(image: PILImage) -> PILImage:
    """Weighted mean of the 3 x 3 neighbours (binomial weights)."""
    return image.filter(ImageFilter.Kernel((3, 3), _NEIGHBOURS))


def opening(image: PILImage) -> PILImage:
    """Morphological opening, 3 x 3, by channel: erosion, then dilation; removes bright specks."""
    return image.filter(ImageFilter.MinFilter(3)).filter(ImageFilter.MaxFilter(3))


def closing(image: PILImage) -> PILImage:
    """Morphological closing, 3 x 3, by channel: dilation, then erosion; removes dark specks."""
    return image.filter(ImageFilter.MaxFilter(3)).filter(ImageFilter.MinFilter(3))


DENOISERS: dict[str, Callable[[PILImage], PILImage]] = {"blur": blur, "opening": opening, "closing": closing}


class Denoise(Transform):
    """An item transform that denoises after `Resize` and before the photo becomes a tensor."""

    order = 2

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.denoiser = DENOISERS[kind]

    def encodes(self, image: PILImage) -> PILImage:
        """Denoise one photo."""
        return PILImage(self.denoiser(image))
