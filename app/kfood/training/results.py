"""What a training leaves in its run besides weights: what the model is, what it says of each photo, how good it is."""

from __future__ import annotations

import logging

from fastai.learner import Learner

from kfood.data.loaders import MEAN, STD
from kfood.files import write_csv, write_json
from kfood.interpret.metrics import summarise
from kfood.interpret.predictions import predict
from kfood.model.build import parameter_count
from kfood.model.saved import Description
from kfood.progress import duration
from kfood.recipes.schema import Recipe
from kfood.run import Run

log = logging.getLogger(__name__)


def describe_model(recipe: Recipe, classes: list[str]) -> Description:
    """Return what must be known to use the model on other photos."""
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
        mean=list(MEAN),
        std=list(STD),
        mirror=model.mirror,
    )


def report(run: Run, learner: Learner, seconds: float) -> None:
    """Predict validation and test photos once, write predictions and metrics, and say the result."""
    predictions = predict(learner, run.samples, run.recipe.data.size)
    write_csv(run.predictions_file, predictions)
    metrics = {split: summarise(part) for split, part in predictions.groupby("split")}
    metrics |= {
        "epochs": int(run.history["epoch"].max()),
        "best_epoch": int(run.history["epoch"][run.history["valid_accuracy"].idxmax()]),
        "seconds": round(seconds, 1),
        "parameters": parameter_count(learner.model),
    }
    write_json(run.metrics_file, metrics)
    log.info("Trained for %s.", duration(seconds))
    for split, words in (("valid", "validation (chosen by)"), ("test", "test")):
        part = metrics[split]
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
