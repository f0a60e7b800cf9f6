"""Right and wrong answers drawn from a known truth, to try statistics on."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm


def drawn_answers(
    rng: np.random.Generator,
    tables: int,
    rows: int,
    seeds: int,
    photos: int,
    accuracy: float | np.ndarray = 0.85,
    *,
    luck: float | np.ndarray = 0.1,
    hardness: float = 2.0,
    alike: float = 1.0,
    plates: float = 0.0,
    groups: np.ndarray | None = None,
    lucks: np.ndarray | None = None,
) -> np.ndarray:
    """Return answers (tables, rows, seeds, photos), True where right.

    An answer is right where the sum of normal parts is positive: the photo's hardness, its plate's, the training's
    luck, and 1 for what is neither. The mean is such that the expectation over all of them is `accuracy`.

    Args:
        accuracy, luck: of each row, or one for all; luck is the training's standard deviation.
        hardness, plates: standard deviations of photos and of groups of photos.
        alike: correlation of the rows' hardness of a photo.
        groups: (photos,), group numbers from 0.
        lucks: (tables, rows, seeds), standard normal; drawn again where not given.
    """
    luck = np.broadcast_to(np.asarray(luck, dtype=float), rows)
    total = np.sqrt(1 + hardness**2 + plates**2 + luck**2)
    mean = norm.ppf(np.broadcast_to(accuracy, rows)) * total
    lucks = rng.standard_normal((tables, rows, seeds)) if lucks is None else lucks
    of_photo = np.sqrt(alike) * rng.standard_normal((tables, 1, photos))
    if alike < 1:
        of_photo = of_photo + np.sqrt(1 - alike) * rng.standard_normal((tables, rows, photos))
    of_photo = hardness * of_photo
    if plates:
        of_photo = of_photo + plates * rng.standard_normal((tables, 1, int(groups.max()) + 1))[..., groups]
    known = (mean + of_photo.swapaxes(1, 2)).swapaxes(1, 2)[:, :, None] + (luck[:, None] * lucks)[..., None]
    return known + rng.standard_normal((tables, rows, seeds, photos), dtype=np.float32) > 0
