"""What must hold before an export is handed over, and what is said of it."""

from __future__ import annotations

import logging

import numpy as np

from kfood.errors import KfoodError, RunError
from kfood.exported.predict import Model
from kfood.exporting.comparison import TIE, Answers, answers_of_file, answers_of_run, compare, judged_photos
from kfood.recipes.schema import nfc
from kfood.run.folder import Run
from kfood.statistics.differences import paired_difference
from kfood.text import listed

log = logging.getLogger(__name__)
_LARGEST = 0.001  # difference of a probability that float32 may have
_WORSE = 0.005  # of accuracy: from here on it is said first


def prove_equal(run: Run, model: Model) -> tuple[Answers, list[str]]:
    """Check that a float32 file answers the run's validation and test photos as the run does.

    Returns:
        What the file answers, and sentences on how alike they are and how fast.

    Raises:
        KfoodError: another first answer, or a probability that is off by more than 0.001; it names the photos.
    """
    photos = judged_photos(run)
    of_run, of_file = answers_of_run(run, photos), answers_of_file(model, photos)
    found = compare(of_run, of_file, photos["path"].tolist())
    said = [
        f"Compared on {found.photos} validation and test photos: {len(found.changed)} first answers differ (ties "
        f"within {TIE:g} aside); the largest difference of a probability is {found.largest:.1e}.",
        f"Seconds a photo, from its file: {of_run.seconds:.4f} with torch, {of_file.seconds:.4f} with model.onnx.",
    ]
    if found.changed or found.largest > _LARGEST:
        named = found.changed or [found.at]
        raise KfoodError(
            f"{run.name} is not exported: model.onnx gives {len(found.changed)} of {found.photos} photos another first "
            f"answer, and probabilities that are off by up to {found.largest:.4f}, on {listed(named, 3)}."
        )
    return of_file, [*said, *_against_recorded(run, photos["path"].tolist(), model, of_file)]


def _against_recorded(run: Run, paths: list[str], model: Model, answers: Answers) -> list[str]:
    """Return a sentence on what the run has in its predictions.csv: it may be of another number format."""
    if not run.predictions_file.is_file():
        return []
    try:
        recorded = run.predictions
    except RunError as error:  # damaged; the file was made without it
        return [str(error)]
    if recorded["path"].tolist() != paths:
        return []
    said = np.array(model.classes)[answers.first]
    differ = int((recorded["predicted"].map(nfc).to_numpy() != said).sum())
    form = f", computed in {run.precision.rpartition(' ')[2]}" if run.precision else ""
    where = f"{run.predictions_file.name}{form}"
    return [f"Of the {len(paths)} answers in {where}, {differ} differ from those of model.onnx."]


def say_what_it_costs(run: Run, exact: Answers, model: Model) -> None:
    """Say what 8 bits cost in accuracy on validation and test, and gain in time; what speaks against them first."""
    photos = judged_photos(run)
    rounded = answers_of_file(model, photos)
    labels = photos["label"].map(nfc).map(model.classes.index).to_numpy()
    groups = (photos["group"] if "group" in photos else photos["path"]).to_numpy()
    lines: list[str] = []
    against: list[str] = []
    for split in ("valid", "test"):
        chosen = (photos["split"] == split).to_numpy()
        if not chosen.any():
            continue
        before, after = ((each.first == labels)[None, chosen] for each in (exact, rounded))
        change = paired_difference(before, after, groups[chosen])
        line = (
            f"Accuracy on {split} ({chosen.sum()} photos): {before.mean():.3f} in float32, {after.mean():.3f} in "
            f"int8; difference {change.mean:+.3f} ({change.low:+.3f} to {change.high:+.3f}), p = {change.p:.2g}."
        )
        (against if change.mean < -_WORSE else lines).append(line)
    speed = (
        f"Seconds a photo, from its file: {exact.seconds:.4f} in float32, {rounded.seconds:.4f} in int8: "
        f"{exact.seconds / rounded.seconds:.2f} x as fast."
    )
    (against if rounded.seconds > exact.seconds else lines).append(speed)
    for line in against:
        log.warning("int8 is worse here: %s", line)
    for line in lines:
        log.info("%s", line)
    changed = int((exact.first != rounded.first).sum())
    apart = np.abs(exact.probabilities - rounded.probabilities).max()
    log.info("%d of %d first answers change; a probability is off by up to %.3f.", changed, len(photos), apart)
