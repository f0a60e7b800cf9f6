"""What the page's script knows of the photos: numbers and names, as compact as they go."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np
import pandas as pd

from kfood.evaluation.predictions import CLASS_PREFIX, LABEL, LOSS, PATH, PREDICTED, PROBABILITY, class_names, of_split
from kfood.reporting.thumbnails import Thumbnails
from kfood.run.folder import Run

_TOP = 3
_DECIMALS = 4


def gallery_photos(runs: list[Run], split: str) -> pd.DataFrame:
    """Return every photo of the split that any of the runs predicted, once.

    Columns: `path`; `area`, as the first run that has the photo cut it; `loss`, the highest of the runs, in nats.
    """
    tables = []
    for run in runs:
        areas = dict(zip(run.samples["path"], run.samples["area"], strict=True))
        photos = of_split(run.predictions, split)[[PATH, LOSS]]
        tables.append(photos.assign(area=[areas.get(path, "") for path in photos[PATH]]))
    together = pd.concat(tables).groupby(PATH, sort=False)
    return together.agg({"area": "first", LOSS: "max"}).reset_index()


def gallery_data(runs: list[Run], split: str, photos: pd.DataFrame) -> dict[str, Any]:
    """Return what JSON can hold of the photos and of what each run says of them.

    Keys: classes (names); folder (what all paths begin with) and paths (the rest of each); runs, each with its name
    and `photos`: for each path [true class, predicted class, probability 0..1, loss in nats, top classes and their
    probabilities in turn], classes by number, or None where the run did not predict it.

    Args:
        photos: what `gallery_photos` returned.
    """
    tables = [of_split(run.predictions, split) for run in runs]
    classes = list(dict.fromkeys(name for table in tables for name in [*class_names(table), *table[LABEL]]))
    folder = _common_folder(photos[PATH].tolist())
    return {
        "classes": classes,
        "folder": folder,
        "paths": [path.removeprefix(folder) for path in photos[PATH]],
        "runs": [
            {"name": run.name, "photos": _answers(table, classes, photos[PATH].tolist())}
            for run, table in zip(runs, tables, strict=True)
        ],
    }


def thumbnail_data(photos: pd.DataFrame, thumbnails: Thumbnails) -> list[str | int]:
    """Return for each photo its thumbnail as base64; 0 where the photo was not found, 1 where it was left out."""
    missing = set(thumbnails.missing)
    return [
        base64.b64encode(thumbnails.images[path]).decode() if path in thumbnails.images else int(path not in missing)
        for path in photos[PATH]
    ]


def _answers(table: pd.DataFrame, classes: list[str], paths: list[str]) -> list[list[Any] | None]:
    numbers = {name: number for number, name in enumerate(classes)}
    own = class_names(table)
    shares = table[[CLASS_PREFIX + name for name in own]].to_numpy(float)
    top = np.argsort(-shares, axis=1, kind="stable")[:, :_TOP]
    answers = {}
    columns = (table[name] for name in (PATH, LABEL, PREDICTED, PROBABILITY, LOSS))
    for row, (path, label, predicted, probability, loss) in enumerate(zip(*columns, strict=True)):
        answers[path] = [numbers[label], numbers[predicted], _rounded(probability), _rounded(loss)]
        for column in top[row]:
            answers[path] += [numbers[own[column]], _rounded(shares[row, column])]
    return [answers.get(path) for path in paths]


def _rounded(value: float) -> float | None:
    """Round, and leave out what JSON cannot say."""
    return round(float(value), _DECIMALS) if math.isfinite(value) else None


def _common_folder(paths: list[str]) -> str:
    """Return what all paths begin with, up to and with its last slash or backslash."""
    first, last = min(paths), max(paths)
    same = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[: max(first.rfind("/", 0, same), first.rfind("\\", 0, same)) + 1]
