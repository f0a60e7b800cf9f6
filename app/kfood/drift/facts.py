"""What is plain to see of a photo: its size, and how bright, sharp and colourful it is."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kfood.data.preprocess import Preprocess
from kfood.errors import KfoodError
from kfood.system.cores import available_cores
from kfood.system.progress import track

if TYPE_CHECKING:
    from kfood.data.loaders import Photo

FACTS = {
    "longer_edge": "longer edge, pixels",
    "longer_by_shorter": "longer edge / shorter edge",
    "bytes_a_pixel": "bytes of the file a pixel",
    "brightness": "brightness, 0 to 1",
    "contrast": "contrast (spread of brightness)",
    "sharpness": "sharpness (spread of brightness from pixel to pixel)",
    "colourfulness": "colourfulness, 0 to 1",
    "warmth": "warmth (red less blue, -1 to 1)",
}


def facts_of(samples: pd.DataFrame, findings: pd.DataFrame, shrink: Preprocess) -> pd.DataFrame:
    """Return the facts of each photo, photos x `FACTS`, in the order of the samples.

    All but the size are of the photo as the network is given it, so that photos of all sizes compare.

    Args:
        samples: with `path`, `area`, `digest` and `label`.
        findings: of the same photos, as `kfood.data.check.check_photos` gives them.
        shrink: how the network's photos are brought to size.

    Raises:
        KfoodError: a photo cannot be read.
    """
    from kfood.data.loaders import as_items, photo_loader
    from kfood.data.pixel_cache import cached_pixels

    load = photo_loader(shrink, cached_pixels(samples, shrink))
    try:
        with ThreadPoolExecutor(available_cores()) as pool:
            looks = list(track(pool.map(lambda photo: _look(load, photo), as_items(samples)), len(samples), "looking"))
    except OSError as error:
        raise KfoodError(f"{error}. Run kfood data check on the photos.") from None
    width, height = (findings[name].to_numpy(float) for name in ("width", "height"))
    longer, shorter = np.maximum(width, height), np.minimum(width, height)
    sizes = np.stack([longer, longer / shorter, findings["bytes"].to_numpy(float) / (width * height)], axis=1)
    return pd.DataFrame(np.concatenate([sizes, np.array(looks)], axis=1), columns=list(FACTS), index=samples.index)


def facts_of_pixels(pixels: np.ndarray) -> tuple[float, float, float, float, float]:
    """Return brightness, contrast, sharpness, colourfulness and warmth of height x width x 3 (uint8).

    Brightness is perceived brightness, the weighted root mean square of the three colours that cleanvision takes as
    well; sharpness the standard deviation of its Laplacian, as in J. L. Pech-Pacheco et al., "Diatom autofocusing in
    brightfield microscopy", ICPR (2000); colourfulness that of D. Hasler and S. Süsstrunk, "Measuring colourfulness
    in natural images", SPIE (2003), over 255.
    """
    red, green, blue = np.moveaxis(pixels.astype(np.float32) / 255, 2, 0)
    bright = np.sqrt(0.241 * red**2 + 0.691 * green**2 + 0.068 * blue**2)
    padded = np.pad(bright, 1, mode="edge")
    laplacian = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:] - 4 * bright
    first, second = red - green, (red + green) / 2 - blue
    colours = np.hypot(first.std(), second.std()) + 0.3 * np.hypot(first.mean(), second.mean())
    return (
        float(bright.mean()),
        float(bright.std()),
        float(laplacian.std()),
        float(colours),
        float((red - blue).mean()),
    )


def _look(load: Callable[[Photo], np.ndarray], photo: Photo) -> tuple[float, ...]:
    return facts_of_pixels(load(photo))
