"""All pictures and tables of a run, from its one table of predictions."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from PIL import Image

from kfood.data.crop_area import parse_area
from kfood.data.photo import open_photo
from kfood.errors import KfoodError, did_you_mean
from kfood.interpret.confusion import draw_confusion
from kfood.interpret.galleries import draw_top_losses, draw_wrong, top_losses
from kfood.interpret.metrics import confused_pairs, per_class
from kfood.interpret.per_class_plot import draw_per_class
from kfood.interpret.table import of_split
from kfood.run import Run

log = logging.getLogger(__name__)
FIGURES = ("top-losses", "confusion", "per-class", "cam", "wrong")
_THUMBNAIL_PIXELS = 320
_MOST_PAIRS = 10


@dataclass
class Interpretation:
    """Tables by title, and the figures' files."""

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    figures: list[Path] = field(default_factory=list)


def interpret_run(run: Run, chosen: list[str], split: str = "test", n: int = 9) -> Interpretation:
    """Make figures and tables of a finished run in its folder figures/.

    Args:
        run: a finished run. No photo is predicted again; only "cam" loads the model.
        chosen: names out of `FIGURES`.
        split: "test" or "valid".
        n: photos in a gallery.

    Raises:
        KfoodError: the run has no photos in that split.
    """
    predictions = of_split(run.predictions, split)
    if predictions.empty:
        splits = sorted(set(run.predictions["split"]))
        raise KfoodError(f'{run.folder} has no predictions for "{split}".{did_you_mean(split, splits)}')
    run.figures.mkdir(exist_ok=True)
    thumbnails = _Thumbnails(run)
    result = Interpretation()
    for name in chosen:
        log.info("Drawing %s.", name)
        path = run.figures / f"{split}-{name}.png"
        if name == "top-losses":
            result.tables["Highest losses"] = _brief(top_losses(predictions, n))
            draw_top_losses(predictions, path, thumbnails, n)
        elif name == "confusion":
            pairs = confused_pairs(predictions).head(_MOST_PAIRS)
            result.tables["Most confused pairs (95 % interval of the rate)"] = pairs
            draw_confusion(predictions, path)
        elif name == "per-class":
            result.tables["By class (95 % interval of recall)"] = per_class(predictions).reset_index(names="class")
            draw_per_class(predictions, path)
        elif name == "cam":
            from kfood.interpret.cam import draw_cam

            draw_cam(run, predictions, path)
        elif name == "wrong":
            draw_wrong(predictions, path, thumbnails, n)
        result.figures.append(path)
    return result


class _Thumbnails:
    """Opens a run's photos small, cut as they were for training."""

    def __init__(self, run: Run) -> None:
        self.areas = dict(zip(run.samples["path"], run.samples["area"], strict=True))

    def __call__(self, path: str) -> Image.Image:
        photo = open_photo(path, parse_area(self.areas.get(path, "")))
        photo.thumbnail((_THUMBNAIL_PIXELS, _THUMBNAIL_PIXELS))
        return photo


def _brief(rows: pd.DataFrame) -> pd.DataFrame:
    photos = [f"{path.parent.name}/{path.name}" for path in map(Path, rows["path"])]
    return rows[["loss", "label", "predicted", "probability"]].assign(photo=photos)
