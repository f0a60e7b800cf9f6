"""The folder that a run is exported into: it stands alone, and is there whole or not at all."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from kfood.errors import RunError, require_choice
from kfood.exported import predict
from kfood.exported.predict import Model
from kfood.exporting.graph import export_graph
from kfood.exporting.onnxruntime_web import put_onnxruntime_web
from kfood.exporting.page import ONNXRUNTIME, write_page
from kfood.exporting.proof import prove_equal, say_what_it_costs
from kfood.run.folder import Run
from kfood.system.disk import require_writable
from kfood.system.extras import require_extra
from kfood.system.files import write_text
from kfood.system.os_errors import writing_into
from kfood.system.paths import real_path

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
_PAGE = """
`index.html` asks the model in the browser, and sends the photo nowhere: put the folder on any web server, or try it
with `python -m http.server` at http://localhost:8000. 이 폴더를 웹 서버에 올리면 index.html에서 바로 써 볼 수 있고,
사진은 기기 밖으로 나가지 않습니다.
"""


def export_run(
    run: Run,
    folder: Path | None = None,
    precision: str = FLOAT32,
    page: bool = False,
    onnxruntime_web: Path | None = None,
) -> Path:
    """Write a folder that predicts without kfood and torch, once it is proved to answer as the run does.

    It holds model.onnx, predict.py, requirements.txt and README.md. What the comparison on the run's validation and
    test photos came to is logged. In int8 the answers are others: what that costs is measured and said.

    Args:
        run: finished, with its validation and test photos where they were; for int8 those of the training, too.
        folder: new or empty; `export` (`export-int8`) in the run's own folder where not given.
        precision: "float32" or "int8".
        page: whether a page is put there, too, that predicts in the browser.
        onnxruntime_web: where the page's engine comes from, see `put_onnxruntime_web`.

    Returns:
        The folder.

    Raises:
        KfoodError: the folder holds something, the extra `export` is not installed, the network cannot be written as a
            graph, or the file answers otherwise than the run: nothing is written then.
    """
    require_choice(precision, PRECISIONS, "--precision")
    require_extra("export", "Exporting a model")
    folder = folder or run.folder / ("export" if precision == FLOAT32 else f"export-{precision}")
    _require_empty(folder)
    with _made_whole(folder) as partial:
        if page:
            put_onnxruntime_web(partial / ONNXRUNTIME, onnxruntime_web)  # first, as it may not be there to be had
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
        _write_the_rest(partial, Model(file), page)
        if page:
            write_page(partial)
        log.info("model.onnx has %.1f MB.", file.stat().st_size / 1e6)
    return folder


def _require_empty(folder: Path, but: str = "") -> None:
    if folder.exists() and not folder.is_dir():
        raise RunError(f"{folder} is a file: name a new folder.")
    held = [each.name for each in folder.iterdir() if each.name != but] if folder.is_dir() else []
    if held:
        raise RunError(
            f"{folder} holds something already ({min(held)}): name a new folder, or remove it. Nothing is written over."
        )


@contextmanager
def _made_whole(folder: Path) -> Iterator[Path]:
    """Give a folder to write into, whose files are in `folder` once all are there; else nothing is left.

    An empty folder that is there already stays the same one: it may be the current folder, a link, or another disk.

    Raises:
        RunError: the folder holds something, put there in the meantime.
        MachineError: the system refuses.
    """
    place, there = real_path(folder), folder.is_dir()
    above = place if there else place.parent
    require_writable(above)
    with writing_into(above), TemporaryDirectory(prefix=".export-", dir=above) as beside:
        partial = Path(beside) / place.name
        partial.mkdir()
        yield partial
        _require_empty(folder, but=Path(beside).name)
        if there:
            for file in list(partial.iterdir()):
                file.rename(place / file.name)
        else:
            partial.rename(place)


def _write_the_rest(folder: Path, model: Model, page: bool) -> None:
    shutil.copy(predict.__file__, folder / "predict.py")
    needed = ["# the versions that its answers were compared with", *(f"{name}=={version(name)}" for name in _PACKAGES)]
    text = _README.format(name=model.name, n=len(model.classes), dishes=", ".join(model.classes))
    write_text(folder / "requirements.txt", "\n".join([*needed, ""]))
    write_text(folder / "README.md", text + (_PAGE if page else ""))
