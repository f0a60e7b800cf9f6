"""Fit on validation photos what makes probabilities into answers, and store it with the run."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kfood.calibration.judged import Judged, judged_split
from kfood.calibration.sets import fit_sets
from kfood.calibration.stored import Calibration, weights_digest, write_calibration
from kfood.errors import require_choice
from kfood.evaluation.predictions import class_names
from kfood.run.folder import Run
from kfood.statistics.conformal import LAC, SET_SCORES
from kfood.statistics.temperature import fit_temperature, tempered


@dataclass(frozen=True)
class Wanted:
    """What is wanted of answers.

    Args:
        coverage: how often a set is to contain the dish, between 0 and 1.
        sets: the score of sets, "lac" or "aps".
        by_class: whether the coverage is wanted in each class.
    """

    coverage: float = 0.9
    sets: str = LAC
    by_class: bool = False


def calibrate_run(run: Run, wanted: Wanted = Wanted()) -> Calibration:
    """Fit a run's calibration on its validation photos and store it with the run.

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
    judged_split(run, "test")  # nothing is stored that nothing can judge
    temperature = fit_temperature(valid.probabilities, valid.labels, valid.groups)
    calibrated = at_temperature(valid, temperature.value)
    sets = fit_sets(calibrated, wanted.sets, wanted.coverage, wanted.by_class, classes)
    found = Calibration(weights_digest(run), classes, temperature, sets)
    write_calibration(run, found)
    return found


def at_temperature(photos: Judged, temperature: float) -> Judged:
    """Return photos with calibrated probabilities."""
    return replace(photos, probabilities=tempered(photos.probabilities, temperature))
