"""The demo photos: drawings of dishes in the contest's folders, so that everything runs without its data."""

import logging
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from kfood.data.demo.dish import Dish
from kfood.data.demo.dishes import HEALTH, KFOOD
from kfood.data.demo.drawing import draw_dish
from kfood.recipes.schema import nfc
from kfood.system.paths import cache_folder

VERSION = "1"  # raise it whenever the drawings change, so that older ones are not taken for them

KFOOD_COUNTS = (25, 8)  # photos of each class to train with and to validate with
HEALTH_COUNTS = {  # the contest's own counts, of which the demo has a 15th and a 6th
    "가리비": (831, 103),
    "갈비찜": (1267, 151),
    "고등어": (1177, 137),
    "김치국": (1237, 165),
    "낚지볶음": (1032, 122),
    "돼지갈비찜": (891, 107),
    "된장찌개": (951, 109),
    "떡국": (962, 118),
    "모듬초밥": (1160, 161),
    "배추김치": (1040, 128),
    "부대찌개": (1551, 215),
    "순대": (864, 87),
    "오리로스구이": (1152, 161),
}
_DISHES = {"kfood": KFOOD, "kfood_health": HEALTH}
_FOLDERS = {  # of photos to train with and to validate with
    "kfood": ("kfood_train/train", "kfood_val/val"),
    "kfood_health": ("kfood_health_train", "kfood_health_val"),
}
MISTAKEN = {"갈비찜": "돼지갈비찜", "돼지갈비찜": "갈비찜"}  # what people mix up when they label photos
ONE_MISTAKE_IN = 8

log = logging.getLogger(__name__)


def demo_folder() -> Path:
    """Return where the demo photos live; the folder may not exist yet."""
    return cache_folder() / f"demo-{VERSION}"


def demo_counts(subset: str) -> dict[str, int]:
    """Return how many photos each class of a subset ("kfood" or "kfood_health") has, drawn or not."""
    return {nfc(name): sum(counts) for name, counts in _counts()[subset].items()}


def make_demo(folder: Path, share: float = 1.0, subsets: Collection[str] = ("kfood", "kfood_health")) -> Path:
    """Draw the demo photos into `folder`, unless it exists, and return it.

    `share` is the part of the photos to draw, above 0 and at most 1; every class keeps at least one photo. `subsets`
    are the contest's data sets to draw, both or one: a hundred photos take a second. The folder appears whole or not
    at all, also when two processes make it at once. Raises OSError where the folder can't be written.
    """
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as beside:
        draft = Path(beside) / folder.name
        for subset in subsets:
            train, val = (draft / name for name in _FOLDERS[subset])
            _draw_set(train, val, _DISHES[subset], _counts()[subset], share)
        try:
            draft.rename(folder)
        except OSError:
            if not folder.is_dir():  # if it is one, another process was quicker
                raise
    log.info("The demo photos in %s are drawings made by kfood, not photographs.", folder)
    return folder


def _counts() -> dict[str, dict[str, tuple[int, int]]]:
    """Return for each subset and class the numbers of photos to train with and to validate with."""
    health = {name: (round(train / 15), round(val / 6)) for name, (train, val) in HEALTH_COUNTS.items()}
    return {"kfood": dict.fromkeys(KFOOD, KFOOD_COUNTS), "kfood_health": health}


def _draw_set(
    train: Path, val: Path, dishes: Mapping[str, Dish], counts: Mapping[str, tuple[int, int]], share: float
) -> None:
    for class_number, name in enumerate(dishes):
        first = 0
        for split, count in zip((train, val), counts[name], strict=True):
            class_folder = split / nfc(name)
            class_folder.mkdir(parents=True)
            for number in range(first, first + max(1, round(share * count))):
                shown = name
                if name in MISTAKEN and number % ONE_MISTAKE_IN == ONE_MISTAKE_IN - 1:
                    shown = MISTAKEN[name]
                rng = np.random.default_rng(zlib.crc32(f"{name} {split.name} {number}".encode()))
                photo = draw_dish(dishes[shown], rng)
                photo.save(class_folder / f"Img_{class_number:03}_{number:04}.jpg", quality=88)
            first += count
