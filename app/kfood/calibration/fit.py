"""Fit on validation photos what makes probabilities into answers, and store it with the run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from kfood.calibration.answers_table import answers_table
from kfood.calibration.features import features_of_run
from kfood.calibration.judged import Judged, judged_split
from kfood.calibration.levels import fit_levels
from kfood.calibration.out_of_distribution import fit_out_of_distribution, require_refusable
from kfood.calibration.sets import fit_sets
from kfood.calibration.stored import Calibration, weights_digest, write_calibration
from kfood.data.groups import groups_by_folder, read_groups
from kfood.errors import KfoodError, require_choice
from kfood.evaluation.predictions import class_names
from kfood.run.folder import Run
from kfood.statistics.conformal import LAC, SET_SCORES
from kfood.statistics.temperature import fit_temperature, tempered
from kfood.system.files import write_csv


@dataclass(frozen=True)
class Wanted:
    """What is wanted of answers.

    Args:
        coverage: how often a set is to contain the dish, between 0 and 1.
        sets: the score of sets, "lac" or "aps".
        by_class: whether the coverage is wanted in each class.
        refuse: the share of photos of known dishes that may be taken for none of them, between 0 and 1.
        accuracy: of what is answered, at the level of dishes and at that of groups, between 0 and 1.
        groups: a CSV of class and group; None for that of the recipe, or the folders above the class folders.
    """

    coverage: float = 0.9
    sets: str = LAC
    by_class: bool = False
    refuse: float = 0.05
    accuracy: float = 0.95
    groups: Path | None = None


def calibrate_run(run: Run, wanted: Wanted = Wanted()) -> Calibration:
    """Fit a run's calibration on its validation photos and store it with the run, with what it answers on test.

    The weights were chosen on these photos too, though by nothing finer than the best epoch: test has the last word.

    Args:
        run: finished.
        wanted: of the answers.

    Raises:
        KfoodError: there are no validation or no test photos, too few for what is wanted, a file is damaged, or
            something that is wanted cannot be.
    """
    require_choice(wanted.sets, SET_SCORES, "--sets")
    classes = class_names(run.predictions)
    valid = judged_split(run, "valid")
    test = judged_split(run, "test")  # nothing is stored that nothing can judge
    temperature = fit_temperature(valid.probabilities, valid.labels, valid.groups)
    calibrated = at_temperature(valid, temperature.value)
    sets = fit_sets(valid, wanted.sets, wanted.coverage, wanted.by_class, classes)
    levels = fit_levels(calibrated, groups_of_run(run, classes, wanted.groups), wanted.accuracy)
    require_refusable(len(sets.scores), wanted.refuse)
    none, why = None, ""
    try:
        none = fit_out_of_distribution(features_of_run(run, classes, valid, test), valid, wanted.refuse)
    except KfoodError as error:  # all else needs no photo, and stands
        why = str(error)
    found = Calibration(weights_digest(run), classes, temperature, sets, levels, none, why)
    write_calibration(run, found)
    write_csv(run.calibrated_file, answers_table(found, test))
    return found


def groups_of_run(run: Run, classes: list[str], file: Path | None = None) -> list[str]:
    """Return the group of each class, in class order; [] where classes have none.

    Args:
        run: finished.
        classes: of the run.
        file: a CSV of class and group; where not given, that of the recipe, or else the folders above class folders.

    Raises:
        DataError: the CSV cannot be read, misses a class or names an unknown one.
    """
    named = file or (Path(run.recipe.data.groups) if run.recipe.data.groups else None)
    found = read_groups(named, classes) if named else groups_by_folder(run.samples, classes)
    return list(found.values())


def at_temperature(photos: Judged, temperature: float) -> Judged:
    """Return photos with calibrated probabilities."""
    return replace(photos, probabilities=tempered(photos.probabilities, temperature))
