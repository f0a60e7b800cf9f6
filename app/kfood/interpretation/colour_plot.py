"""What classes lose without their colours, as a picture."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from kfood.interpretation.per_class_plot import name_rows
from kfood.plotting.figures import figure_style, save_figure

_MARKS = {
    "recall": ("o", "#222222", "as it is"),
    "recall_grey": ("s", "#8a8a8a", "without colour"),
    "recall_other_hue": ("D", "#b3457d", "in opposite colours"),
}
_ROW_INCHES = 0.24
_LEVEL = 0.05


def draw_recall_by_change(table: pd.DataFrame, heading: str, path: Path) -> Path:
    """Save recall by class with, without and in other colours as a PNG; return its path.

    Args:
        table: of `recall_by_change`.
        heading: above the picture.
        path: of the PNG.
    """
    places = range(len(table))
    with figure_style():
        figure = Figure(figsize=(6.5, _ROW_INCHES * len(table) + 0.2))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.hlines(places, table["recall_grey"], table["recall"], color="#d5d5d5", linewidth=4)
        for column, (marker, colour, words) in _MARKS.items():
            axes.plot(table[column], places, marker, color=colour, markersize=5, label=words, clip_on=False)
        depends = [f"{name} *" if p < _LEVEL else name for name, p in zip(table["class"], table["p"], strict=True)]
        name_rows(axes, depends, "recall (*: loses more without colour than chance explains, p < 0.05 after Holm)")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False, borderaxespad=0.2)
        axes.set_title(heading, fontsize=10, pad=28, linespacing=1.5)
        return save_figure(figure, path)
