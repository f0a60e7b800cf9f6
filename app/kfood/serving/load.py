"""A run or an exported model as a service."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kfood.run.cannot_tell import read_rules
from kfood.run.find import find_run
from kfood.run.folder import Run
from kfood.serving.maps import Maps
from kfood.serving.service import Service
from kfood.system.files import content_digest


def load_service(what: str | None, runs: Path) -> Service:
    """Return a model, ready to be asked.

    Args:
        what: an exported model (its file or folder); or a run as in `find_run`; None for the latest run.
        runs: the folder of all runs.

    Raises:
        KfoodError: there is no such run or model, or it is damaged.
    """
    from kfood.prediction.run_predictor import RunPredictor  # torch, which a port in use need not wait for

    run = find_run(what, runs)
    predictor = RunPredictor(run)
    return Service(predictor, read_rules(run), _about_run(run), Maps(run, predictor.classes))


def _about_run(run: Run) -> dict[str, Any]:
    return {"run": run.name, "size": run.recipe.data.size, "digest": content_digest(run.weights_file.read_bytes())}
