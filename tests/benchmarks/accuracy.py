"""`kfood train best` beside plain fastai's fine_tune and timm's way of training: errors on held-out photos, and time.

usage: python tests/benchmarks/accuracy.py PHOTOS [--seeds 0 1 2] [--epochs 4] [--timm-epochs 6] [--shares 1 0.3 0.1]

For each seed the photos are split anew by kfood; all train on what is not test (fastai holds out 0.2 of it, timm
nothing, kfood what the recipe says), from the same weights, and are judged on the same test photos. kfood is given the
time that fastai took, and shares of it.
"""

from __future__ import annotations

import argparse
import logging
import os
import tempfile
import time
from pathlib import Path

import pandas as pd
import timm
import torch
import torch.nn.functional as F
from contenders import WORKERS, as_torch_comes
from fastai.vision.all import (
    CategoryBlock,
    ColReader,
    DataBlock,
    ImageBlock,
    Normalize,
    RandomSplitter,
    Resize,
    accuracy,
    aug_transforms,
    set_seed,
    vision_learner,
)
from PIL import Image
from timm.data import create_transform
from timm.optim import create_optimizer_v2
from timm.scheduler import CosineLRScheduler

from kfood.data.loaders import device
from kfood.data.prepare import prepare_samples
from kfood.interpret.metrics import wilson
from kfood.model.pretrained import packaged_lite0
from kfood.recipes.load import load_recipe
from kfood.training.train import train

SIZE, BATCH, ARCH = 192, 32, "efficientnet_lite0"
HALF = [0.5] * 3


def fine_tune(samples: pd.DataFrame, epochs: int, seed: int) -> pd.Series:
    """What a dozen lines of fastai give: for each test photo, whether it is right."""
    as_torch_comes()
    set_seed(seed)
    known, test = samples[samples["split"] != "test"], samples[samples["split"] == "test"]
    block = DataBlock(
        (ImageBlock, CategoryBlock),
        get_x=ColReader("path"),
        get_y=ColReader("label"),
        splitter=RandomSplitter(0.2, seed=seed),
        item_tfms=Resize(int(SIZE * 1.15)),
        batch_tfms=[*aug_transforms(size=SIZE, min_scale=0.75), Normalize.from_stats(HALF, HALF)],
    )
    dls = block.dataloaders(known, bs=BATCH, num_workers=2)
    learner = vision_learner(dls, ARCH, pretrained=False, normalize=False, metrics=accuracy)
    body = learner.model[0].model
    body.load_state_dict(packaged_lite0(), strict=False)  # the head's own layers are not in the body
    with learner.no_bar(), learner.no_logging():
        learner.freeze()
        learner.fine_tune(epochs, 2e-3)
        logits, _ = learner.get_preds(dl=dls.test_dl(test))
    predicted = [dls.vocab[number] for number in logits.argmax(dim=1)]
    return pd.Series(predicted) == test["label"].reset_index(drop=True)


class Files(torch.utils.data.Dataset):
    """Photos by their paths, and the numbers of their labels, through one of timm's transforms."""

    def __init__(self, samples: pd.DataFrame, classes: list[str], training: bool) -> None:
        self.paths = list(samples["path"])
        self.labels = [classes.index(label) for label in samples["label"]]
        self.change = create_transform(SIZE, is_training=training, mean=HALF, std=HALF, crop_pct=0.875)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, number: int) -> tuple[torch.Tensor, int]:
        return self.change(Image.open(self.paths[number]).convert("RGB")), self.labels[number]


def timm_trains(samples: pd.DataFrame, epochs: int, seed: int) -> pd.Series:
    """timm's train.py with sensible flags: AdamW, cosine with an epoch of warm-up, label smoothing, channels last."""
    as_torch_comes()
    set_seed(seed)
    known, test = samples[samples["split"] != "test"], samples[samples["split"] == "test"]
    classes = sorted(known["label"].unique())
    loader = torch.utils.data.DataLoader(Files(known, classes, True), BATCH, True, num_workers=WORKERS, drop_last=True)
    model = timm.create_model(f"tf_{ARCH}", num_classes=len(classes))
    model.load_state_dict(packaged_lite0(), strict=False)
    model.to(device(), memory_format=torch.channels_last)
    optimizer = create_optimizer_v2(model, opt="adamw", lr=1e-3, weight_decay=0.05)
    schedule = CosineLRScheduler(optimizer, t_initial=epochs, warmup_t=1, warmup_lr_init=1e-5, warmup_prefix=True)
    for epoch in range(epochs):
        model.train()
        for batch, (photos, labels) in enumerate(loader):
            schedule.step(epoch + batch / len(loader))
            photos = photos.to(device(), memory_format=torch.channels_last)
            F.cross_entropy(model(photos), labels.to(device()), label_smoothing=0.1).backward()
            optimizer.step()
            optimizer.zero_grad()
    model.eval()
    judged = torch.utils.data.DataLoader(Files(test, classes, False), 64, num_workers=WORKERS)
    with torch.inference_mode():
        right = [model(photos.to(device())).argmax(dim=1).cpu() == labels for photos, labels in judged]
    return pd.Series(torch.cat(right).numpy())


def say(name: str, right: pd.Series, seconds: float, against: float | None = None) -> float:
    errors = 1 - right.mean()
    low, high = wilson(int(right.sum()), len(right))
    interval = f"{right.mean():.4f} ({low:.4f} to {high:.4f}, n = {len(right)})"
    ratio = f"   {errors / against:.2f} x its errors" if against else ""
    print(f"  {name:28} {seconds:5.0f} s   accuracy {interval}{ratio}", flush=True)
    return errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--timm-epochs", type=int, default=6)
    parser.add_argument("--shares", type=float, nargs="+", default=[1.0, 0.3, 0.1])
    asked = parser.parse_args()
    logging.getLogger("kfood").setLevel(logging.WARNING)
    for seed in asked.seeds:
        settings = [f"data.split_seed={seed}", f"training.seed={seed}"]
        recipe = load_recipe("best", settings, asked.photos)
        samples = prepare_samples(recipe.data).samples
        print(f"split and seed {seed}:")
        started = time.monotonic()
        right = fine_tune(samples, asked.epochs, seed)
        seconds = time.monotonic() - started
        errors = say(f"fastai, fine_tune({asked.epochs})", right, seconds)
        started = time.monotonic()
        right = timm_trains(samples, asked.timm_epochs, seed)
        say(f"timm, {asked.timm_epochs} epochs", right, time.monotonic() - started, errors)
        for share in asked.shares:
            with tempfile.TemporaryDirectory() as place:
                os.environ["KFOOD_CACHE"] = f"{place}/cache"  # empty: it decodes and measures anew
                started = time.monotonic()
                run = train(recipe, Path(place) / "runs", minutes=share * seconds / 60)
                test = run.predictions[run.predictions["split"] == "test"]
                found = (test["predicted"] == test["label"]).reset_index(drop=True)
                say(f"kfood train best, {share:g} of it", found, time.monotonic() - started, errors)


if __name__ == "__main__":
    main()
