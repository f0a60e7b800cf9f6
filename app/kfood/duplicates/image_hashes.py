"""Each photo, small: its grey pixels, and a hash that survives saving again and resizing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import pandas as pd
from imagehash import phash
from PIL import Image

from kfood.data.loaders import Photo, as_items, photo_loader
from kfood.data.pixel_cache import cached_pixels
from kfood.data.preprocess import Preprocess
from kfood.errors import KfoodError
from kfood.system.cores import available_cores
from kfood.system.progress import track

SIDE = 64  # pixels of the small pictures
_SHRINK = Preprocess(224, "squish", "none")  # as the trainings and `embed` take photos, so that they are decoded once


class ImageHashes(NamedTuple):
    """Of each photo: grey pixels (n x 64 x 64, uint8), its hash and that of its mirror image (n x 8 bytes)."""

    small: np.ndarray
    hashes: np.ndarray
    mirrored: np.ndarray


def image_hashes(samples: pd.DataFrame) -> ImageHashes:
    """Return what photos look like, in the order of `samples`.

    The hash is the perceptual hash of imagehash (64 bits: which of a photo's slow waves are above their median).

    Args:
        samples: with `path`, `area`, `digest` and `label`.

    Raises:
        KfoodError: a photo cannot be read.
    """
    load_photo = photo_loader(_SHRINK, cached_pixels(samples, _SHRINK))

    def look_at(photo: Photo) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        grey = Image.fromarray(load_photo(photo)).convert("L")
        small = np.asarray(grey.resize((SIDE, SIDE), Image.Resampling.BILINEAR))
        return small, _packed(grey), _packed(grey.transpose(Image.Transpose.FLIP_LEFT_RIGHT))

    hashes = ImageHashes(*(np.zeros((len(samples), *shape), np.uint8) for shape in ((SIDE, SIDE), (8,), (8,))))
    try:
        with ThreadPoolExecutor(available_cores()) as pool:
            found = pool.map(look_at, as_items(samples))
            for row, parts in enumerate(track(found, len(samples), "looking at photos")):
                for of_all, of_one in zip(hashes, parts, strict=True):
                    of_all[row] = of_one
    except OSError as error:
        raise KfoodError(f"{error}. Run kfood data check on the photos.") from None
    return hashes


def _packed(grey: Image.Image) -> np.ndarray:
    return np.packbits(phash(grey).hash)
