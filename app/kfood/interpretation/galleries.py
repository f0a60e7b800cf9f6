"""Pictures of photos: those of highest loss, and mistakes beside photos that were recognised."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image, ImageOps

from kfood.evaluation.metrics import headline
from kfood.evaluation.predictions import CLASS_PREFIX, LABEL, LOSS, PATH, PREDICTED, PROBABILITY, is_right
from kfood.plotting import figure_style, save_figure

OpenThumbnail = Callable[[str], Image.Image]
Photo = dict[str, Any]

RIGHT_COLOUR = "#1d6f66"
WRONG_COLOUR = "#b3321b"

_TILE_COLOUR = "#e3e3e3"
_TILE_PIXELS = 240
_COLUMNS = 3
_EXAMPLES = 3


def top_losses(predictions: pd.DataFrame, n: int = 9) -> pd.DataFrame:
    """Return the `n` rows of highest loss, highest first; ties keep their order."""
    return _highest(predictions, LOSS, n)


def draw_top_losses(predictions: pd.DataFrame, path: Path, open_thumbnail: OpenThumbnail, n: int = 9) -> Path:
    """Save the `n` photos of highest loss as a PNG, highest first, and return its path.

    Each is titled: true class ⟶ predicted class, the probability of both (0 to 1), and the loss (nats).
    `open_thumbnail` opens a photo by its path; where it raises OSError, a grey tile takes the photo's place.
    """
    photos = top_losses(predictions, n).to_dict("records")
    rows = max(1, -(-len(photos) // _COLUMNS))
    with figure_style():
        figure = Figure(figsize=(2.3 * _COLUMNS, 2.75 * rows))
        grid: Any = figure.add_gridspec(rows, _COLUMNS, left=0, right=1, bottom=0, top=1, wspace=0.1, hspace=0.3)
        for cell, photo in zip(grid, photos, strict=False):
            axes = figure.add_subplot(cell)
            _draw_photo(axes, photo, open_thumbnail)
            _caption(axes, photo)
        _head(figure, f"Photos of highest loss\n{headline(predictions)}", inches_above=0.75)
        return save_figure(figure, path)


def draw_wrong(
    predictions: pd.DataFrame,
    path: Path,
    open_thumbnail: OpenThumbnail,
    n: int = 8,
    chosen: pd.DataFrame | None = None,
) -> Path:
    """Save the `n` most confident mistakes as a PNG, a row each, and return its path.

    Beside the wrong photo stand the three right photos of highest probability of the class it was taken for,
    then those of its own class. Without a wrong photo the PNG says so. `open_thumbnail` opens a photo by its
    path; where it raises OSError, a grey tile takes the photo's place. `chosen`: only mistakes among these rows.
    """
    right = predictions[is_right(predictions)]
    among = predictions if chosen is None else chosen
    mistakes = _highest(among[~is_right(among)], PROBABILITY, n).to_dict("records")
    # The narrow columns keep the mistake, the class it was taken for and its own class apart.
    widths = [1, 0.2, *[1] * _EXAMPLES, 0.2, *[1] * _EXAMPLES]
    rows = max(1, len(mistakes))
    with figure_style():
        figure = Figure(figsize=(6.8, 1.15 * rows))
        whole = {"left": 0, "right": 1, "bottom": 0, "top": 1, "wspace": 0.06, "hspace": 0.3}
        grid = figure.add_gridspec(rows, len(widths), width_ratios=widths, **whole)
        for row, photo in enumerate(mistakes):
            cells = [grid[row, column] for column, width in enumerate(widths) if width == 1]
            wrong, *examples = (figure.add_subplot(cell) for cell in cells)
            wrong.set_title(f"mistake {row + 1}")
            _draw_photo(wrong, photo, open_thumbnail)
            for group, role in ((examples[:_EXAMPLES], PREDICTED), (examples[_EXAMPLES:], LABEL)):
                _draw_examples(group, right, photo, role, open_thumbnail)
        verdict = "Most confident mistakes, each beside right photos of the two classes" if mistakes else "No mistakes"
        _head(figure, f"{verdict}\n{headline(predictions)}", inches_above=0.45)
        return save_figure(figure, path)


def _highest(predictions: pd.DataFrame, column: str, n: int) -> pd.DataFrame:
    return predictions.sort_values(column, ascending=False, kind="stable").head(n)


def _draw_examples(
    group: list[Axes], right: pd.DataFrame, mistake: Photo, role: str, open_thumbnail: OpenThumbnail
) -> None:
    """Fill a group of axes with right photos of the mistake's class in that role, LABEL or PREDICTED."""
    name = mistake[role]
    photos = _highest(right[right[LABEL] == name], PROBABILITY, len(group)).to_dict("records")
    for axes in group:
        axes.set_axis_off()
    for axes, photo in zip(group, photos, strict=False):
        _draw_photo(axes, photo, open_thumbnail)
    word, colour = ("predicted", WRONG_COLOUR) if role == PREDICTED else ("true", RIGHT_COLOUR)
    none = "" if photos else " (no right photo)"
    group[0].set_title(f"{word} {mistake[CLASS_PREFIX + name]:.2f}: {name}{none}", color=colour)


def _draw_photo(axes: Axes, photo: Photo, open_thumbnail: OpenThumbnail) -> None:
    """Show the whole photo in the middle of a square tile, or the tile alone where the file is gone."""
    size = (_TILE_PIXELS, _TILE_PIXELS)
    try:
        tile = ImageOps.pad(open_thumbnail(photo[PATH]).convert("RGB"), size, color=_TILE_COLOUR)
    except OSError:
        tile = Image.new("RGB", size, _TILE_COLOUR)
        axes.text(0.5, 0.5, "photo\nnot found", transform=axes.transAxes, ha="center", va="center")
    axes.imshow(tile)
    axes.set_axis_off()


def _caption(axes: Axes, photo: Photo) -> None:
    label, predicted = photo[LABEL], photo[PREDICTED]
    # NanumGothic draws the common arrow as a speck; it lacks this long one, which the fallback font draws.
    lines = (
        f"{label} {photo[CLASS_PREFIX + label]:.2f}",
        f"⟶ {predicted} {photo[PROBABILITY]:.2f}",
        f"loss {photo[LOSS]:.2f}",
    )
    colour = RIGHT_COLOUR if label == predicted else WRONG_COLOUR
    axes.set_title("\n".join(lines), color=colour, linespacing=1.35)


def _head(figure: Figure, text: str, inches_above: float) -> None:
    height = 1 + inches_above / figure.get_figheight()
    figure.text(0, height, text, va="bottom", fontsize=10, linespacing=1.5)
