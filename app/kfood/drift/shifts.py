"""Differences of a stated size, put into photos that a run knows: what the test would find of them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageEnhance, ImageFilter

from kfood.data.crop_area import parse_area
from kfood.data.photo import open_photo
from kfood.evaluation.embeddings import embed
from kfood.run.folder import Run
from kfood.statistics.two_sample import power_of

SMALL, DARK, BLURRED = 160, 0.6, 0.005  # pixels of the longer edge, times as bright, of the longer edge
_OTHER_DISHES = 5  # one in so many classes is all that half of the photos show
_CHANGED = 200  # photos that are changed, at most


def shrunk_photo(photo: Image.Image) -> Image.Image:
    """Return a photo whose longer edge has 160 pixels."""
    side = max(photo.size)
    width, height = (max(1, round(length * SMALL / side)) for length in photo.size)
    return photo.resize((width, height), Image.Resampling.BILINEAR)


def darkened_photo(photo: Image.Image) -> Image.Image:
    """Return a photo 0.6 times as bright."""
    return ImageEnhance.Brightness(photo).enhance(DARK)


def blurred_photo(photo: Image.Image) -> Image.Image:
    """Return a photo blurred by a Gaussian of 0.5 % of its longer edge."""
    return photo.filter(ImageFilter.GaussianBlur(max(photo.size) * BLURRED))


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    f"all shrunk to {SMALL} pixels": shrunk_photo,
    f"all {DARK:g} times as bright": darkened_photo,
    f"all blurred by {BLURRED:.1%} of the edge": blurred_photo,
}
OTHER_DISHES = f"half of them of a {_OTHER_DISHES}th of the dishes"


def powers(run: Run, samples: pd.DataFrame, features: np.ndarray, predicted: np.ndarray, n: int) -> pd.DataFrame:
    """Return how often the test finds each of four differences, with n new photos.

    Photos that the run knows are parted at random, n of them (at most half) as the new ones, with the difference in
    them; the test is done on both parts.

    Args:
        run: whose network gives the features.
        samples: photos of different plates that it did not learn from.
        features: of them.
        predicted: (photos,), numbers of their classes.
        n: new photos.

    Columns: `difference` (in words), `n`, `power` (0 to 1).
    """
    known = len(samples)
    some = np.random.default_rng(0).permutation(known)[: max(_CHANGED, 2 * n)]
    rows = []
    for words, change in CHANGES.items():
        changed = changed_features(run, samples.iloc[some], change)
        new = min(n, len(some) // 2)
        pool = np.concatenate([features, changed])
        rows.append((words, new, power_of(pool, partial(_with_change, known, some, new))))
    new = min(n, known // 2)
    rows.append((OTHER_DISHES, new, power_of(features, partial(with_dishes, predicted, new))))
    return pd.DataFrame(rows, columns=["difference", "n", "power"])


def changed_features(run: Run, samples: pd.DataFrame, change: Callable[[Image.Image], Image.Image]) -> np.ndarray:
    """Return the features of photos, with a change made to each; files of them are there for a moment alone."""
    with tempfile.TemporaryDirectory(prefix="kfood-drift-") as folder:
        files = []
        for number, (path, area) in enumerate(zip(samples["path"], samples["area"], strict=True)):
            files.append(str(Path(folder, f"{number}.jpg")))
            photo = open_photo(path, parse_area(area), at_least=2 * run.recipe.data.size)
            change(photo).save(files[-1], quality=92)
        return embed(pd.DataFrame({"path": files}), run)


def _with_change(known: int, some: np.ndarray, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    new = rng.permutation(len(some))[:n]
    return np.delete(np.arange(known), some[new]), known + new


def with_dishes(predicted: np.ndarray, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of photos as they were, and of n new ones, half of which are of some of the classes alone.

    Args:
        predicted: (photos,), numbers of their classes.
        n: new photos.
        rng: draws classes and photos.
    """
    classes = np.unique(predicted)
    chosen = rng.permutation(classes)[: max(1, len(classes) // _OTHER_DISHES)]
    order = rng.permutation(len(predicted))
    of_chosen = order[np.isin(predicted[order], chosen)][: n // 2]
    others = order[~np.isin(order, of_chosen)][: n - len(of_chosen)]
    new = np.concatenate([of_chosen, others])
    return np.delete(np.arange(len(predicted)), new), new
