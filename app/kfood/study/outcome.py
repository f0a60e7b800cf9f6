"""What a training came to, small enough to share: its accuracies, and which photos were right."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kfood.evaluation.predictions import groups_of, is_right, of_split
from kfood.run.folder import Run


@dataclass(frozen=True)
class Judged:
    """One split of a training's photos.

    Args:
        accuracy, loss, macro_f1: of the weights that it ends with; macro_f1 may be None.
        right: for each photo, in the order of their contents, whether its class was found.
        groups: for each photo the number of its group: shots of one plate share it.
        photos: stands for the photos and their order; what is compared photo by photo must have the same.
    """

    accuracy: float
    loss: float
    macro_f1: float | None
    right: np.ndarray
    groups: np.ndarray
    photos: str


@dataclass(frozen=True)
class Outcome:
    """A finished training.

    Args:
        folder, host: where its run is.
        seconds: it took, without decoding photos.
        epochs, best_epoch: made, and the one whose weights it ends with.
        last_valid: validation accuracy after the last epoch; `valid.accuracy` is the best epoch's.
        valid, test: how its photos were judged.
    """

    folder: str
    host: str
    seconds: float
    epochs: int
    best_epoch: int
    last_valid: float
    valid: Judged
    test: Judged

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {**vars(self), "valid": _judged_to_json(self.valid), "test": _judged_to_json(self.test)}


def outcome_of(run: Run) -> Outcome:
    """Return what a finished run came to. Raises KfoodError where one of its files is damaged."""
    metrics = run.metrics
    return Outcome(
        folder=str(run.folder.absolute()),
        host=platform.node(),
        seconds=metrics["seconds"],
        epochs=metrics["epochs"],
        best_epoch=metrics["best_epoch"],
        last_valid=float(run.history["valid_accuracy"].iloc[-1]),
        valid=_judged(run, "valid"),
        test=_judged(run, "test"),
    )


def outcome_from_json(found: dict[str, Any]) -> Outcome:
    """Return the outcome that `to_json` gave."""
    return Outcome(**{**found, **{split: _judged_from_json(found[split]) for split in ("valid", "test")}})


def _judged(run: Run, split: str) -> Judged:
    about = run.samples[["path", "digest"]].drop_duplicates("path")
    table = of_split(run.predictions, split).merge(about, on="path", how="left").sort_values(["digest", "path"])
    numbers = run.metrics[split]
    return Judged(
        accuracy=numbers["accuracy"],
        loss=numbers["loss"],
        macro_f1=numbers["macro_f1"],
        right=is_right(table).to_numpy(),
        groups=pd.factorize(groups_of(table))[0],
        photos=hashlib.blake2b("\n".join(table["digest"]).encode(), digest_size=8).hexdigest(),
    )


def _judged_to_json(judged: Judged) -> dict[str, Any]:
    right = "".join("1" if one else "0" for one in judged.right)
    return {**vars(judged), "right": right, "groups": judged.groups.tolist()}


def _judged_from_json(found: dict[str, Any]) -> Judged:
    right = np.array([sign == "1" for sign in found["right"]], dtype=bool)
    return Judged(**{**found, "right": right, "groups": np.array(found["groups"], dtype=int)})
