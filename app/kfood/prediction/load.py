"""A predictor for what a person names: a run, or an exported model."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from kfood.errors import KfoodError, MachineError
from kfood.exported.predict import Model
from kfood.prediction.kept_graph import kept_graph
from kfood.prediction.predictor import Predictor
from kfood.run.find import EXPORTED, find_run, is_exported
from kfood.run.folder import Run
from kfood.system.files import content_digest
from kfood.system.gpu import may_have_gpu

FEW_PHOTOS = 256  # with more it matters less how soon the first answer comes than how fast the network computes


def load_predictor(what: Run | Path, photos: int | None = None) -> Predictor:
    """Return what predicts photos.

    A run predicts by its kept graph where there is one or it can be made (`kept_graph`): that starts sooner, and on a
    CPU it is faster in float32. More than a few photos are for its network with torch where there is a GPU, or where
    the run predicts in another number format than the graph.

    Args:
        what: a finished run; or a model.onnx, or the folder that holds it.
        photos: how many are to be predicted; None where that is not known.

    Raises:
        KfoodError: the files of the run are damaged; or the file is no model of kfood's, or was changed.
        MachineError: onnxruntime is needed and not installed.
    """
    if not isinstance(what, Run):
        return _exported(what)
    few = photos is not None and photos <= FEW_PHOTOS
    if (few or (_in_float32(what) and not may_have_gpu())) and (found := kept_graph(what)):
        return found
    from kfood.prediction.run_predictor import RunPredictor  # seconds, of torch and timm

    return RunPredictor(what)


def named_model(name: str | None, runs: Path) -> Run | Path:
    """Return the exported model or the finished run of a name; the latest run where there is none.

    Raises:
        RunError: there is no such run.
    """
    return Path(name) if name and is_exported(Path(name)) else find_run(name, runs)


def identity(what: Run | Path) -> str:
    """Return what tells a run or an exported model from all others: the digest of the files that decide."""
    files = (what.weights_file, what.model_file, what.recipe_file) if isinstance(what, Run) else (_file_of(what),)
    return content_digest("".join(content_digest(file.read_bytes()) for file in files).encode())


def _in_float32(run: Run) -> bool:
    return run.precision.endswith("float32")


def _exported(path: Path) -> Predictor:
    if not find_spec("onnxruntime"):
        raise MachineError(f'To predict with {path}, kfood needs onnxruntime: pip install "kfood[export]".')
    try:
        return Model(_file_of(path))
    except (OSError, ValueError) as error:
        raise KfoodError(str(error)) from None


def _file_of(path: Path) -> Path:
    return path / EXPORTED if path.is_dir() else path
