"""`kfood serve`: a model behind an address, until it is told to stop."""

from __future__ import annotations

import logging
from pathlib import Path

from kfood.prediction.load import Asked
from kfood.serving.app import build_app
from kfood.serving.collect import Collection
from kfood.serving.listening import listen
from kfood.serving.load import load_service
from kfood.serving.running import run_app

log = logging.getLogger(__name__)


def serve(
    what: str | None, runs: Path, host: str, port: int, collect: Path | None = None, asked: Asked = Asked()
) -> None:
    """Answer requests until SIGTERM or Ctrl-C; what was begun by then is finished.

    Args:
        what: a run or an exported model, as `load_service` takes it.
        runs: the folder of all runs.
        host, port: where to listen.
        collect: a folder in which photos are kept that people have labelled; none are kept where not given.
        asked: of a calibrated model.

    Raises:
        KfoodError: there is no such model, or the port cannot be had.
    """
    with listen(host, port) as listening:  # before the model is loaded, which takes longer
        service = load_service(what, runs, asked)
        if collect:
            service = service.collecting(Collection(collect, service.predictor.classes))
            log.info("Photos that people label are kept in %s.", collect)
        log.info("%s: %d classes.", service.predictor.name, len(service.predictor.classes))
        run_app(build_app(service), listening)
