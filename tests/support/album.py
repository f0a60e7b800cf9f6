"""Photos in the cache of decoded ones, and what they should be: for tests of `kfood.data.pixels`."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from fastai.data.core import DataLoaders
from fastai.torch_core import set_seed

from kfood.data.loaders import build_dataloaders
from kfood.data.pixels import PixelCache, photo_key
from kfood.data.preprocess import Preprocess
from kfood.recipes.explain import validate
from kfood.recipes.schema import Recipe
from kfood.system.files import content_digest
from kfood.system.paths import cache_folder

SIZE = 32
SQUISH = Preprocess(SIZE, "squish", "none")
BYTES = 3 * SIZE**2  # of a photo that is a square
AUGMENT = {"transforms": ["random_crop", "rotation", "horizontal_flip"]}
SPLITS = ("train", "train", "train", "valid", "test")
ORIENTATION = 0x0112


def with_digests(samples: pd.DataFrame) -> pd.DataFrame:
    return samples.assign(digest=[content_digest(Path(path).read_bytes()) for path in samples["path"]])


def from_cache(pixels: PixelCache, samples: pd.DataFrame) -> list[np.ndarray | None]:
    return [pixels.find(photo_key(row.digest, row.area)) for row in samples.itertuples()]


def from_files(samples: pd.DataFrame, shrink: Preprocess = SQUISH) -> list[np.ndarray]:
    return [shrink(row.path, row.area) for row in samples.itertuples()]


def all_right(pixels: PixelCache, samples: pd.DataFrame, shrink: Preprocess = SQUISH) -> bool:
    """Whether every photo is in the cache with the pixels that its file has."""
    pairs = list(zip(from_cache(pixels, samples), from_files(samples, shrink), strict=True))
    return all(found is not None and np.array_equal(found, expected) for found, expected in pairs)


def folders(kind: str) -> list[Path]:
    """Folders of the cache that are called segment-… or partial-…."""
    return sorted((cache_folder() / "pixels").glob(f"*/{kind}-*"))


def bytes_kept() -> int:
    return sum((segment / "pixels.bin").stat().st_size for segment in folders("segment"))


def recipe_of(**sections: dict) -> Recipe:
    data = {"size": SIZE, **sections.pop("data", {})}
    training = {"batch_size": 3, "workers": 0, **sections.pop("training", {})}
    return validate({"data": data, "training": training, **sections}, "test")


def loaders_of(samples: pd.DataFrame, seed: int = 0, **sections: dict) -> DataLoaders:
    set_seed(seed)
    return build_dataloaders(samples, recipe_of(**sections))


def two_epochs(dls: DataLoaders) -> torch.Tensor:
    """All pixels that two epochs of training give, and after each the validation photos."""
    return torch.cat([torch.Tensor(pixels) for _ in range(2) for of in dls for pixels, _ in of])


def same_as_without_cache(samples: pd.DataFrame, **sections: dict) -> bool:
    on, off = (
        two_epochs(loaders_of(samples, **{**sections, "data": {**sections.get("data", {}), "cache": use}}))
        for use in (True, False)
    )
    return torch.equal(on, off)
