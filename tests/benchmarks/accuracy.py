"""`kfood train best` beside plain fastai's fine_tune and timm's way of training: errors on held-out photos, and time.

usage: python tests/benchmarks/accuracy.py PHOTOS [--seeds 0 1 2] [--epochs 4] [--timm-epochs 6] [--shares 1 0.3 0.1]
                                                  [--rows FILE.csv] [--plot FILE.svg]

For each seed the photos are split again by kfood; all train on what is not test (fastai holds out 0.2 of it, timm
nothing, kfood what the recipe says), from the same weights, and are judged on the same test photos. kfood is given the
time that fastai took, and shares of it.
"""

from __future__ import annotations

import argparse
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
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
from matplotlib import rc_context
from matplotlib.figure import Figure
from PIL import Image
from timm.data import create_transform
from timm.optim import create_optimizer_v2
from timm.scheduler import CosineLRScheduler

from kfood.data.prepare import prepare_samples
from kfood.model.device import device
from kfood.model.pretrained import LITE0, packaged_weights
from kfood.recipes.load import load_recipe
from kfood.recipes.schema import Recipe
from kfood.statistics.intervals import wilson
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
    body.load_state_dict(packaged_weights(LITE0), strict=False)  # the head's own layers are not in the body
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
    model.load_state_dict(packaged_weights(LITE0), strict=False)
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


def line(way: str, seconds: float, right: pd.Series, seed: int) -> dict[str, float | str]:
    """Print what came of a way to train, and return it as a row of the table that is drawn."""
    low, high = wilson(int(right.sum()), len(right))
    interval = f"{right.mean():.4f} ({low:.4f} to {high:.4f}, n = {len(right)})"
    print(f"{seed:4}  {way:24} {seconds:5.0f} s   accuracy {interval}", flush=True)
    return {"seed": seed, "way": way, "seconds": round(seconds, 1), "right": int(right.sum()), "n": len(right)}


def best(recipe: Recipe, minutes: float) -> pd.Series:
    """Train `best` with an empty cache, so that it decodes and measures again."""
    with tempfile.TemporaryDirectory() as place:
        os.environ["KFOOD_CACHE"] = f"{place}/cache"
        run = train(recipe, Path(place) / "runs", minutes=minutes)
        test = run.predictions[run.predictions["split"] == "test"]
        return (test["predicted"] == test["label"]).reset_index(drop=True)


def compared(photos: str, seed: int, epochs: int, timm_epochs: int, shares: list[float]) -> Iterator[dict]:
    """Train in every way on one split, each alone on the machine."""
    recipe = load_recipe("best", [f"data.split_seed={seed}", f"training.seed={seed}"], photos)
    samples = prepare_samples(recipe.data).samples

    def row(way: str, work: Callable[[], pd.Series]) -> dict[str, float | str]:
        started = time.monotonic()
        right = work()
        return line(way, time.monotonic() - started, right, seed)

    theirs = row(f"fastai, fine_tune({epochs})", partial(fine_tune, samples, epochs, seed))
    yield theirs
    if timm_epochs:
        yield row(f"timm, {timm_epochs} epochs", partial(timm_trains, samples, timm_epochs, seed))
    for share in shares:
        yield row(f"best, {share:g} of that time", partial(best, recipe, share * float(theirs["seconds"]) / 60))


def plot(rows: pd.DataFrame, file: str) -> None:
    """Draw accuracy on test against time: a point for each training, a line through the medians of `best`."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    rows = rows.assign(accuracy=rows["right"] / rows["n"], kind=rows["way"].str.split(",").str[0])
    for number, (kind, some) in enumerate(rows.groupby("kind", sort=False)):
        label = "kfood train best" if kind == "best" else some["way"].iloc[0]
        axes.plot(some["seconds"], some["accuracy"], "o", color=f"C{number}", label=label)
        if kind == "best":
            middle = some.groupby("way")[["seconds", "accuracy"]].median().sort_values("seconds")
            axes.plot(middle["seconds"], middle["accuracy"], color=f"C{number}")
    axes.set(xscale="log", xlabel="seconds in all", ylabel=f"accuracy on test (n = {rows['n'].max()} a split)")
    ticks = [30, 60, 120, 300, 600, 1200]
    axes.set(xticks=ticks, xticklabels=ticks)
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "kfood"}):
        figure.savefig(file, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2], help="none to draw only")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--timm-epochs", type=int, default=6, help="0 to leave timm's way out")
    parser.add_argument("--shares", type=float, nargs="+", default=[1.0, 0.3, 0.1])
    parser.add_argument("--rows", metavar="FILE.csv", help="rows are added to it, and those in it are drawn too")
    parser.add_argument("--plot", metavar="FILE.svg")
    asked = parser.parse_args()
    logging.getLogger("kfood").setLevel(logging.WARNING)
    rows = pd.read_csv(asked.rows).to_dict("records") if asked.rows and Path(asked.rows).exists() else []
    for seed in asked.seeds:
        for row in compared(asked.photos, seed, asked.epochs, asked.timm_epochs, asked.shares):
            rows.append(row)
            if asked.rows:
                pd.DataFrame(rows).to_csv(asked.rows, index=False)
    if asked.plot:
        plot(pd.DataFrame(rows), asked.plot)


if __name__ == "__main__":
    main()
