"""Photos with activation maps laid over them, in rows, as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kfood.interpretation.tiles import add_heading, add_tile, caption_room
from kfood.plotting.captions import fitted
from kfood.plotting.figures import figure_style, save_figure

FINE = 7  # cells of a side from which on a map is drawn without steps
KEY = "yellow: speaks most for it, green: half as much, no colour: not at all"
_PALER = 0.6  # share of grey in a photo under a map
_STRENGTH = 0.6  # of the map
_STRENGTH_OF_CELLS = 0.4  # which cover all of the photo
_CONTRAST_STRENGTH = 0.7
_TILE, _GAP, _SIDE = 1.8, 0.1, 2.0  # inches: tiles, between them, and the names beside them
_LETTERS, _NAMES = 8.5, 9  # points
_BRIGHTNESS = (0.299, 0.587, 0.114)  # of red, green and blue


class Tile(NamedTuple):
    """A photo to be drawn (height x width x 3, 0..1; None where it is gone) with a caption in its colour."""

    photo: np.ndarray | None
    caption: str
    colour: str = "#222222"


Rows = list[tuple[str, list[Tile | None]]]  # a name at the side and tiles; None leaves a place empty


def overlay(photo: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Lay a map over a photo, in viridis, whose steps look as large as they are and whose colours no food has.

    Where the map is 0 the photo stays, paler; where it is 1 two fifths of the photo or more are still seen.

    Args:
        photo: height x width x 3, 0..1.
        heat: any height x any width, 0..1. With fewer than 7 x 7 cells these are drawn as cells: smoothed, they would
            look as if the map knew more.

    Returns:
        An array like the photo.
    """
    shown = _enlarged(heat, photo)
    pale = _mixed(photo, _grey(photo), np.full(shown.shape, _PALER))  # or green food would hide what is green
    strength = _STRENGTH_OF_CELLS if cells(heat) else _STRENGTH
    return _mixed(pale, colormaps["viridis"](shown)[..., :3], strength * shown)


def overlay_contrast(photo: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Lay a map from -1 (blue: speaks for the other class) to 1 (red: for the first one) over a grey photo.

    In coolwarm (Moreland 2009), whose two sides look equally strong. Cells are drawn as in `overlay`.
    """
    shown = _enlarged(heat, photo)
    return _mixed(
        _grey(photo), colormaps["coolwarm"]((shown + 1) / 2)[..., :3], _CONTRAST_STRENGTH * np.abs(shown) ** 0.5
    )


def cells(heat: np.ndarray) -> str:
    """Return the words for a map of so few cells that they are drawn as cells; '' for a finer one."""
    return f"{heat.shape[0]} x {heat.shape[1]} cells" if min(heat.shape) < FINE else ""


def draw_grid(rows: Rows, heading: str, path: Path) -> Path:
    """Save rows of tiles as a PNG and return its path."""
    columns = max((len(tiles) for _, tiles in rows), default=1)
    with figure_style():
        fitting = [(fitted(name, _SIDE, _NAMES, lines=2), [_fitted(tile) for tile in tiles]) for name, tiles in rows]
        rooms = [caption_room([tile.caption for tile in tiles if tile], _LETTERS) for _, tiles in fitting]
        width, height = columns * (_TILE + _GAP) - _GAP, max(1, len(rows)) * _TILE + sum(rooms[1:])
        figure = Figure(figsize=(width, height))
        for row, (name, tiles) in enumerate(fitting):
            top = row * _TILE + sum(rooms[1 : row + 1])
            middle = 1 - (top + _TILE / 2) / height
            figure.text(-0.12 / width, middle, name, fontsize=_NAMES, ha="right", va="center", linespacing=1.3)
            for column, tile in enumerate(tiles):
                if tile:
                    _draw(add_tile(figure, column * (_TILE + _GAP), top, _TILE), tile)
        add_heading(figure, heading, rooms[0] if rooms else 0)
        return save_figure(figure, path)


def _fitted(tile: Tile | None) -> Tile | None:
    return tile and tile._replace(caption=fitted(tile.caption, _TILE + _GAP - 0.04, _LETTERS, lines=2))


def _draw(axes: Axes, tile: Tile) -> None:
    axes.set_title(tile.caption, color=tile.colour, loc="center", fontsize=_LETTERS, linespacing=1.3)
    if tile.photo is None:
        axes.text(0.5, 0.5, "photo\nnot found", ha="center", va="center")
    else:
        axes.imshow(tile.photo)


def _enlarged(heat: np.ndarray, photo: np.ndarray) -> np.ndarray:
    """Bring a map to the photo's size: without steps, or with them where it is coarse."""
    mode = "nearest" if cells(heat) else "bilinear"
    return F.interpolate(torch.tensor(heat)[None, None].float(), photo.shape[:2], mode=mode)[0, 0].numpy()


def _grey(photo: np.ndarray) -> np.ndarray:
    return np.repeat((photo @ np.array(_BRIGHTNESS))[..., None], 3, axis=2)


def _mixed(photo: np.ndarray, colours: np.ndarray, strength: np.ndarray) -> np.ndarray:
    strength = strength[..., None]
    return photo * (1 - strength) + colours * strength
