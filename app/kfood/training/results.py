"""What a training leaves in its run besides weights: what the model is, what it says of each photo, how good it is."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pandas as pd

from kfood.data.copies import unseen_test
from kfood.data.fixes import fixed_labels
from kfood.evaluation.metrics import summarise
from kfood.evaluation.predictions import CLASS_PREFIX, class_names, of_split
from kfood.model.normalization import UNIT_RANGE, Normalization
from kfood.model.saved import Description
from kfood.recipes.schema import Recipe
from kfood.run.folder import Run
from kfood.run.tables import SPLITS
from kfood.system.files import write_csv, write_json
from kfood.system.progress import duration

log = logging.getLogger(__name__)
_SPLITS = SPLITS | {"valid": "validation (chosen by)"}
_LEAST = 5e-8  # what a probability may be that is written as 0


def describe_model(recipe: Recipe, classes: list[str], normalization: Normalization = UNIT_RANGE) -> Description:
    """Return what must be known to use the model on other photos; `normalization` is the model's."""
    model, data = recipe.model, recipe.data
    return Description(
        arch=model.arch,
        head=model.head,
        dropout=model.dropout,
        classes=classes,
        size=data.size,
        presize=data.presize,
        resize=data.resize,
        denoise=data.denoise,
        mean=list(normalization.mean),
        std=list(normalization.std),
        hflip_tta=model.hflip_tta,
        intermediate_maps=model.intermediate_maps,
    )


def write_results(run: Run, predictions: pd.DataFrame, parameters: int, seconds: float) -> None:
    """Write predictions and metrics, and say the result.

    Args:
        run: whose samples and history are written.
        predictions: of validation and test photos, as `predict` returns them.
        parameters: of the network.
        seconds: that the training took.
    """
    write_csv(run.predictions_file, predictions)
    metrics = split_metrics(predictions, run.samples) | {
        "epochs": int(run.history["epoch"].max()),
        "best_epoch": int(run.history["epoch"][run.history["valid_accuracy"].idxmax()]),
        "seconds": round(seconds, 1),
        "parameters": parameters,
    }
    if tried := run.environment.get("portfolio"):
        metrics["portfolio"] = tried
    write_json(run.metrics_file, metrics)
    log.info("Trained for %s.", duration(seconds))
    say_results(metrics)


def split_metrics(predictions: pd.DataFrame, samples: pd.DataFrame) -> dict[str, Any]:
    """Return the results on "valid" and "test", and on test seen in other ways where they say more.

    "test_without_copies" leaves out photos whose content is in training or validation too, where the splits that the
    data give share some. "test_after_fixes" is with the labels that fixes decided on, and without the photos to be
    dropped (or that have become of a class which this model does not know). All are on the same predictions.
    """
    results = {split: summarise(part) for split, part in predictions.groupby("split")}
    unseen = unseen_test(samples)
    if unseen.any() and unseen.sum() < (samples["split"] == "test").sum():
        test = of_split(predictions, "test")
        results["test_without_copies"] = summarise(test[test["path"].isin(samples.loc[unseen, "path"])])
    labels = fixed_labels(samples)
    if labels.empty:
        return results
    test = of_split(predictions, "test")
    label = test["path"].map(labels).fillna(test["label"])
    test = test.assign(label=label)[label.isin(class_names(test))]
    changed = test["path"].isin(labels.index)
    sure = [max(row[f"{CLASS_PREFIX}{row['label']}"], _LEAST) for row in test[changed].to_dict("records")]
    test.loc[changed, "loss"] = -np.log(sure)
    return results | ({"test_after_fixes": summarise(test)} if len(test) else {})


def say_results(metrics: dict[str, Any]) -> None:
    """Log a line for each split of `split_metrics`."""
    for split, words in _SPLITS.items():
        if part := metrics.get(split):
            log.info(
                "%-22s accuracy %.4f (95 %% interval %.4f to %.4f, n = %d), loss %.4f, macro-F1 %.4f",
                words,
                part["accuracy"],
                part["accuracy_low"],
                part["accuracy_high"],
                part["n"],
                part["loss"],
                part["macro_f1"],
            )
