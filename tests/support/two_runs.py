"""Two small trained runs: of three dishes, and of two of them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

from kfood.recipes.load import load_recipe
from kfood.run.cannot_tell import CannotTell, set_rule
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


def unsure_copy(run: Run, runs: Path, least: float) -> Run:
    """Copy a run of all dishes, with a rule for the pair: `least` as in `CannotTell`."""
    copied = Run(shutil.copytree(run.folder, runs / "mission1" / "run"))
    set_rule(copied, (A, C), CannotTell((A, C), least, 0.9, 0.95))
    return copied
