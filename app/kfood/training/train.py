"""One training, from recipe to finished run, and on from where it was stopped."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pandas as pd
from fastai.learner import Learner

from kfood.calibration.fit import calibrate_run
from kfood.data.check import check_photos
from kfood.data.groups import read_groups
from kfood.data.loaders import sorted_labels, training_samples
from kfood.data.prepare import Photos, Prepared, data_folder, fingerprint, prepare_samples
from kfood.errors import KfoodError
from kfood.evaluation.predict import predict
from kfood.model.build import parameter_count
from kfood.model.finite import require_finite_weights
from kfood.model.saved import save_model
from kfood.recipes.class_weights import weights_by_number
from kfood.recipes.load import ladder_steps, with_changes, with_settings
from kfood.recipes.schema import Recipe
from kfood.run.find import find_run
from kfood.run.folder import DONE, RUNNING, Run, create_run, new_folder, require_free
from kfood.system.collectives import barrier, broadcast_from_main
from kfood.system.disk import require_room, require_writable, size_of
from kfood.system.environment import describe_environment
from kfood.system.files import write_csv
from kfood.system.paths import runs_folder
from kfood.system.processes import is_main_process
from kfood.text import listed
from kfood.training.check_first import check_classes, check_without_photos
from kfood.training.checkpoint_files import disk_estimate, drop_checkpoints
from kfood.training.elastic import remember_run, run_before_restart
from kfood.training.error_messages import explained, recorded
from kfood.training.fit import fit_in_memory
from kfood.training.initial_weights import starting_run
from kfood.training.learner import prepare_learner
from kfood.training.lr_range import LR_STEPS, LR_TRIALS, search_learning_rate
from kfood.training.portfolio import Portfolio, choose_for_budget, with_first_at_hand
from kfood.training.results import describe_model, write_results
from kfood.training.starts import trained_first
from kfood.training.stop import Stop
from kfood.training.time_plan import require_ladder

log = logging.getLogger(__name__)
MAY_CHANGE = ("training.workers", "training.checkpoint_minutes", "data.cache")  # when a run is resumed


def train(
    recipe: Recipe,
    runs: Path | None = None,
    folder: Path | None = None,
    find_lr: bool = False,
    minutes: float | None = None,
    stop: Stop | None = None,
) -> Run:
    """Train a recipe and return its run: model, history, predictions and metrics.

    Everything that can be wrong with the input is found before the run folder is made.

    Args:
        recipe: as `load_recipe` resolves it.
        runs: the folder of all runs; `KFOOD_RUNS` or `runs` where not given.
        folder: the run's own folder, which must be new; by default one below `runs`.
        find_lr: take the learning rate that `search_learning_rate` suggests instead of the recipe's.
        minutes: how long it may take in all, with lr_find and the training of what it starts from; the recipe's ladder
            says what to leave out.
        stop: asked after each batch whether to stop.

    Raises:
        KfoodError: the recipe, the photos or the starting run cannot be trained on, or training diverged.
        Stopped: it was asked to; `resume` goes on.
    """
    began, given = time.monotonic(), recipe
    runs = runs or runs_folder()
    if before := run_before_restart(given):
        return before if _status(before) == DONE else resume(before, stop)
    if folder:
        require_free(folder)
    require_writable(folder or runs)
    log.info("Training %s.", recipe.name)
    if minutes:
        require_ladder(recipe)
    steps = ladder_steps(with_first_at_hand(recipe)) if minutes else [recipe]
    portfolio = Portfolio(recipe)
    for step in steps:
        check_without_photos(step, runs)
    prepared = prepare_samples(recipe.data, partial(check_classes, steps[-1]), shared=True)
    if minutes:
        left = 60 * minutes - (time.monotonic() - began)
        trials = (LR_TRIALS, LR_STEPS) if find_lr else (0, 0)
        first = partial(trained_first, runs=runs, photos=Photos())
        portfolio = broadcast_from_main(
            partial(choose_for_budget, recipe, prepared.samples, left, trials=trials, before=first)
        )
        recipe = portfolio.recipe
    check_recipe(recipe, prepared.samples)
    start = starting_run(recipe, runs, partial(train, runs=runs, stop=stop))
    if find_lr and not recipe.training.epochs:
        log.info("No learning rate is searched: this step trains a probe alone.")
    elif find_lr:
        found = broadcast_from_main(partial(search_learning_rate, recipe, prepared.samples, start))
        recipe = with_changes(recipe, {"optimizer": {"lr": found.lr}}, f"{recipe.name}, with what lr_find suggests")
        log.info("Learning rate %.2g: the middle of what lr_find suggests.", found.lr)
    learner = prepare_learner(recipe, prepared, start)
    environment = describe_environment(learner.dls.device)
    environment |= {"data": prepared.layout, "data_fingerprint": fingerprint(prepared.samples)}
    environment |= {"precision": str(learner.model.precision)}
    environment |= {"portfolio": portfolio.rows()}
    environment |= {"started_from": str(start.folder.resolve()) if start else None}
    require_room(folder or runs, disk_estimate(learner.model, recipe, prepared.samples), recipe.name)
    # Named only now: a run is younger than the run it starts from.
    barrier()  # the others have seen that the folder is free
    folder = folder or new_folder(runs, recipe.name)
    run = Run(broadcast_from_main(lambda: create_run(recipe, environment, folder).folder))
    remember_run(given, run)
    with _recorded_once(run):
        log.info("Run folder: %s", run.folder)
        finish(run, learner, prepared, start, stop or Stop())
    return run


def resume(run: Run, stop: Stop | None = None, settings: Sequence[str] = ()) -> Run:
    """Go on with a training that did not come to its end, as if it had never stopped; return its run.

    Args:
        run: interrupted or failed.
        stop: asked after each batch whether to stop.
        settings: as for `load_recipe`, of what the result does not depend on: see `MAY_CHANGE`.

    Raises:
        KfoodError: it is done, its photos or the run it starts from are not what they were, or another setting.
    """
    if (status := _status(run)) in (DONE, RUNNING):
        raise KfoodError(f"{run.folder} is {status}: there is nothing to go on with.")
    require_writable(run.folder)
    for key in (setting.partition("=")[0].strip() for setting in settings):
        if key not in MAY_CHANGE:
            raise KfoodError(
                f"A run goes on as it began: --resume takes --set for {listed(MAY_CHANGE)}, not for {key}."
            )
    recipe = with_settings(run.recipe, settings)
    log.info("Going on with %s.", run.name)
    prepared = photos_of_run(run)
    before = run.environment.get("started_from")
    start = find_run(before, run.runs) if before else None
    learner = prepare_learner(recipe, prepared, start, run.precision)
    needed = disk_estimate(learner.model, recipe, prepared.samples)
    require_room(run.folder, needed - size_of(run.folder), run.name)
    barrier()  # the others have seen that nobody works on it
    with _recorded_once(run):
        if settings and is_main_process():
            run.write_recipe(recipe)
        finish(run, learner, prepared, start, stop or Stop())
    return run


def _status(run: Run) -> str:
    """Return a run's status, which one process looks at: two that look would each find the run held by the other."""
    return broadcast_from_main(lambda: run.status)


@contextmanager
def _recorded_once(run: Run) -> Iterator[None]:
    """Work on a run, whose files the first process alone writes; all leave it together, when it is whole."""
    with recorded(run) if is_main_process() else explained(run):
        yield
    if is_main_process():
        drop_checkpoints(run.checkpoints)  # only now: a run that could not be finished goes on from them
    barrier()


def photos_of_run(run: Run) -> Prepared:
    """Return the photos that a run has trained on; found again for one that ended before it had noted them.

    Raises:
        KfoodError: some are gone or changed.
    """
    if not run.samples_file.exists():
        return prepare_samples(run.recipe.data, shared=True)
    require_same_photos(run.samples, data_folder(run.recipe.data), run.folder)
    return Prepared(run.samples, pd.DataFrame(), run.environment.get("data", ""))


def require_same_photos(samples: pd.DataFrame, root: Path, folder: Path) -> None:
    """Check that the photos are what a run has trained on.

    Raises:
        KfoodError: some are gone or changed.
    """
    digests = check_photos(samples, root, shared=True)["digest"].to_numpy()
    other = samples.loc[samples["digest"].to_numpy() != digests, "path"]
    if len(other):
        raise KfoodError(
            f"{len(other)} photos are not what {folder} was trained on, such as {other.iloc[0]}: put them back, or "
            "train again."
        )


def finish(run: Run, learner: Learner, prepared: Prepared, start: Run | None, stop: Stop) -> None:
    """Train from the run's last checkpoint, or from the start, to the run's end."""
    if is_main_process() and not run.samples_file.exists():
        write_csv(run.left_out_file, prepared.left_out)
        write_csv(run.samples_file, prepared.samples)
        run.checksums.add(run.left_out_file, run.samples_file)
    learner, seconds = fit_in_memory(learner, run, prepared, start, stop)
    require_finite_weights(learner.model.state_dict(), "After the last epoch")
    predictions = predict(learner, prepared.samples, run.recipe.data.size, shared=True)
    if not is_main_process():
        return
    description = describe_model(run.recipe, sorted_labels(prepared.samples), learner.model.normalization)
    save_model(learner.model, description, run.weights_file, run.model_file)
    write_results(run, predictions, parameter_count(learner.model), seconds)
    run.record_checksums()
    if run.recipe.training.calibrate:
        _calibrate(run)


def _calibrate(run: Run) -> None:
    """Calibrate a run; where that cannot be, it stays as it is trained, and the reason is said."""
    try:
        calibrate_run(run)
    except KfoodError as error:
        log.warning("Trained, but not calibrated: %s", error)
    else:
        log.info("Calibrated; how well, says kfood calibrate %s.", run.folder)


def check_recipe(recipe: Recipe, samples: pd.DataFrame) -> None:
    """Check what can only be checked against the photos, before anything is trained.

    Raises:
        KfoodError: a class weight for no class, or a batch larger than the training set.
    """
    weights_by_number(recipe.loss.class_weights, sorted_labels(samples))
    training_samples(samples, recipe)
    if recipe.data.groups:
        read_groups(Path(recipe.data.groups), sorted_labels(samples))
