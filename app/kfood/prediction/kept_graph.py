"""A run's network as a graph, kept so that a few photos are answered without importing torch, which takes seconds."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kfood.errors import KfoodError
from kfood.exported.predict import Model
from kfood.run.folder import Run
from kfood.system.cache import Cache
from kfood.system.disk import require_writable
from kfood.system.extras import has_extra
from kfood.system.files import content_digest, write_text

if TYPE_CHECKING:
    from kfood.prediction.run_predictor import RunPredictor

log = logging.getLogger(__name__)
_CACHE = Cache("graphs", version=1, most_bytes=2 * 10**9)
_COMPARED = 8  # photos of the run, and as many of noise
_TOLERANCE = 1e-3  # of a probability


def kept_graph(run: Run) -> Model | None:
    """Return a run's network as a graph that computes on the CPU, in float32; None where there is none to be had.

    It is made once, if the extra `export` is installed, and kept if it answers as the network does. In a process that
    has imported torch already none is made, as nothing would be gained.

    Args:
        run: finished.

    Raises:
        KfoodError: the run's files are damaged.
    """
    if not has_extra("export", "onnxruntime"):
        return None
    run.verify(run.weights_file, run.model_file, run.recipe_file)
    file = _CACHE.folder / f"{_key(run)}.onnx"
    if (found := _CACHE.read(file, Model)) or "torch" in sys.modules or _unfit(file).exists():
        return found
    return _made(run, file)


def _key(run: Run) -> str:
    files = (run.weights_file, run.model_file, run.recipe_file)
    return _CACHE.key([version("kfood"), run.name, *(content_digest(file.read_bytes()) for file in files)])


def _unfit(file: Path) -> Path:
    """Return where it is noted why a graph is not kept, so that it is not made again."""
    return file.with_suffix(".unfit")


def _made(run: Run, file: Path) -> Model | None:
    if not has_extra("export"):
        return None
    partial = file.with_suffix(f".{os.getpid()}.partial")
    try:
        partial.parent.mkdir(parents=True, exist_ok=True)
        require_writable(partial.parent)
    except (KfoodError, OSError) as error:  # it would have to be made each time
        log.debug("No graph can be kept: %s", error)
        return None
    log.info("%s is made ready to answer without torch; that is done once, and takes some ten seconds.", run.name)
    from kfood.exporting.graph import export_graph

    try:
        export_graph(run, partial)
        if why := _difference(run, Model(partial)):
            raise KfoodError(why)
        _CACHE.keep(file, lambda whole: os.replace(partial, whole), "The graph")
    except KfoodError as error:
        reason = str(error)
        log.warning("It is predicted with torch instead: %s", reason)
        _CACHE.keep(_unfit(file), lambda note: write_text(note, f"{reason}\n"), "That")
    finally:
        partial.unlink(missing_ok=True)
    return _CACHE.read(file, Model)


def _difference(run: Run, model: Model) -> str:
    """Return in which way a graph answers otherwise than the network; '' where it does not."""
    import torch

    from kfood.model.build import Precision
    from kfood.prediction.run_predictor import RunPredictor

    network = RunPredictor(run, Precision(torch.float32, torch.float32))
    photos = np.stack(list(_photos(run, network)))
    largest = float(np.abs(network.probabilities(photos) - model.probabilities(photos)).max())
    return f"probabilities of the graph differ by up to {largest:.4f}" if largest > _TOLERANCE else ""


def _photos(run: Run, network: RunPredictor) -> Iterator[np.ndarray]:
    """Give photos that the run has judged, as far as they are there, and some of noise."""
    judged = list(run.predictions["path"]) if run.predictions_file.is_file() else []
    for path in islice(filter(os.path.isfile, judged), _COMPARED):
        yield network.prepare(path)
    rng = np.random.default_rng(0)
    side = network.side
    for _ in range(_COMPARED):
        coarse = rng.integers(0, 256, (8, 8, 3), np.uint8)
        yield coarse.repeat(-(-side // 8), axis=0).repeat(-(-side // 8), axis=1)[:side, :side]
