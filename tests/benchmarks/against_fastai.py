"""kfood's speed against plain fastai's: the same photos, network and batch size, in turns, as ratios.

usage: python tests/benchmarks/against_fastai.py [REPETITIONS]

Ratios above 1 mean that kfood is faster. Seconds depend on the machine and are not shown.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import timm
from fastai.vision.all import (
    CategoryBlock,
    DataBlock,
    DataLoaders,
    ImageBlock,
    Learner,
    Normalize,
    RandomSplitter,
    Resize,
    aug_transforms,
    get_image_files,
    parent_label,
)
from PIL import Image

from kfood.data.loaders import build_dataloaders
from kfood.data.prepare import prepare_samples
from kfood.model.build import build_model
from kfood.recipes.load import load_recipe
from kfood.training.learner import build_learner

PHOTOS, PIXELS, SIZE, BATCH, ARCH = 480, 640, 96, 32, "resnet18"


def draw_photos(folder: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(PHOTOS):
        coarse = rng.integers(0, 256, (20, 20, 3), dtype=np.uint8)
        path = folder / f"class{number % 4}" / f"{number:04}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(coarse).resize((PIXELS, PIXELS), Image.Resampling.BICUBIC).save(path, quality=90)


def plain_fastai(folder: Path) -> tuple[DataLoaders, Learner]:
    block = DataBlock(
        (ImageBlock, CategoryBlock),
        get_items=get_image_files,
        get_y=parent_label,
        splitter=RandomSplitter(0.36, seed=0),  # as many training photos as kfood's 0.8 of 0.8
        item_tfms=Resize(SIZE, method="squish"),
        batch_tfms=[*aug_transforms(), Normalize.from_stats([0.5] * 3, [0.5] * 3)],
    )
    dls = block.dataloaders(folder, bs=BATCH)
    return dls, Learner(dls, timm.create_model(ARCH, num_classes=4))


def with_kfood(folder: Path) -> tuple[DataLoaders, Learner]:
    settings = [f"data.size={SIZE}", f"training.batch_size={BATCH}", f"model.arch={ARCH}"]
    settings.append("augment.transforms=random_crop,rotation,horizontal_flip")
    recipe = load_recipe("mission1", settings, str(folder))
    dls = build_dataloaders(prepare_samples(recipe.data).samples, recipe)
    return dls, build_learner(dls, build_model(recipe.model, 4, SIZE), recipe)


def load_all(dls: DataLoaders) -> None:
    for _ in dls.train:
        pass


def train_an_epoch(learner: Learner) -> None:
    with learner.no_bar(), learner.no_logging():
        learner.fit(1)


def seconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def compare(folder: Path, repetitions: int) -> Iterator[tuple[str, list[float]]]:
    their_dls, them = plain_fastai(folder)
    our_dls, us = with_kfood(folder)
    works = {
        "loading the training photos": (lambda: load_all(their_dls), lambda: load_all(our_dls)),
        "an epoch of training and validation": (lambda: train_an_epoch(them), lambda: train_an_epoch(us)),
    }
    for name, (theirs, ours) in works.items():
        theirs(), ours()  # once to warm up
        yield name, [seconds(theirs) / seconds(ours) for _ in range(repetitions)]


def main() -> None:
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as place:
        os.environ["KFOOD_CACHE"] = f"{place}/cache"
        draw_photos(Path(place) / "photos")
        print(f"{PHOTOS} photos of {PIXELS} px, trained at {SIZE} px, {ARCH}, batch {BATCH}; ratio to plain fastai:")
        for name, ratios in compare(Path(place) / "photos", repetitions):
            spread = f"{min(ratios):.2f} to {max(ratios):.2f} in {repetitions}"
            print(f"  {name:36} {statistics.median(ratios):.2f}   ({spread})")


if __name__ == "__main__":
    main()
