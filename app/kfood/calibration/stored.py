"""A calibration as two files of its run: numbers in calibration.json, arrays in calibration.safetensors."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from kfood.calibration.levels import DISH, GROUP, Levels
from kfood.calibration.out_of_distribution import OutOfDistribution, Part
from kfood.calibration.sets import Sets
from kfood.errors import RunError
from kfood.run.folder import Run
from kfood.statistics.guaranteed_accuracy import Threshold
from kfood.statistics.ood_scores import Head
from kfood.statistics.temperature import Temperature
from kfood.system.files import content_digest, write_json, write_whole

_FORMAT = 1
_FIT = "fit."  # how the arrays of a score are named


@dataclass(frozen=True)
class Calibration:
    """What makes a network's probabilities into answers.

    Args:
        weights: the digest of the weights that it was fitted for.
        classes: in the order of the probabilities.
        temperature: that probabilities are brought to.
        sets: of dishes that contain the true one as often as is wanted.
        levels: when a dish is answered, when its group.
        none_of_these: when a photo is none of the dishes; None where that could not be fitted.
        why_none: the reason, in a sentence; '' where it was.
    """

    weights: str
    classes: list[str]
    temperature: Temperature
    sets: Sets
    levels: Levels
    none_of_these: OutOfDistribution | None = None
    why_none: str = ""


def weights_digest(run: Run) -> str:
    """Return what tells a run's weights from all others."""
    return content_digest(run.weights_file.read_bytes())


def write_calibration(run: Run, found: Calibration) -> None:
    """Store a calibration with its run, with checksums; one that is there is replaced."""
    files = (run.calibration_file, run.calibration_arrays_file)
    run.checksums.drop(*files)
    arrays = {"sets.scores": found.sets.scores, "sets.labels": found.sets.labels}
    if none := found.none_of_these:
        for part in none.parts:
            of_part = {"known": part.known, "test": part.test, **{f"{_FIT}{k}": v for k, v in part.arrays.items()}}
            arrays |= {f"none.{part.kind}.{name}": array for name, array in of_part.items()}
        arrays |= {"none.weights": none.head.weights, "none.biases": none.head.biases}
    content = save({name: _stored(array) for name, array in arrays.items()})
    write_whole(run.calibration_arrays_file, lambda partial: partial.write_bytes(content))
    sets = found.sets
    numbers = {
        "format": _FORMAT,
        "weights": found.weights,
        "arrays": content_digest(content),
        "classes": found.classes,
        "temperature": asdict(found.temperature),
        "sets": {"kind": sets.kind, "coverage": sets.coverage, "by_class": sets.by_class},
        "levels": asdict(found.levels),
        "none_of_these": none
        and {
            "refuse": none.refuse,
            "parts": {part.kind: part.share for part in none.parts},
            "aurocs": none.aurocs,
        },
        "why_none": found.why_none,
    }
    write_json(run.calibration_file, numbers)
    run.checksums.add(*files)


def read_calibration(run: Run) -> Calibration | None:
    """Return the calibration that is stored with a run; None for a run without one.

    Raises:
        RunError: a file is missing, damaged, of another version, or of other weights.
    """
    if not run.calibration_file.exists():
        return None
    numbers = run.read(run.calibration_file, _numbers)
    again = f"Calibrate again: kfood calibrate {run.folder}"
    if numbers.get("format") != _FORMAT:
        raise RunError(f"{run.calibration_file} is of another version of kfood. {again}")
    content = run.read(run.calibration_arrays_file, Path.read_bytes)
    if numbers.get("weights") != weights_digest(run) or numbers.get("arrays") != content_digest(content):
        raise RunError(f"{run.calibration_file} does not belong to the files beside it. {again}")
    try:
        return _parsed(numbers, load(content))
    except (LookupError, TypeError, ValueError) as error:
        raise RunError(f"{run.calibration_file} is damaged: {error}. {again}") from None


def _parsed(numbers: dict[str, Any], arrays: dict[str, np.ndarray]) -> Calibration:
    sets = Sets(**numbers["sets"], scores=arrays["sets.scores"], labels=arrays["sets.labels"])
    none = _none_of_these(numbers["none_of_these"], arrays) if numbers["none_of_these"] else None
    return Calibration(
        numbers["weights"],
        list(numbers["classes"]),
        Temperature(**numbers["temperature"]),
        sets,
        levels_of(numbers["levels"]),
        none,
        numbers["why_none"],
    )


def levels_of(numbers: dict[str, Any]) -> Levels:
    """Return levels of what `dataclasses.asdict` made of them."""
    return Levels(**{**numbers, **{level: Threshold(**numbers[level]) for level in (DISH, GROUP)}})


def _none_of_these(numbers: dict[str, Any], arrays: dict[str, np.ndarray]) -> OutOfDistribution:
    parts = []
    for kind, share in numbers["parts"].items():
        start = f"none.{kind}."
        own = {name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)}
        fitted = {name.removeprefix(_FIT): array for name, array in own.items() if name.startswith(_FIT)}
        parts.append(Part(kind, share, fitted, own["known"], own["test"]))
    head = Head(arrays["none.weights"], arrays["none.biases"])
    return OutOfDistribution(numbers["refuse"], head, parts, numbers["aurocs"])


def _stored(array: np.ndarray) -> np.ndarray:
    """Return an array in the numbers that files keep: scores of validation photos as they are, all else in float32."""
    return np.ascontiguousarray(array, np.float32 if array.ndim > 1 and array.dtype == float else None)


def _numbers(file: Path) -> dict[str, Any]:
    found = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise ValueError("it holds no table of names and values.")
    return found
