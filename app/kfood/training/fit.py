"""The fit itself: by epochs, in memory that may be small, from a checkpoint where there is one."""

from __future__ import annotations

import logging
import time

from fastai.learner import Learner

from kfood.data.prepare import Prepared
from kfood.recipes.schema import Recipe
from kfood.run.folder import Run
from kfood.system.memory import free_memory
from kfood.training.callbacks.best_epoch import BestEpoch
from kfood.training.callbacks.checkpoint import Checkpoint, SkipDone, Stateful
from kfood.training.callbacks.freeze import FreezeBody
from kfood.training.callbacks.history import History
from kfood.training.callbacks.schedules import TorchSchedule, schedule_callbacks
from kfood.training.callbacks.show_progress import ShowProgress
from kfood.training.callbacks.terminate_on_nan import TerminateOnNaN
from kfood.training.callbacks.weight_average import WeightAverage
from kfood.training.checkpoint_files import drop_checkpoints, load_checkpoint
from kfood.training.distributed import data_parallel
from kfood.training.in_parts import in_more_parts
from kfood.training.learner import prepare_learner
from kfood.training.probe import fit_probe
from kfood.training.stop import Stop

log = logging.getLogger(__name__)


def fit_in_memory(
    learner: Learner, run: Run, prepared: Prepared, start: Run | None, stop: Stop
) -> tuple[Learner, float]:
    """Fit; where memory runs out, begin again with batches in more parts.

    The batch stays what the recipe says, and so does what is learned, but for batch normalisation, which sees a part
    at a time. The run's recipe tells the number of parts in the end.

    Args:
        learner: as `prepare_learner` returned it for the run's recipe, these photos and this starting run.
        run: keeps the history and the checkpoints.
        prepared, start: what another learner is made of, if the memory is too small for the first.
        stop: asked after each batch whether to stop.

    Returns:
        The learner that was trained, and the seconds that it took.
    """
    recipe = run.recipe
    while True:
        try:
            return learner, fit(learner, recipe, run, stop)
        except (RuntimeError, MemoryError) as error:
            recipe = in_more_parts(recipe, error)
        learner.model.to("meta")  # the caller still holds the learner: give back its memory, photos and batches too
        vars(learner).clear()
        free_memory()
        drop_checkpoints(run.checkpoints)
        run.write_recipe(recipe)
        learner = prepare_learner(recipe, prepared, start, run.precision)


def fit(learner: Learner, recipe: Recipe, run: Run, stop: Stop) -> float:
    """Train by epochs, after a probe if the recipe has one, from the last checkpoint; return the seconds it took."""
    training, begun = recipe.training, load_checkpoint(run.checkpoints)
    started, show, history = time.monotonic(), ShowProgress(), History(run.history_file)
    so_far = None
    if begun:
        log.info("From the checkpoint of epoch %d, batch %d.", begun["epoch"] + 1, begun["batch"] + 1)
    elif recipe.probe.epochs:
        history.add(fit_probe(learner, recipe, shared=True))
        so_far = history.rows[-1]["valid_accuracy"]
    best = BestEpoch(training.early_stopping, training.restore_best, so_far)
    schedule = schedule_callbacks(recipe.schedule, learner.group_lrs, training.epochs)
    parts: dict[str, Stateful] = {"finite": TerminateOnNaN(), "history": history, "best": best}
    if schedule and isinstance(schedule[0], TorchSchedule):  # one_cycle goes by the share that is done
        parts["schedule"] = schedule[0]
    if recipe.model.freeze_epochs:
        parts["freeze"] = FreezeBody(recipe.model.freeze_epochs)
    if training.ema:
        parts["average"] = WeightAverage(training.ema)
    checkpoint = Checkpoint(run.checkpoints, training.checkpoint_minutes, parts, stop, begun)
    by_batch = [callback for callback in schedule if callback not in parts.values()]
    callbacks = [show, *by_batch, *parts.values(), checkpoint]
    if begun:
        callbacks.append(SkipDone(begun["epoch"], begun["batch"]))
        learner.first_epoch = begun["epoch"]
    try:
        with learner.no_logging(), data_parallel(learner, recipe), stop.awaited_here():  # ShowProgress says more
            learner.fit(training.epochs, lr=learner.group_lrs, cbs=callbacks)
    finally:
        show.close()
        learner.first_epoch = 0
    return checkpoint.seconds_before + time.monotonic() - started
