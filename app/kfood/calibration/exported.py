"""A calibration as text, for the metadata of an exported model: all but "none of these", which needs the network."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np

from kfood.calibration.sets import Sets
from kfood.calibration.stored import Calibration, levels_of
from kfood.statistics.temperature import Temperature

WHY_NONE = "an exported model has probabilities alone, and no features to tell by: name the run that it is of."
_DIGITS = 7


def calibration_as_text(found: Calibration) -> str:
    """Return what an exported model answers with, as JSON."""
    sets = found.sets
    order = np.argsort(sets.scores, kind="stable")
    scores = {"scores": sets.scores[order].round(_DIGITS).tolist(), "labels": sets.labels[order].tolist()}
    how = {"kind": sets.kind, "coverage": sets.coverage, "by_class": sets.by_class, **scores}
    return json.dumps(
        {"temperature": asdict(found.temperature), "sets": how, "levels": asdict(found.levels)}, ensure_ascii=False
    )


def calibration_of_text(text: str, weights: str, classes: list[str]) -> Calibration:
    """Return what `calibration_as_text` gave, of a model with these weights (their digest) and classes."""
    numbers = json.loads(text)
    sets = numbers["sets"]
    arrays = {"scores": np.array(sets["scores"], float), "labels": np.array(sets["labels"], int)}
    return Calibration(
        weights,
        classes,
        Temperature(**numbers["temperature"]),
        Sets(**{**sets, **arrays}),
        levels_of(numbers["levels"]),
        None,
        WHY_NONE,
    )
