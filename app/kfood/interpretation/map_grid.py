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

from kfood.plotting import figure_style, save_figure

FINE = 7  # cells of a side from which on a map is drawn without steps
KEY = "yellow: speaks most for it, green: half as much, no colour: not at all"
_PALER = 0.6  # share of grey in a photo under a map
_STRENGTH = 0.6  # of the map
_STRENGTH_OF_CELLS = 0.4  # which cover all of the photo
_CONTRAST_STRENGTH = 0.7
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
    height = max(1, len(rows))
    with figure_style():
        figure = Figure(figsize=(1.9 * columns, 2.1 * height))
        whole = {"left": 0, "right": 1, "bottom": 0, "top": 1, "hspace": 0.22, "wspace": 0.05}
        grid = figure.subplots(height, columns, squeeze=False, gridspec_kw=whole)
        for axes in grid.flat:
            axes.set_axis_off()
        for row, (name, tiles) in zip(grid, rows, strict=False):
            row[0].text(-0.08, 0.5, name, transform=row[0].transAxes, ha="right", va="center")
            for axes, tile in zip(row, tiles, strict=False):
                if tile:
                    _draw(axes, tile)
        figure.text(0, 1 + 0.45 / figure.get_figheight(), heading, va="bottom", fontsize=10, linespacing=1.5)
        return save_figure(figure, path)


def _draw(axes: Axes, tile: Tile) -> None:
    axes.set_title(tile.caption, color=tile.colour, loc="center", fontsize=8.5, linespacing=1.3)
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
