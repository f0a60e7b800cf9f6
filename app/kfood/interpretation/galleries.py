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
from kfood.interpretation.tiles import add_heading, add_tile, caption_room
from kfood.plotting.captions import fitted
from kfood.plotting.figures import figure_style, save_figure

OpenThumbnail = Callable[[str], Image.Image]
Photo = dict[str, Any]

RIGHT_COLOUR = "#1d6f66"
WRONG_COLOUR = "#b3321b"

_TILE_COLOUR = "#e3e3e3"
_TILE_PIXELS = 240
_COLUMNS = 3
_EXAMPLES = 3
_LETTERS = 9  # points
_TILE, _GAP = 2.15, 0.22  # inches, of the photos of highest loss
_SMALL, _NARROW, _WIDE = 0.88, 0.06, 0.3  # inches, of the mistakes beside their examples
_GROUP = _EXAMPLES * (_SMALL + _NARROW) - _NARROW
_ROLES = {PREDICTED: ("predicted", WRONG_COLOUR), LABEL: ("true", RIGHT_COLOUR)}


def top_losses(predictions: pd.DataFrame, n: int = 9) -> pd.DataFrame:
    """Return the `n` rows of highest loss, highest first; ties keep their order."""
    return _highest(predictions, LOSS, n)


def draw_top_losses(predictions: pd.DataFrame, path: Path, open_thumbnail: OpenThumbnail, n: int = 9) -> Path:
    """Save the `n` photos of highest loss as a PNG, highest first, and return its path.

    Each is titled: true class ⟶ predicted class, the probability of both (0 to 1), and the loss (nats).
    `open_thumbnail` opens a photo by its path; where it raises OSError, a grey tile takes the photo's place.
    """
    photos = top_losses(predictions, n).to_dict("records")
    with figure_style():
        captions = [fitted(_caption(photo), _TILE + _GAP - 0.1, _LETTERS, lines=2) for photo in photos]
        rooms = [caption_room(captions[at : at + _COLUMNS], _LETTERS) for at in range(0, len(photos), _COLUMNS)]
        width, height = _COLUMNS * (_TILE + _GAP) - _GAP, len(rooms) * _TILE + sum(rooms[1:])
        figure = Figure(figsize=(width, height or _TILE))
        for number, (photo, caption) in enumerate(zip(photos, captions, strict=True)):
            row, column = divmod(number, _COLUMNS)
            axes = add_tile(figure, column * (_TILE + _GAP), row * _TILE + sum(rooms[1 : row + 1]), _TILE)
            _draw_photo(axes, photo, open_thumbnail)
            colour = RIGHT_COLOUR if photo[LABEL] == photo[PREDICTED] else WRONG_COLOUR
            axes.set_title(caption, color=colour, linespacing=1.35)
        add_heading(figure, f"Photos of highest loss\n{headline(predictions)}", rooms[0] if rooms else 0)
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
    with figure_style():
        titles = [[_role_title(right, photo, role) for role in _ROLES] for photo in mistakes]
        room = caption_room([title for both in titles for title in both], _LETTERS)
        figure = Figure(figsize=(_SMALL + 2 * (_GROUP + _WIDE), max(1, len(mistakes)) * (_SMALL + room) - room))
        for row, (photo, both) in enumerate(zip(mistakes, titles, strict=True)):
            top = row * (_SMALL + room)
            wrong = add_tile(figure, 0, top, _SMALL)
            wrong.set_title(f"mistake {row + 1}")
            _draw_photo(wrong, photo, open_thumbnail)
            for number, (role, title) in enumerate(zip(_ROLES, both, strict=True)):
                left = _SMALL + _WIDE + number * (_GROUP + _WIDE)
                places = [left + example * (_SMALL + _NARROW) for example in range(_EXAMPLES)]
                group = [add_tile(figure, place, top, _SMALL) for place in places]
                group[0].set_title(title, color=_ROLES[role][1], linespacing=1.35)
                for axes, example in zip(group, _right_examples(right, photo[role]), strict=False):
                    _draw_photo(axes, example, open_thumbnail)
        verdict = "Most confident mistakes, each beside right photos of the two classes" if mistakes else "No mistakes"
        add_heading(figure, f"{verdict}\n{headline(predictions)}", room)
        return save_figure(figure, path)


def _highest(predictions: pd.DataFrame, column: str, n: int) -> pd.DataFrame:
    return predictions.sort_values(column, ascending=False, kind="stable").head(n)


def _right_examples(right: pd.DataFrame, name: str) -> list[Photo]:
    return _highest(right[right[LABEL] == name], PROBABILITY, _EXAMPLES).to_dict("records")


def _role_title(right: pd.DataFrame, mistake: Photo, role: str) -> str:
    """Return what stands over right photos of the mistake's class in that role, LABEL or PREDICTED."""
    name = mistake[role]
    none = "" if (right[LABEL] == name).any() else " (no right photo)"
    return fitted(f"{_ROLES[role][0]} {mistake[CLASS_PREFIX + name]:.2f}: {name}{none}", _GROUP, _LETTERS, lines=2)


def _draw_photo(axes: Axes, photo: Photo, open_thumbnail: OpenThumbnail) -> None:
    """Show the whole photo in the middle of a square tile, or the tile alone where the file is gone."""
    size = (_TILE_PIXELS, _TILE_PIXELS)
    try:
        tile = ImageOps.pad(open_thumbnail(photo[PATH]).convert("RGB"), size, color=_TILE_COLOUR)
    except OSError:
        tile = Image.new("RGB", size, _TILE_COLOUR)
        axes.text(0.5, 0.5, "photo\nnot found", transform=axes.transAxes, ha="center", va="center")
    axes.imshow(tile)


def _caption(photo: Photo) -> str:
    label, predicted = photo[LABEL], photo[PREDICTED]
    # NanumGothic draws the common arrow as a speck; it lacks this long one, which the fallback font draws.
    lines = (
        f"{label} {photo[CLASS_PREFIX + label]:.2f}",
        f"⟶ {predicted} {photo[PROBABILITY]:.2f}",
        f"loss {photo[LOSS]:.2f}",
    )
    return "\n".join(lines)
