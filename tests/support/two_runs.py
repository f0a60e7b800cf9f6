"""Two small trained runs: of three dishes, and of two of them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from kfood.recipes.load import load_recipe
from kfood.run.folder import Run
from kfood.training.train import train
from support.small import SMALL

A, B, C = "갈비찜", "김밥", "돼지갈비찜"
CLASSES = [A, B, C]


class TwoRuns(NamedTuple):
    """The run of all dishes, and that of the pair."""

    main: Run
    pair: Run


def train_two(photos: Path, runs: Path) -> TwoRuns:
    """Train for so few epochs that both are often unsure."""
    main = load_recipe("mission1", [*SMALL, "training.epochs=6"], str(photos))
    pair = load_recipe("mission1", [*SMALL, "training.epochs=4", f"data.classes={A},{C}"], str(photos))
    return TwoRuns(train(main, runs), train(pair, runs))
