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

_PALER = 0.6  # share of grey in a photo under a map
_STRENGTH = 0.5  # of the map
_CONTRAST_STRENGTH = 0.7


class Tile(NamedTuple):
    """A photo to be drawn (height x width x 3, 0..1; None where it is gone) with a caption in its colour."""

    photo: np.ndarray | None
    caption: str
    colour: str = "#222222"


Rows = list[tuple[str, list[Tile | None]]]  # a name at the side and tiles; None leaves a place empty


def overlay(photo: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Lay a map (any size, 0..1) over a photo (height x width x 3, 0..1); return an array like the photo."""
    smooth = _enlarged(heat, photo)
    pale = _mixed(photo, _grey(photo), np.full(smooth.shape, _PALER))  # or red food would hide what is red
    return _mixed(pale, colormaps["turbo"](smooth)[..., :3], _STRENGTH * smooth)


def overlay_contrast(photo: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Lay a map from -1 (blue: speaks for the other class) to 1 (red: for the first one) over a grey photo."""
    smooth = _enlarged(heat, photo)
    return _mixed(
        _grey(photo), colormaps["coolwarm"]((smooth + 1) / 2)[..., :3], _CONTRAST_STRENGTH * np.abs(smooth) ** 0.5
    )


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
    """Bring a map to the photo's size, without steps."""
    return F.interpolate(torch.tensor(heat)[None, None].float(), photo.shape[:2], mode="bilinear")[0, 0].numpy()


def _grey(photo: np.ndarray) -> np.ndarray:
    return np.repeat(photo.mean(axis=2, keepdims=True), 3, axis=2)


def _mixed(photo: np.ndarray, colours: np.ndarray, strength: np.ndarray) -> np.ndarray:
    strength = strength[..., None]
    return photo * (1 - strength) + colours * strength
