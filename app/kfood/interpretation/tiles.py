"""Square tiles of a picture, put where they belong in inches, with room above each for its caption."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

_ROW = 1.42  # height of a row of words, as a multiple of the size of its letters
_BETWEEN = 0.12  # inches between a caption and the tile above it


def add_tile(figure: Figure, left: float, top: float, inches: float) -> Axes:
    """Add square axes, without their frame, at a place in inches from the figure's upper left corner."""
    width, height = figure.get_size_inches()
    axes = figure.add_axes((left / width, 1 - (top + inches) / height, inches / width, inches / height))
    axes.set_axis_off()
    return axes


def caption_room(captions: list[str], size: float) -> float:
    """Return how many inches the highest of these captions takes, of letters of this size in points."""
    return max((caption.count("\n") + 1 for caption in captions), default=0) * _ROW * size / 72 + _BETWEEN


def add_heading(figure: Figure, text: str, room: float) -> None:
    """Write a heading over a figure, above `room` inches for the captions of its first row."""
    height = 1 + (room + 0.1) / figure.get_figheight()
    figure.text(0, height, text, va="bottom", fontsize=10, linespacing=1.5)
