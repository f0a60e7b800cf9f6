"""What every test has: folders of its own for cache and runs, and photos drawn on the spot."""

from __future__ import annotations

import gc
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kfood.recipes.schema import nfc

pytest_plugins = ["support.stand_in_hub"]
LONGEST = (
    "doctor",
    "exporting",
    "faults",
    "interpretation",
    "readme",
    "recipes",
    "study",
    "training",
)  # folders below this one


gc.disable()  # until all is imported


def pytest_collection_finish() -> None:
    """Keep what imports made, a million objects, out of every later search for garbage: each took half a second."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no worker has it still to do when the others are done."""
    items.sort(key=lambda item: item.path.parent.name not in LONGEST)


@pytest.fixture(autouse=True)
def isolated(tmp_path_factory, monkeypatch):
    """Keep a test off the caches, runs and photos of whoever runs it."""
    monkeypatch.setenv("KFOOD_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("KFOOD_RUNS", str(tmp_path_factory.mktemp("runs")))
    monkeypatch.delenv("KFOOD_DATA", raising=False)


@pytest.fixture(scope="session")
def make_photos() -> Callable[..., Path]:
    """Return a function that draws folders of noisy one-coloured photos; see `draw_photos`."""
    return draw_photos


@pytest.fixture(scope="session")
def two_runs(make_photos, tmp_path_factory):
    """A run of three dishes and one of two of them: see `support.two_runs`. Not to be changed."""
    from support.two_runs import CLASSES, train_two

    folder = tmp_path_factory.mktemp("two runs")
    return train_two(make_photos(folder / "photos", dict.fromkeys(CLASSES, 40)), folder / "runs")


@pytest.fixture(scope="session")
def exported(two_runs, tmp_path_factory) -> Path:
    """The folder that the run of three dishes is exported into. Not to be changed."""
    from kfood.exporting.folder import export_run

    return export_run(two_runs.main, tmp_path_factory.mktemp("exported") / "out")


def draw_photos(root: Path, counts: dict[str, int], name: str = "{:04}.jpg", pixels: int = 48) -> Path:
    """Draw photos and return `root`.

    Args:
        root: made where it is not there.
        counts: photos by folder below root, as {"갈비찜": 12} or {"train/갈비찜": 12}. The folder's own name gives
            the colour, the same in every call, so that classes can be learned; its decomposed form is the same name.
        name: of a file, by its number from 0; the ending decides the format.
        pixels: width and height.
    """
    for folder, count in counts.items():
        parent = root / folder.strip("/")
        parent.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(zlib.crc32(nfc(Path(folder).name).encode()))
        colour = rng.integers(40, 216, 3)
        for number in range(count):
            noise = rng.normal(0, 30, (pixels, pixels, 3))
            photo = Image.fromarray((colour + noise).clip(0, 255).astype(np.uint8))
            photo.save(parent / name.format(number))
    return root
