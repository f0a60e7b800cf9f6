"""A run or an exported model as a service."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from kfood.calibration.stored import read_calibration
from kfood.exported.predict import Model
from kfood.prediction.calibrated import CalibratedPredictor
from kfood.prediction.load import Asked, answering, exported_model, load_predictor, named_model
from kfood.prediction.predictor import Predictor
from kfood.run.cannot_tell import parse_rules, read_rules
from kfood.run.folder import Run
from kfood.serving.maps import Maps
from kfood.serving.service import Service
from kfood.system.gpu import may_have_gpu


def load_service(what: str | None, runs: Path, asked: Asked = Asked()) -> Service:
    """Return a model, ready to be asked.

    Args:
        what: an exported model (its file or folder); or a run as in `find_run`; None for the latest run.
        runs: the folder of all runs.
        asked: of a calibrated one.

    Raises:
        KfoodError: there is no such run or model, it is damaged, or as `load_predictor`.
    """
    found = named_model(what, runs)
    if isinstance(found, Run):
        # One photo at a time, a graph on a CPU answers several times sooner than torch; on a GPU, torch does.
        predictor = load_predictor(found, None if may_have_gpu() else 1, asked)
        calibrated = read_calibration(found)  # its probabilities are tempered, and so are the rules then
        rules = [rule.tempered(calibrated.temperature.value if calibrated else 1.0) for rule in read_rules(found)]
        about = _about_run(found) | _thresholds(predictor)
        return Service(predictor, rules, about, Maps(found, predictor.classes))
    model = exported_model(found)
    predictor = answering(model, found, asked)
    rules = parse_rules(model.metadata.get("cannot_tell", "[]"))
    return Service(predictor, rules, _about_exported(model) | _thresholds(predictor))


def _about_run(run: Run) -> dict[str, Any]:
    weights = hashlib.sha256(run.weights_file.read_bytes()).hexdigest()
    return {"run": run.name, "size": run.recipe.data.size, "digest": weights}


def _about_exported(model: Model) -> dict[str, Any]:
    about = model.metadata
    return {"run": about["run"], "size": int(about["size"]), "digest": about["weights"]}


def _thresholds(predictor: Predictor) -> dict[str, Any]:
    """Return what a calibrated model's answers go by; {} of any other."""
    if not isinstance(predictor, CalibratedPredictor):
        return {}
    found = predictor.calibration
    none = found.none_of_these
    return {
        "calibrated": {
            "coverage": predictor.coverage or found.sets.coverage,
            "refuse": (predictor.refuse or none.refuse) if none else None,
            "accuracy": found.levels.accuracy,
            "dish_from": found.levels.dish.least,
            "group_from": found.levels.group.least,
        }
    }
