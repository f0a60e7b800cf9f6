"""A predictor for what a person names: a run, or an exported model."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from kfood.errors import KfoodError
from kfood.exported.predict import Model
from kfood.prediction.kept_graph import kept_graph
from kfood.prediction.predictor import Predictor
from kfood.run.find import EXPORTED, find_run, is_exported
from kfood.run.folder import Run
from kfood.system.extras import require_extra
from kfood.system.files import content_digest
from kfood.system.gpu import may_have_gpu
from kfood.system.os_errors import cannot_use

FEW_PHOTOS = 256  # with more it matters less how soon the first answer comes than how fast the network computes


@dataclass(frozen=True)
class Asked:
    """What is asked of a calibrated run's answers, each between 0 and 1; what it was calibrated for where not given.

    Args:
        coverage: how often a set is to contain the dish.
        refuse: the share of photos of its dishes that may be taken for none of them.
    """

    coverage: float | None = None
    refuse: float | None = None

    def noted(self) -> dict[str, float]:
        """Return what was given, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def load_predictor(what: Run | Path, photos: int | None = None, asked: Asked = Asked()) -> Predictor:
    """Return what predicts photos.

    A run predicts by its kept graph where there is one or it can be made (`kept_graph`): that starts sooner, and on a
    CPU it is faster in float32. More than a few photos are for its network with torch where there is a GPU, or where
    the run predicts in another number format than the graph.

    A calibrated run answers as it was calibrated (`CalibratedPredictor`), by its network with torch, whose features say
    what is none of its dishes.

    Args:
        what: a finished run; or a model.onnx, or the folder that holds it.
        photos: how many are to be predicted; None where that is not known.
        asked: of a calibrated run.

    Raises:
        KfoodError: the files of the run are damaged; the file is no model of kfood's, or was changed; something is
            asked of what is not calibrated, or cannot be had.
        MachineError: onnxruntime is needed and not installed.
    """
    if not isinstance(what, Run):
        return answering(exported_model(what), what, asked)
    if not what.calibration_file.exists():
        _require_calibrated(what, asked)
        return _of_run(what, photos)
    from kfood.calibration.stored import read_calibration
    from kfood.prediction.calibrated import CalibratedPredictor

    found = read_calibration(what)
    assert found is not None  # as its file is there
    _require_refusing(what, found.why_none, asked)
    from kfood.prediction.run_predictor import RunPredictor

    return CalibratedPredictor(RunPredictor(what), found, asked.coverage, asked.refuse)


def _of_run(what: Run, photos: int | None) -> Predictor:
    few = photos is not None and photos <= FEW_PHOTOS
    if (few or (_in_float32(what) and not may_have_gpu())) and (found := kept_graph(what)):
        return found
    from kfood.prediction.run_predictor import RunPredictor  # seconds, of torch and timm

    return RunPredictor(what)


def answering(model: Model, path: Path, asked: Asked) -> Predictor:
    """Return what an exported model predicts with: itself, or where it is calibrated what answers by that.

    Args:
        model: as `exported_model` returned it.
        path: where it lies.
        asked: of a calibrated one.

    Raises:
        KfoodError: something is asked of what is not calibrated, or cannot be had.
    """
    if "calibration" not in model.metadata:
        _require_calibrated(path, asked)
        return model
    from kfood.calibration.exported import calibration_of_text
    from kfood.prediction.calibrated import CalibratedPredictor
    from kfood.prediction.untempered import Untempered

    found = calibration_of_text(model.metadata["calibration"], model.metadata["weights"], model.classes)
    _require_refusing(path, found.why_none, asked)
    return CalibratedPredictor(Untempered(model, found.temperature.value), found, asked.coverage, asked.refuse)


def named_model(name: str | None, runs: Path) -> Run | Path:
    """Return the exported model or the finished run of a name; the latest run where there is none.

    Raises:
        RunError: there is no such run.
    """
    return Path(name) if name and is_exported(Path(name)) else find_run(name, runs)


def _require_calibrated(what: Run | Path, asked: Asked) -> None:
    if asked.noted():
        name = what.folder if isinstance(what, Run) else what
        how = f"kfood calibrate {name} first" if isinstance(what, Run) else "calibrate the run, and export it again"
        raise KfoodError(f"{name} is not calibrated, so that --{next(iter(asked.noted()))} means nothing: {how}.")


def _require_refusing(what: Run | Path, why_none: str, asked: Asked) -> None:
    if asked.refuse is not None and why_none:
        name = what.folder if isinstance(what, Run) else what
        raise KfoodError(f'{name} cannot answer "none of these", so that --refuse means nothing: {why_none}')


def identity(what: Run | Path) -> str:
    """Return what tells a run or an exported model from all others: the digest of the files that decide."""
    files = [what.weights_file, what.model_file, what.recipe_file] if isinstance(what, Run) else [_file_of(what)]
    if isinstance(what, Run) and what.calibration_file.exists():
        files.append(what.calibration_file)
    return content_digest("".join(content_digest(file.read_bytes()) for file in files).encode())


def _in_float32(run: Run) -> bool:
    return run.precision.endswith("float32")


def exported_model(path: Path) -> Model:
    """Return an exported model, as it is.

    Raises:
        KfoodError: the file is no model of kfood's, was changed, or cannot be loaded.
        MachineError: onnxruntime is needed and not installed.
    """
    require_extra("export", f"Predicting with {path}", "onnxruntime")
    file = _file_of(path)
    try:
        return Model(file)
    except OSError as error:
        raise cannot_use(file, error) from None
    except ValueError as error:
        raise KfoodError(str(error)) from None
    except Exception as error:  # onnxruntime's own: it may be older than the file
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise KfoodError(f"{file} cannot be loaded ({why}): use the onnxruntime that is named beside it.") from None


def _file_of(path: Path) -> Path:
    return path / EXPORTED if path.is_dir() else path
