"""Class activation maps of a run's photos, as pictures, and in a number how far they can be believed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from fastai.vision.augment import Resize
from fastai.vision.core import PILImage

from kfood.data.crop_area import parse_area
from kfood.data.loaders import RESIZE_METHODS, Photo, as_items
from kfood.data.photo import open_photo
from kfood.evaluation.metrics import headline
from kfood.evaluation.predictions import CLASS_PREFIX, class_names, groups_of, is_right
from kfood.interpretation.activation import activation_maps
from kfood.interpretation.class_ranks import class_ranks
from kfood.interpretation.faithfulness import FEWEST, Faithfulness, faithfulness
from kfood.interpretation.galleries import RIGHT_COLOUR, WRONG_COLOUR
from kfood.interpretation.map_grid import KEY, Rows, Tile, cells, draw_grid, overlay, overlay_contrast
from kfood.interpretation.section import CAM
from kfood.prediction.run_predictor import RunPredictor
from kfood.prediction.table import predicted_table
from kfood.run.folder import Run
from kfood.training.restore import predictor_of

_TILE_PIXELS = 224
_EXAMPLES = 2  # right ones and wrong ones of each class
_JUDGED = 48  # photos on which the maps are judged
_Pictures = list[np.ndarray | None]


def draw_class_maps(run: Run, predictions: pd.DataFrame, path: Path, method: str = CAM) -> Path:
    """Save maps of the three classes of highest and of lowest recall, right and wrong photos, as a PNG.

    Every map is for the predicted class: what the network took the photo for, and where it saw that. Small photos
    have coarse maps, 2 x 2 at 64 pixels in most bodies: their cells are drawn as cells and counted in the heading.

    Args:
        run: finished; its model is loaded only where there is a photo to show.
        predictions: the rows of one split.
        path: of the PNG, which is returned.
        method: of the maps, see `activation_maps`.
    """
    ranks = class_ranks(predictions)
    examples = {name: _examples(predictions[predictions["label"] == name]) for name in [*ranks.best, *ranks.worst]}
    shown = pd.concat([predictions[:0], *(part for parts in examples.values() for part in parts)])
    found, words = _predicted_tiles(run, shown, method)  # all at once: each call copies the network
    tiles = iter(found)
    rows: Rows = []
    for name, parts in examples.items():
        right, wrong = (_padded(list(islice(tiles, len(part)))) for part in parts)
        rows.append((f"{name}\n{ranks.rank(name)}", [*right, *wrong]))
    heading = "Where the network sees the class that it predicts: most confident right (left) and wrong photos (right)"
    return draw_grid(rows, f"{heading}\n{headline(predictions)}\n{KEY}{words}", path)


def draw_contrast_maps(run: Run, rows: pd.DataFrame, heading: str, path: Path, method: str = CAM) -> Path:
    """Save for each photo: itself, the maps of the predicted and of the other class, and of one against the other.

    The other class is the true one of a wrong photo and the second most probable one of a right photo.

    Args:
        run: finished.
        rows: of its predictions.
        heading: above the picture.
        path: of the PNG.
        method: of the maps, see `activation_maps`.
    """
    classes = class_names(rows)
    others = [_other(row, classes) for row in rows.to_dict("records")]
    first = [classes.index(name) for name in rows["predicted"]]
    second = [classes.index(name) for name in others]
    shown: Rows = []
    plain, _ = _tiles(run, rows, None)
    (of_first, words), (of_second, _) = (_tiles(run, rows, each, None, method) for each in (first, second))
    against, _ = _tiles(run, rows, first, second, method)
    for number, row in enumerate(rows.to_dict("records")):
        label, predicted, other = row["label"], row["predicted"], others[number]
        colour = RIGHT_COLOUR if label == predicted else WRONG_COLOUR
        captions = (
            f"{label}",
            f"⟶ {predicted} {row['probability']:.2f}",
            f"{other} {row[CLASS_PREFIX + other]:.2f}",
            f"red: {predicted}\nblue: {other}",
        )
        images = (plain[number], of_first[number], of_second[number], against[number])
        tiles: list[Tile | None] = [Tile(image, words, colour) for image, words in zip(images, captions, strict=True)]
        shown.append((f"loss {row['loss']:.2f}", tiles))
    return draw_grid(shown, f"{heading}\n{KEY}{words}", path)


def draw_methods(run: Run, rows: pd.DataFrame, methods: Sequence[str], heading: str, path: Path) -> Path:
    """Save for each photo: itself and the maps of the predicted class by several methods, side by side.

    Args:
        run: finished.
        rows: of its predictions.
        methods: of the maps, see `activation_maps`.
        heading: above the picture.
        path: of the PNG.
    """
    classes = class_names(rows)
    targets = [classes.index(name) for name in rows["predicted"]]
    colours = list(is_right(rows).map({True: RIGHT_COLOUR, False: WRONG_COLOUR}))
    names = [f"{label}\n⟶ {predicted}" for label, predicted in zip(rows["label"], rows["predicted"], strict=True)]
    columns = [list(zip(_tiles(run, rows, None)[0], names, strict=True))]
    for method in methods:
        images, words = _tiles(run, rows, targets, None, method)
        caption = f"{method}{words.replace('; ', chr(10))}"
        columns.append([(image, caption) for image in images])
    shown: Rows = []
    for colour, row in zip(colours, zip(*columns, strict=True), strict=True):
        shown.append(("", [Tile(image, caption, colour) for image, caption in row]))
    return draw_grid(shown, f"{heading}\n{KEY}", path)


def draw_photo_maps(run: Run, photo: Path, path: Path, methods: Sequence[str] = (CAM,)) -> pd.DataFrame:
    """Save maps of any photo's three most probable classes, and of the first against the second, as a PNG.

    With several methods each has a row.

    Returns:
        The row of `predicted_table` for it, without `error`.

    Raises:
        KfoodError: the photo cannot be read.
    """
    found = predicted_table(RunPredictor(run), [photo]).drop(columns="error")
    row, classes = found.iloc[0], list(predictor_of(run).dls.vocab)
    names = [row[column] for column in ("predicted", "second", "third") if column in row]
    numbers = [classes.index(name) for name in names]
    item = Photo(str(photo), "", "", classes[0])
    image = _as_shown(run, item)
    rows: Rows = []
    for method in methods:
        maps = activation_maps(predictor_of(run), [item] * len(names), numbers, None, method)
        tiles: list[Tile | None] = [Tile(image, photo.name)]
        for name, heat, column in zip(names, maps, ("predicted", "second", "third"), strict=False):
            tiles.append(Tile(overlay(image, heat), f"{name} {row[f'{column}_probability']:.2f}"))
        against = activation_maps(predictor_of(run), [item], numbers[:1], numbers[1:2], method)[0]
        tiles.append(Tile(overlay_contrast(image, against), f"red: {names[0]}\nblue: {names[1]}"))
        rows.append((f"{method}\n{cells(against)}".strip(), tiles))
    draw_grid(rows, f"Where {run.name} sees what\n{KEY}", path)
    return found


def judge_maps(
    run: Run, predictions: pd.DataFrame, method: str = CAM, level: float = 0.95
) -> tuple[Faithfulness | None, int]:
    """Measure how faithful the maps of up to 48 photos are, one of each plate.

    Args:
        run: finished.
        predictions: the rows of one split.
        method: of the maps, see `activation_maps`.
        level: of the intervals, 0 to 1.

    Returns:
        What was found, None where there are fewer than `FEWEST`, and how many photos there are.
    """
    there = predictions[[Path(path).is_file() for path in predictions["path"]]].sample(frac=1, random_state=0)
    rows = there[~groups_of(there).duplicated()].head(_JUDGED)
    if len(rows) < FEWEST:
        return None, len(rows)
    numbers = [class_names(predictions).index(name) for name in rows["predicted"]]
    return faithfulness(predictor_of(run), _items(run, rows), numbers, method, level), len(rows)


def _examples(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The most confident right and wrong photos of a class."""
    by_confidence = rows.sort_values("probability", ascending=False, kind="stable")
    right = is_right(by_confidence)
    return by_confidence[right].head(_EXAMPLES), by_confidence[~right].head(_EXAMPLES)


def _predicted_tiles(run: Run, rows: pd.DataFrame, method: str) -> tuple[list[Tile | None], str]:
    classes = class_names(rows)
    images, words = _tiles(run, rows, [classes.index(name) for name in rows["predicted"]], None, method)
    colours = is_right(rows).map({True: RIGHT_COLOUR, False: WRONG_COLOUR})
    captions = [f"⟶ {name} {p:.2f}" for name, p in zip(rows["predicted"], rows["probability"], strict=True)]
    return [Tile(*parts) for parts in zip(images, captions, colours, strict=True)], words


def _padded(tiles: list[Tile | None]) -> list[Tile | None]:
    return [*tiles, *[None] * (_EXAMPLES - len(tiles))]


def _other(row: dict[str, Any], classes: list[str]) -> str:
    if row["label"] != row["predicted"]:
        return row["label"]
    rest = [name for name in classes if name != row["predicted"]]
    return max(rest, key=lambda name: row[CLASS_PREFIX + name])


def _tiles(
    run: Run, rows: pd.DataFrame, targets: list[int] | None, against: list[int] | None = None, method: str = CAM
) -> tuple[_Pictures, str]:
    """Return each row's photo, None where it is gone, with targets under its map; and words for coarse maps."""
    there = [number for number, path in enumerate(rows["path"]) if Path(path).is_file()]
    items = _items(run, rows.iloc[there])
    images: _Pictures = [None] * len(rows)
    if not items:
        return images, ""
    maps, words = None, ""
    if targets is not None:
        others = [against[number] for number in there] if against else None
        maps = activation_maps(predictor_of(run), items, [targets[number] for number in there], others, method)
        words = f"; {cells(maps[0])}" if cells(maps[0]) else ""
    for place, number in enumerate(there):
        image = _as_shown(run, items[place])
        if maps is not None:
            image = (overlay_contrast if against else overlay)(image, maps[place])
        images[number] = image
    return images, words


def _items(run: Run, rows: pd.DataFrame) -> list[Photo]:
    return as_items(run.samples.set_index("path").loc[rows["path"]].reset_index())


def _as_shown(run: Run, photo: Photo) -> np.ndarray:
    """Return a photo (height x width x 3, 0..1) resized as the network's input is, but large enough to look at."""
    data = run.recipe.data
    resize = Resize(max(_TILE_PIXELS, data.size), method=RESIZE_METHODS[data.resize])
    image = PILImage(open_photo(photo.path, parse_area(photo.area)))
    return np.asarray(resize(image, split_idx=1), dtype=float) / 255
