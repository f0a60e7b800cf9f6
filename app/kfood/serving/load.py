"""A run or an exported model as a service."""

from __future__ import annotations

from pathlib import Path

from kfood.prediction.predictor import load_predictor
from kfood.run.cannot_tell import parse_rules, read_rules
from kfood.run.find import find_run
from kfood.run.folder import Run
from kfood.serving.maps import Maps
from kfood.serving.service import Service


def load_service(what: str | None, runs: Path) -> Service:
    """Return a model, ready to be asked.

    Args:
        what: an exported model (its file or folder); or a run as in `find_run`; None for the latest run.
        runs: the folder of all runs.

    Raises:
        KfoodError: there is no such run or model, or it is damaged.
    """
    raise NotImplementedError
