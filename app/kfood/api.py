"""What the commands do, from Python: the functions and classes that `import kfood` hands on.

Each returns what its command prints, as objects and DataFrames. Progress is logged to the logger "kfood", which prints
on stdout unless it has handlers of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kfood.errors import DataError, KfoodError, require_choice
from kfood.recipes.load import load_recipe
from kfood.recipes.schema import Data, Recipe
from kfood.run import find, folder
from kfood.system import logs
from kfood.system.cores import wait_asleep
from kfood.system.paths import runs_folder

if TYPE_CHECKING:
    import pandas as pd
    from fastai.learner import Learner

    from kfood.calibration.findings import Findings
    from kfood.duplicates.search import Duplicates
    from kfood.evaluation.compare import Comparison
    from kfood.interpretation.section import Section
    from kfood.label_issues.search import LabelIssues
    from kfood.prediction.model import Model
    from kfood.training.lr_range import LrRange

wait_asleep()  # unless whoever imports kfood has imported torch before
_BASE = "mission1"  # says how photos are read and split where only data are asked about


class Run(folder.Run):
    """A run folder, with its model as a fastai Learner."""

    @cached_property
    def learner(self) -> Learner:
        """The Learner with this run's weights and photos, to predict or to train on."""
        from kfood.training.restore import restore_learner

        return restore_learner(self)

    @property
    def predictor(self) -> Learner:
        """The same, but only to predict validation and test photos: it needs no photo of the training."""
        from kfood.training.restore import predictor_of

        return predictor_of(self)

    def export(self, folder: str | Path | None = None, precision: str = "float32", page: bool = False) -> Path:
        """Write a folder that predicts without kfood and torch; see `kfood.exporting.folder.export_run`."""
        from kfood.exporting.folder import export_run

        with logs.shown():
            return export_run(self, Path(folder) if folder else None, precision, page)


def recipe(name: str | Path, *settings: str, data: str | Path | None = None) -> Recipe:
    """Return a recipe by name or path, with settings such as "training.epochs=5".

    Raises:
        RecipeError: there is no such recipe, or a setting is wrong.
    """
    return load_recipe(str(name), settings, _data(data))


def train(
    what: Recipe | str | Path, *settings: str, data: str | Path | None = None, runs: str | Path | None = None
) -> Run:
    """Train a recipe (or the recipe of that name, with settings) and return its finished run.

    Args:
        what: what `recipe` returned, or a name for it.
        settings: as in `recipe`; only with a name.
        data: a folder, a CSV or "demo"; only with a name.
        runs: the folder of all runs; `runs` in the current folder where not given.

    Raises:
        KfoodError: something about the recipe or the photos has to be put right.
    """
    from kfood.training.train import train as train_recipe

    resolved = _resolved(what, settings, data)
    with logs.shown():
        return Run(train_recipe(resolved, _runs(runs)).folder)


def lrfind(
    what: Recipe | str,
    *settings: str,
    data: str | Path | None = None,
    seeds: int = 3,
    iterations: int = 100,
    runs: str | Path | None = None,
) -> LrRange:
    """Search a learning rate with fastai's lr_find, over several seeds. Arguments and errors as in `train`.

    Args:
        seeds: number of trials.
        iterations: optimizer steps in a trial, 40 or more.
    """
    from kfood.training.lr_find import find_learning_rate

    resolved = _resolved(what, settings, data)
    with logs.shown():
        return find_learning_rate(resolved, _runs(runs), seeds, iterations)[0]


def load_run(name: str | Path | None = None, folder: str | Path | None = None) -> Run:
    """Return a finished run by folder, name or recipe; the latest where no name is given.

    Raises:
        RunError: there is none.
    """
    return Run(find.find_run(str(name) if name else None, _runs(folder)).folder)


def runs(folder: str | Path | None = None) -> list[Run]:
    """Return all runs, oldest first."""
    return [Run(run.folder) for run in find.all_runs(_runs(folder))]


def predict(
    photos: str | Path | Sequence[str | Path], run: folder.Run | str | Path | None = None, top: int = 3
) -> pd.DataFrame:
    """Predict photos: `load_model(run).predict(photos, top)`."""
    return load_model(run).predict(photos, top)


def load_model(name: folder.Run | str | Path | None = None, runs: str | Path | None = None) -> Model:
    """Return what predicts photos: a finished run, or a model that `kfood export` has written.

    Args:
        name: a run, or a name as in `load_run`; or a model.onnx, or the folder that holds it.
        runs: as in `train`.

    Raises:
        KfoodError: there is no such run, or the file is no model of kfood's or was changed.
    """
    from kfood.prediction.load import named_model
    from kfood.prediction.model import Model

    chosen = name if isinstance(name, folder.Run) else named_model(str(name) if name else None, _runs(runs))
    with logs.shown():
        return Model(chosen)


def interpret(
    run: folder.Run | str | None = None, *topics: str, split: str = "test", methods: Sequence[str] = ("cam",)
) -> list[Section]:
    """Explain a run: its sentences, tables and figures, a section a topic.

    Args:
        run: a run, or a name as in `load_run`.
        topics: "top-losses", "confusion", "per-class", "wrong", "calibration", "cam" or "colour"; all where none is
            named.
        split: "test" or "valid".
        methods: of activation maps: "cam", "occlusion", "layercam" or "integrated-gradients"; several are shown side
            by side.

    Raises:
        KfoodError: there is no such run, topic, split or method.
    """
    from kfood.interpretation.interpret import FIGURES, interpret_run
    from kfood.interpretation.section import METHODS, Request

    for topic in topics:
        require_choice(topic, FIGURES)
    for method in methods:
        require_choice(method, METHODS, "methods:")
    chosen = _run(run)
    with logs.shown():
        return interpret_run(chosen, list(topics or FIGURES), Request(split, methods=tuple(methods) or ("cam",)))


def report(*runs: folder.Run | str, out: str | Path | None = None, split: str = "test", photos: bool = True) -> Path:
    """Write one HTML page about one run or several side by side, and return its path.

    Args:
        runs: runs, or names as in `load_run`; the latest where none is named.
        out: the file; report.html in the run's folder, or for several runs in the current one, where not given.
        split: "test" or "valid".
        photos: whether the page holds small copies of the photos.

    Raises:
        KfoodError: there is no such run, or it has nothing to show for that split.
    """
    from kfood.reporting.runs_page import report_runs

    chosen = [_run(run) for run in runs or (None,)]
    with logs.shown():
        return report_runs(chosen, Path(out) if out else None, split, photos)


def calibrate(
    run: folder.Run | str | None = None,
    *,
    coverage: float = 0.9,
    sets: str = "lac",
    by_class: bool = False,
    refuse: float = 0.05,
    accuracy: float = 0.95,
    groups: str | Path | None = None,
) -> Findings:
    """Fit what a run answers with on validation, store it with the run, and return what it comes to on test.

    Args:
        run: a run, or a name as in `load_run`.
        coverage: how often a set is to contain the dish, between 0 and 1.
        sets: "lac" or "aps".
        by_class: whether the coverage is wanted in each class.
        refuse: the share of photos of its dishes that may be taken for none of them, between 0 and 1.
        accuracy: wanted of the dishes that are answered, and of dishes and groups, between 0 and 1.
        groups: a CSV of class and group; the recipe's, or folders above those of the classes, where not given.

    Raises:
        KfoodError: there is no such run, it has no validation or test photos, or too few for what is wanted.
    """
    from kfood.calibration.findings import judge_calibration
    from kfood.calibration.fit import Wanted, calibrate_run

    chosen = _run(run)
    wanted = Wanted(coverage, sets, by_class, refuse, accuracy, Path(groups) if groups else None)
    with logs.shown():
        return judge_calibration(chosen, calibrate_run(chosen, wanted))


def compare(*runs: folder.Run | str) -> Comparison:
    """Compare runs with the first of them: settings that differ, results on test, and whether these differ by chance.

    Raises:
        KfoodError: fewer than two are named, or there is no such run.
    """
    from kfood.evaluation.compare import compare_runs

    return compare_runs([_run(run) for run in runs])


def find_duplicates(data: str | Path | None = None, *settings: str, run: folder.Run | str | None = None) -> Duplicates:
    """Find photos that are there twice: under two labels, in two splits, in both data sets.

    Args:
        data: a folder, a CSV or "demo"; as in training where not given.
        settings: as in `recipe`.
        run: a run whose test photos are compared with what it has seen; none where not given.

    Raises:
        KfoodError: there are no photos, or no such run.
    """
    from kfood.duplicates.search import find_duplicates as search

    chosen = _run(run) if run else None
    with logs.shown():
        return search(_data_section(data, settings, chosen), chosen)


def find_label_issues(
    data: str | Path | None = None,
    *settings: str,
    pair: tuple[str, str] | None = None,
    run: folder.Run | str | None = None,
) -> LabelIssues:
    """Find labels that may be wrong, by models that have not seen the photo.

    Args:
        data, settings: as in `find_duplicates`.
        pair: two classes whose wrong labels are to be counted.
        run: a run whose network judges; EfficientNet-Lite0 with ImageNet weights where not given.

    Raises:
        KfoodError: there are too few photos, a class is unknown, or there is no such run.
    """
    from kfood.label_issues.search import find_label_issues as search

    chosen = _run(run) if run else None
    with logs.shown():
        return search(_data_section(data, settings, chosen), pair, chosen)


def _data(given: str | Path | None) -> str | None:
    """Return the folder as text. An empty name is an error, as of a variable that is not set."""
    if given == "":
        raise DataError("data is empty: name a folder or a CSV, or leave it out.")
    return None if given is None else str(given)


def _resolved(what: Recipe | str | Path, settings: tuple[str, ...], data: str | Path | None) -> Recipe:
    if isinstance(what, str | Path):
        return recipe(what, *settings, data=data)
    if settings or data:
        raise KfoodError("Settings and data go with a recipe's name: kfood.recipe(name, *settings, data=…).")
    return what


def _run(run: folder.Run | str | None) -> folder.Run:
    return run if isinstance(run, folder.Run) else load_run(run)


def _runs(given: str | Path | None) -> Path:
    return Path(given) if given else runs_folder()


def _data_section(data: str | Path | None, settings: tuple[str, ...], run: folder.Run | None) -> Data:
    return recipe(str(run.recipe_file) if run else _BASE, *settings, data=data).data
