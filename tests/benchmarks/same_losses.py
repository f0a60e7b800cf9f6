"""Whether what makes kfood fast changes what is learned: the same recipe and seeds with it and without it, in float32.

usage: python tests/benchmarks/same_losses.py [--recipes mission1 mission3] [--seeds 0 1 2] [--epochs 4] [--data PHOTOS]
                                              [--variants plain fast]

Plain: photos decoded again in each epoch, one by one, and the network's pixels in torch's own layout. Cached: decoded
once, and gathered a batch at a time. Fast: channels last besides, as kfood trains. Nudged: as plain, but one weight
differs by its last bit to begin with. For each, the last epoch's validation loss and the test accuracy, and how far an
epoch's validation loss is from plain's. Another layout rounds in another order, and such a difference grows with each
step, as it does between two machines: what it may grow to is what nudged shows.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from pathlib import Path

import pandas as pd
import torch
from torch import nn

from kfood.model.build import Classifier
from kfood.recipes.load import load_recipe
from kfood.training.train import train

FASTEST = Classifier.on


def plain(model: Classifier, device: torch.device) -> Classifier:
    """Move to a device as torch does, and have the colours of a batch lie one after the other."""
    model.register_forward_pre_hook(lambda _, photos: photos[0].contiguous())
    return nn.Module.to(model, device)


def nudged(model: Classifier, device: torch.device) -> Classifier:
    """The same, with the first weight of the head changed by its last bit."""
    with torch.no_grad():
        weight = next(parameter for parameter in model.head.parameters() if parameter.ndim > 1).view(-1)
        weight[:1] = torch.nextafter(weight[:1], weight.new_tensor([torch.inf]))
    return plain(model, device)


VARIANTS = {"plain": (plain, False), "cached": (plain, True), "fast": (FASTEST, True), "nudged": (nudged, False)}


def trained(name: str, data: str, seed: int, epochs: int, variant: str) -> tuple[pd.Series, float]:
    """Return the validation loss of each epoch and the accuracy on test."""
    Classifier.on, cache = VARIANTS[variant]
    settings = [f"training.seed={seed}", f"training.epochs={epochs}", f"data.cache={str(cache).lower()}"]
    settings += ["training.precision=float32", "training.early_stopping=0", "training.restore_best=false"]
    with tempfile.TemporaryDirectory() as place:
        run = train(load_recipe(name, [*settings, "model.start_from="], data), Path(place))
        return run.history["valid_loss"], run.metrics["test"]["accuracy"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", nargs="+", default=["mission1", "mission3"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--data", default="demo")
    parser.add_argument(
        "--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS), help="compared with the first"
    )
    asked = parser.parse_args()
    logging.getLogger("kfood").setLevel(logging.WARNING)
    print(f"{'recipe':10} seed {'variant':>8}       loss   accuracy   first epoch's difference   largest difference")
    for name in asked.recipes:
        for seed in asked.seeds:
            first = None
            for variant in asked.variants:
                losses, accuracy = trained(name, asked.data, seed, asked.epochs, variant)
                first = losses if first is None else first
                apart = (losses - first).abs()
                line = f"{name:10} {seed:4} {variant:>8} {losses.iloc[-1]:10.6f} {accuracy:10.4f}"
                print(f"{line} {apart.iloc[0]:26.1e} {apart.max():20.1e}", flush=True)


if __name__ == "__main__":
    main()
