"""The folder that a run is exported into: it stands alone, and is there whole or not at all."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from kfood.errors import RunError, require_choice
from kfood.exported import predict
from kfood.exported.predict import Model
from kfood.exporting.graph import export_graph
from kfood.exporting.needs import require_export
from kfood.exporting.proof import prove_equal, say_what_it_costs
from kfood.run.folder import Run
from kfood.system.disk import require_writable
from kfood.system.files import write_text
from kfood.system.os_errors import writing_into

log = logging.getLogger(__name__)
FLOAT32, INT8 = PRECISIONS = ("float32", "int8")
_PACKAGES = ("onnxruntime", "pillow", "numpy")
_README = """# {name}

Which of {n} dishes is on a photo: {dishes}.

    pip install -r requirements.txt
    python predict.py PHOTO ...

It prints each photo's path, then the three likeliest dishes and their probabilities.
`model.onnx` takes RGB photos (uint8) and gives probabilities; its metadata say how photos are resized.

사진 속 음식이 {n}가지 가운데 무엇인지 알려 줍니다. 위의 두 명령으로 설치하고 실행하세요.
사진마다 경로와, 가장 그럴듯한 음식 세 가지와 그 확률을 출력합니다.
"""


def export_run(run: Run, folder: Path | None = None, precision: str = FLOAT32) -> Path:
    """Write a folder that predicts without kfood and torch, once it is proved to answer as the run does.

    It holds model.onnx, predict.py, requirements.txt and README.md. What the comparison on the run's validation and
    test photos came to is logged. In int8 the answers are others: what that costs is measured and said.

    Args:
        run: finished, with its validation and test photos where they were; for int8 those of the training, too.
        folder: new or empty; `export` (`export-int8`) in the run's own folder where not given.
        precision: "float32" or "int8".

    Returns:
        The folder.

    Raises:
        KfoodError: the folder holds something, the extra `export` is not installed, the network cannot be written as a
            graph, or the file answers otherwise than the run: nothing is written then.
    """
    require_choice(precision, PRECISIONS, "--precision")
    require_export()
    folder = folder or run.folder / ("export" if precision == FLOAT32 else f"export-{precision}")
    _require_empty(folder)
    require_writable(folder.parent)
    with _made_whole(folder) as partial:
        file = partial / "model.onnx"
        log.info("Writing the graph of %s.", run.name)
        export_graph(run, file)
        exact, said = prove_equal(run, Model(file))
        if precision == INT8:
            from kfood.exporting.quantized import quantize

            quantize(file, file, run.samples[run.samples["split"] == "train"])
            say_what_it_costs(run, exact, Model(file))
            said = [f"Before, in float32. {line}" for line in said]
        for line in said:
            log.info("%s", line)
        _write_the_rest(partial, Model(file))
        log.info("model.onnx has %.1f MB.", file.stat().st_size / 1e6)
    return folder


def _require_empty(folder: Path) -> None:
    if folder.is_file():
        raise RunError(f"{folder} is a file: name a new folder.")
    if folder.is_dir() and any(folder.iterdir()):
        raise RunError(f"{folder} holds something already: name a new folder, or remove it. Nothing is written over.")


@contextmanager
def _made_whole(folder: Path) -> Iterator[Path]:
    """Give a folder to write into, which gets its name when all is there."""
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    try:
        with writing_into(partial):
            yield partial
            if folder.is_dir():
                folder.rmdir()  # it is empty, or this fails
            partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write_the_rest(folder: Path, model: Model) -> None:
    shutil.copy(predict.__file__, folder / "predict.py")
    needed = ["# the versions that its answers were compared with", *(f"{name}=={version(name)}" for name in _PACKAGES)]
    text = _README.format(name=model.name, n=len(model.classes), dishes=", ".join(model.classes))
    write_text(folder / "requirements.txt", "\n".join([*needed, ""]))
    write_text(folder / "README.md", text)
