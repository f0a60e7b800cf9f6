"""Photos with forms in them, as a camera's have: what was cut, mirrored or saved again can be told from another one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

_CELLS, _SIDE = 14, 224

CHANGES = {
    "saved again": lambda photo: photo,
    "resized": lambda photo: photo.resize((90, 90)),
    "cut by 5 %": lambda photo: photo.crop((8, 3, _SIDE - 3, _SIDE - 8)),
    "cut by 20 %": lambda photo: photo.crop((0, 20, 180, 200)),
    "mirrored": ImageOps.mirror,
    "turned by 5 degrees": lambda photo: photo.rotate(5, Image.Resampling.BICUBIC).crop((12, 12, 212, 212)),
}


def textured(number: int) -> Image.Image:
    """Draw the photo of this number: smooth spots, other ones for each number."""
    spots = np.random.default_rng(number).integers(0, 256, (_CELLS, _CELLS, 3), dtype=np.uint8)
    return Image.fromarray(spots).resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)


def changed(number: int, change: str) -> Image.Image:
    """Return a changed copy of the photo of this number."""
    return CHANGES[change](textured(number))


def save(photo: Image.Image, path: Path, quality: int = 70) -> Path:
    """Save a photo as JPEG, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    photo.save(path, quality=quality)
    return path
