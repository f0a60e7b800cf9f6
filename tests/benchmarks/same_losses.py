"""Whether what makes kfood fast changes what is learned: the same recipe and seeds with it and without it, in float32.

usage: python tests/benchmarks/same_losses.py [--recipes mission1 mission3] [--seeds 0 1 2] [--epochs 4] [--data PHOTOS]

Without: photos decoded anew in each epoch, one by one, and the network's pixels in torch's own layout. With: decoded
once, gathered a batch at a time, channels last. The last column is the largest difference of an epoch's validation
loss. The first epoch differs by rounding alone; from then on rounding grows, as it does between two machines.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from pathlib import Path

import torch
from torch import nn

from kfood.model.build import Classifier
from kfood.recipes.load import load_recipe
from kfood.training.train import train

_ON = Classifier.on


def plain(model: Classifier, device: torch.device) -> Classifier:
    """Move to a device as torch does."""
    return nn.Module.to(model, device)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", nargs="+", default=["mission1", "mission3"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--data", default="demo")
    asked = parser.parse_args()
    logging.getLogger("kfood").setLevel(logging.WARNING)
    print(
        f"{'recipe':10} seed  {'with':>10} {'without':>10} {'accuracy':>10} {'without':>10}  first   largest difference"
    )
    for name in asked.recipes:
        for seed in asked.seeds:
            runs = {}
            for fast in (True, False):
                Classifier.on = _ON if fast else plain
                settings = [
                    f"training.seed={seed}",
                    f"training.epochs={asked.epochs}",
                    f"data.cache={str(fast).lower()}",
                ]
                settings += ["training.precision=float32", "training.early_stopping=0", "training.restore_best=false"]
                recipe = load_recipe(name, [*settings, "model.start_from="], asked.data)
                with tempfile.TemporaryDirectory() as place:
                    run = train(recipe, Path(place))
                    runs[fast] = run.history, run.metrics["test"]["accuracy"]
            (ours, right), (theirs, right_too) = runs[True], runs[False]
            apart = (ours["valid_loss"] - theirs["valid_loss"]).abs()
            print(
                f"{name:10} {seed:4} {ours['valid_loss'].iloc[-1]:9.6f} {theirs['valid_loss'].iloc[-1]:9.6f} "
                f"{right:8.4f} {right_too:8.4f}  {apart.iloc[0]:.1e} {apart.max():.1e}",
                flush=True,
            )


if __name__ == "__main__":
    main()
