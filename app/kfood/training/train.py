"""One training, from recipe to finished run."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd
from fastai.learner import Learner
from fastai.torch_core import set_seed

from kfood.data.loaders import MEAN, STD, build_dataloaders, class_names, device, training_samples
from kfood.data.prepare import Prepared, fingerprint, prepare_samples
from kfood.environment import describe_environment
from kfood.files import write_csv, write_json
from kfood.interpret.metrics import summarise
from kfood.interpret.predictions import predict
from kfood.model.build import build_model, freeze_stages, parameter_count, timm_name
from kfood.model.precision import choose_precision
from kfood.model.saved import Description, save_model
from kfood.paths import runs_folder
from kfood.progress import duration
from kfood.recipes.schema import Recipe
from kfood.run import Run, create_run, new_folder, require_free
from kfood.training.best_epoch import BestEpoch
from kfood.training.finite import RequireFiniteLoss
from kfood.training.freeze import FreezeBody
from kfood.training.history import History
from kfood.training.learner import build_learner
from kfood.training.losses import weights_by_number
from kfood.training.lr_range import search_learning_rate
from kfood.training.memory import free_memory, is_out_of_memory
from kfood.training.probe import fit_probe
from kfood.training.schedules import schedule_callbacks
from kfood.training.show_progress import ShowProgress
from kfood.training.start import start_from, starting_run, warn_of_leaks
from kfood.training.time_plan import fit_into

log = logging.getLogger(__name__)


def train(
    recipe: Recipe,
    runs: Path | None = None,
    folder: Path | None = None,
    find_lr: bool = False,
    minutes: float | None = None,
) -> Run:
    """Train a recipe and return its run: model, history, predictions and metrics.

    Everything that can be wrong with the input is found before the run folder is made.

    Args:
        recipe: as `load_recipe` resolves it.
        runs: the folder of all runs; `KFOOD_RUNS` or `runs` where not given.
        folder: the run's own folder, which must be new; by default one below `runs`.
        find_lr: take the learning rate that `search_learning_rate` suggests instead of the recipe's.
        minutes: how long it may take in all; the recipe's ladder says what to leave out.

    Raises:
        KfoodError: the recipe, the photos or the starting run cannot be trained on, or training diverged.
    """
    began = time.monotonic()
    runs = runs or runs_folder()
    if folder:
        require_free(folder)
    log.info("Training %s.", recipe.name)
    prepared = prepare_samples(recipe.data)
    if minutes:
        recipe = fit_into(recipe, prepared.samples, 60 * minutes - (time.monotonic() - began))
    check_recipe(recipe, prepared.samples)
    start = starting_run(recipe, runs, partial(train, runs=runs))
    if find_lr:
        found = search_learning_rate(recipe, prepared.samples, start)
        recipe = recipe.model_copy(update={"optimizer": recipe.optimizer.model_copy(update={"lr": found.lr})})
        log.info("Learning rate %.2g: the middle of what lr_find suggests.", found.lr)
    learner = prepare_learner(recipe, prepared, start)
    environment = describe_environment(learner.dls.device)
    environment |= {"data": prepared.layout, "data_fingerprint": fingerprint(prepared.samples)}
    environment |= {"precision": str(learner.model.precision)}
    environment |= {"started_from": str(start.folder.resolve()) if start else None}
    # Named only now: a run is younger than the run it starts from.
    run = create_run(recipe, environment, folder or new_folder(runs, recipe.name))
    with run.recording():
        log.info("Run folder: %s", run.folder)
        write_csv(run.samples_file, prepared.samples)
        write_csv(run.left_out_file, prepared.left_out)
        started = time.monotonic()
        learner = fit_in_memory(learner, recipe, run, partial(prepare_learner, prepared=prepared, start=start))
        seconds = time.monotonic() - started
        description = describe_model(recipe, class_names(prepared.samples))
        save_model(learner.model, description, run.weights_file, run.model_file)
        report(run, learner, seconds)
    return run


def check_recipe(recipe: Recipe, samples: pd.DataFrame) -> None:
    """Check what can only be checked against the photos and the libraries, before anything is trained.

    Raises:
        KfoodError: an unknown network, a class weight for no class, or a batch larger than the training set.
    """
    timm_name(recipe.model.arch)
    weights_by_number(recipe.loss.class_weights, class_names(samples))
    training_samples(samples, recipe)


def prepare_learner(recipe: Recipe, prepared: Prepared, start: Run | None) -> Learner:
    """Return a Learner whose weights and random numbers depend on the recipe and its starting run alone."""
    precision = choose_precision(recipe, device())
    set_seed(recipe.training.seed, reproducible=True)
    dls = build_dataloaders(prepared.samples, recipe)
    classes = class_names(prepared.samples)
    model = build_model(recipe.model, len(classes), recipe.data.size)
    if start:
        log.info("Weights from %s: %s", start.name, start_from(model, start, classes))
        warn_of_leaks(start, prepared.samples)
    freeze_stages(model, recipe.model.arch, recipe.model.frozen_stages)
    log.info("%s, %s head, %s parameters.", recipe.model.arch, recipe.model.head, f"{parameter_count(model):,}")
    model.on(dls.device).run_in(*precision)
    if recipe.training.compile:
        model.compile()
    return build_learner(dls, model, recipe)


def fit_in_memory(learner: Learner, recipe: Recipe, run: Run, prepare: Callable[[Recipe], Learner]) -> Learner:
    """Fit; where memory runs out, begin again with batches in more parts. Return the learner that was trained.

    The batch stays what the recipe says, and so does what is learned, but for batch normalisation, which sees a part
    at a time. The run's recipe tells the number of parts in the end.
    """
    while True:
        try:
            fit(learner, recipe, run)
            return learner
        except (RuntimeError, MemoryError) as error:
            batch_size, parts = recipe.training.batch_size, 2 * recipe.training.accumulate
            if not is_out_of_memory(error) or batch_size < 2 * parts:
                raise
            log.warning(
                "The memory is too small for %d photos at a time: each batch of %d now goes through the network in "
                "%d parts (training.accumulate), and the training begins again.",
                batch_size // (parts // 2),
                batch_size,
                parts,
            )
        learner.model.to("meta")  # the caller still holds it: give back its memory before the next one is made
        learner.opt = None
        free_memory()
        recipe = recipe.model_copy(update={"training": recipe.training.model_copy(update={"accumulate": parts})})
        run.write_recipe(recipe)
        learner = prepare(recipe)


def fit(learner: Learner, recipe: Recipe, run: Run) -> None:
    """Train by epochs, after a probe if the recipe has one: schedule, history, early stopping, best epoch."""
    training, optimizer = recipe.training, recipe.optimizer
    show, history = ShowProgress(), History(run.history_file)
    so_far = None
    if recipe.probe.epochs:
        history.add(fit_probe(learner, recipe))
        so_far = history.rows[-1]["valid_accuracy"]
    lrs = [optimizer.lr * optimizer.body_lr, optimizer.lr]
    callbacks = [
        RequireFiniteLoss(),
        history,
        show,
        BestEpoch(run.best_file, training.early_stopping, training.restore_best, so_far),
        *schedule_callbacks(recipe.schedule, lrs, training.epochs),
        *([FreezeBody(recipe.model.freeze_epochs)] if recipe.model.freeze_epochs else []),
    ]
    try:
        with learner.no_logging():  # ShowProgress says more
            learner.fit(training.epochs, lr=lrs, cbs=callbacks)
    finally:
        show.close()


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
