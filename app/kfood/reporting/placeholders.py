"""A run with damaged files, as far as it can still be shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from kfood.errors import KfoodError
from kfood.evaluation.metrics import summarise
from kfood.evaluation.predictions import of_split
from kfood.run.folder import Run

_HISTORY = ("epoch", "lr", "train_loss", "valid_loss", "valid_accuracy", "seconds")
_SAMPLES = ("path", "label", "split", "area", "group", "digest")


def with_placeholders(run: Run) -> tuple[Run, list[str]]:
    """Return the run with something empty in place of what cannot be read, and a sentence on each such file.

    Metrics are computed again. The recipe and the predictions have no stand-in: without them there is nothing to show.
    """
    makers: dict[str, Callable[[], Any]] = {
        "history": lambda: pd.DataFrame(columns=_HISTORY),
        "samples": lambda: pd.DataFrame(columns=_SAMPLES),
        "environment": dict,
        "metrics": lambda: {split: summarise(of_split(run.predictions, split)) for split in ("valid", "test")},
    }
    whole, words = Run(run.folder), []
    for name, make in makers.items():
        try:
            getattr(whole, name)
        except KfoodError as error:
            words.append(str(error))
            setattr(whole, name, make())  # where the property keeps what it has read
    return whole, words
