"""A cascade made of two finished runs: the model of all dishes asks that of a pair where it cannot tell the two."""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from fastai.learner import Learner

from kfood.evaluation.predict import predict
from kfood.evaluation.predictions import CLASS_PREFIX, class_names, of_split
from kfood.model.build import parameter_count
from kfood.model.cascade import ALWAYS, NEVER
from kfood.model.saved import (
    CascadeDescription,
    build_cascade,
    load_model,
    read_description,
    read_network_description,
    save_model,
)
from kfood.pairs.cascade_margin import choose_margin
from kfood.pairs.cascade_parts import require_parts
from kfood.pairs.cascade_verdict import cascade_verdict
from kfood.recipes.schema import Recipe
from kfood.run.folder import Run, create_run, new_folder, require_free
from kfood.system.disk import require_writable
from kfood.system.environment import describe_environment
from kfood.system.files import read_csv, write_csv, write_json
from kfood.system.paths import runs_folder
from kfood.training.restore import evaluation_learner
from kfood.training.results import say_results, split_metrics

log = logging.getLogger(__name__)
_NAME = "cascade"  # of the folder of these runs


@dataclass(frozen=True)
class CascadeRun:
    """What making a cascade came to: its run, how the margin was chosen on validation, what it gains on test."""

    run: Run
    margins: pd.DataFrame
    text: list[str]


def make_cascade(main: Run, specialist: Run, runs: Path | None = None, folder: Path | None = None) -> CascadeRun:
    """Make one run of two: the main model, and what it asks where its two best answers are the pair and close.

    How close is chosen on the validation photos, which neither has trained on. The new run holds both networks and is
    a model like any other to `kfood interpret`, `report`, `predict` and `runs compare`; its history is the main run's.

    Args:
        main: finished; a cascade itself where it asks about another pair already.
        specialist: finished, of two classes that `main` knows.
        runs: the folder of all runs; `KFOOD_RUNS` or `runs` where not given.
        folder: the run's own folder, which must be new; by default one below `runs`.

    Raises:
        KfoodError: the two runs do not go together: other classes, other photos, photos resized in other ways, or the
            specialist has trained on photos that the main run is judged by.
    """
    runs = runs or runs_folder()
    if folder:
        require_free(folder)
    require_writable(folder or runs)
    pair = require_parts(main, specialist)
    about = CascadeDescription(
        read_description(main.model_file), read_network_description(specialist.model_file), NEVER
    )
    recipe = _recipe(main, specialist)
    learner = _learner(main, specialist, about, recipe)
    alone, margins, asked = _both_ways(learner, main, pair, recipe)
    chosen = choose_margin(of_split(alone, "valid"), margins, asked)
    predictions = _divided(alone, asked, margins[margins < chosen.margin].index)
    learner.model.margin = chosen.margin
    about = CascadeDescription(about.main, about.specialist, chosen.margin)
    environment = _environment(main, specialist, about, learner)
    run = create_run(recipe, environment, folder or new_folder(runs, _NAME))
    try:
        with run.recording():
            log.info("Run folder: %s", run.folder)
            text = cascade_verdict(main, predictions, margins < chosen.margin, pair, chosen)
            _write(run, main, specialist, predictions, learner, about)
            for line in text:
                log.info("%s", line)
    except BaseException:
        shutil.rmtree(run.folder, ignore_errors=True)  # it is made again in a minute, and nothing could go on with it
        raise
    return CascadeRun(run, chosen.table, text)


def _recipe(main: Run, specialist: Run) -> Recipe:
    """Return the main run's recipe with photos of the larger of the two sizes."""
    larger = max(main, specialist, key=lambda run: run.recipe.data.size).recipe.data
    data = main.recipe.data.model_copy(update={"size": larger.size, "presize": larger.presize})
    return main.recipe.model_copy(update={"name": _NAME, "data": data, "ladder": ()})


def _learner(main: Run, specialist: Run, about: CascadeDescription, recipe: Recipe) -> Learner:
    model = build_cascade(about)
    for part, run in ((model.main, main), (model.specialist, specialist)):
        run.verify(run.weights_file, run.model_file)
        loaded, _ = load_model(run.weights_file, run.model_file)
        part.load_state_dict(loaded.state_dict())
    return evaluation_learner(model.eval(), about, recipe, main.samples, main.precision)


def _both_ways(
    learner: Learner, main: Run, pair: tuple[str, str], recipe: Recipe
) -> tuple[pd.DataFrame, pd.Series, pd.DataFrame]:
    """Return what the main model says alone; by path how close the pair is where it is the two best answers; and what
    is said of these photos when the specialist is asked about all of them.
    """
    size = recipe.data.size
    learner.model.margin = NEVER
    alone = predict(learner, main.samples, size)
    margins = pair_margins(alone, pair)
    learner.model.margin = ALWAYS
    log.info("%s or %s are the two best answers of %d photos.", *pair, len(margins))
    if margins.empty:
        return alone, margins, alone.head(0).set_index("path")
    open_to_doubt = main.samples[main.samples["path"].isin(margins.index)]
    return alone, margins, predict(learner, open_to_doubt, size).set_index("path")


def pair_margins(predictions: pd.DataFrame, pair: tuple[str, str]) -> pd.Series:
    """Return the difference between the two best probabilities by path, of photos whose two best are the pair."""
    columns = [f"{CLASS_PREFIX}{name}" for name in class_names(predictions)]
    two = [f"{CLASS_PREFIX}{name}" for name in pair]
    others = predictions[columns].drop(columns=two).max(axis=1).fillna(-1)  # there may be no others
    best = predictions[predictions[two].min(axis=1) > others].set_index("path")
    return best[two].max(axis=1) - best[two].min(axis=1)


def _divided(alone: pd.DataFrame, asked: pd.DataFrame, paths: pd.Index) -> pd.DataFrame:
    """Return the predictions with those that the specialist was asked about in their places."""
    table = alone.set_index("path")
    table.loc[paths] = asked.loc[paths, table.columns]
    return table.reset_index()[alone.columns]


def _environment(main: Run, specialist: Run, about: CascadeDescription, learner: Learner) -> dict[str, Any]:
    kept = {key: main.environment.get(key) for key in ("data", "data_fingerprint")}
    parts = {"main": main.name, "specialist": specialist.name, "pair": about.specialist.classes, "margin": about.margin}
    return {
        **describe_environment(learner.dls.device),
        **kept,
        "precision": str(learner.model.precision),
        "started_from": str(main.folder.resolve()),
        "specialist": str(specialist.folder.resolve()),
        "cascade": parts,
    }


def _write(
    run: Run, main: Run, specialist: Run, predictions: pd.DataFrame, learner: Learner, about: CascadeDescription
) -> None:
    write_csv(run.samples_file, main.samples)
    write_csv(run.history_file, main.history)
    if main.left_out_file.exists():
        write_csv(run.left_out_file, main.read(main.left_out_file, read_csv))
    run.checksums.add(run.left_out_file, run.samples_file)
    write_csv(run.predictions_file, predictions)
    results = split_metrics(predictions, main.samples)
    rest = {key: main.metrics.get(key) for key in ("epochs", "best_epoch")}
    rest["seconds"] = round(sum(each.metrics.get("seconds", 0) for each in (main, specialist)), 1)
    write_json(run.metrics_file, results | rest | {"parameters": parameter_count(learner.model)})
    save_model(learner.model, about, run.weights_file, run.model_file)
    say_results(results)
    run.record_checksums()
