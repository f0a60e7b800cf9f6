"""The recall of every class as bars, best first."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib import rcParams
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from kfood.evaluation.metrics import headline
from kfood.evaluation.predictions import is_right
from kfood.interpretation.class_ranks import ClassRanks, class_ranks, sorted_by_recall
from kfood.plotting.captions import fitted
from kfood.plotting.figures import figure_style, save_figure

_BEST_COLOUR = "#2a9d8f"
_WORST_COLOUR = "#e76f51"
_OTHER_COLOUR = "#b8c4d0"
_BAR_INCHES = 0.24
_SIDE, _LEGEND = 3.0, 6.0  # inches, for a name and for a line of the legend


def draw_per_class(predictions: pd.DataFrame, path: Path) -> Path:
    """Save the recall of every class (0 to 1, with 95 % intervals and the number of photos) as a PNG.

    The overall accuracy is a line, a diamond the recall less what chance adds to extremes (`class_ranks`). The three
    best and three worst classes have colours of their own, where classes can be told apart at all. Returns `path`.
    """
    ranks = class_ranks(predictions)
    best, worst = (ranks.best, ranks.worst) if ranks.differ else ([], [])
    between = sorted_by_recall(ranks.table.drop([*best, *worst]))
    # Classes without photos come last, and the worst stand before them.
    there = between["recall"].notna()
    order = [*best, *between.index[there], *reversed(worst), *between.index[~there]]
    height = _BAR_INCHES * len(order) + 0.2
    with figure_style():
        figure = Figure(figsize=(6.5, height))
        axes = figure.add_axes((0, 0, 1, 1))
        _draw_bars(axes, ranks.table.loc[order], best, worst)
        if len(predictions):
            axes.axvline(is_right(predictions).mean(), color="#444444", linestyle="--", linewidth=1)
        _draw_legend(figure, ranks, height)
        axes.set_title(f"Recall of each class\n{headline(predictions)}", fontsize=10, pad=12, linespacing=1.5)
        return save_figure(figure, path)


def name_rows(axes: Axes, names: list[str], label: str) -> None:
    """Set up axes with a row for each name, the first on top, and shares of 0 to 1 along them, called `label`."""
    axes.set_yticks(range(len(names)), [fitted(name, _SIDE, rcParams["font.size"]) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.set_xlabel(label)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#e4e4e4", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)


def _draw_bars(axes: Axes, table: pd.DataFrame, best: list[str], worst: list[str]) -> None:
    colours = dict.fromkeys(best, _BEST_COLOUR) | dict.fromkeys(worst, _WORST_COLOUR)
    places = range(len(table))
    bar_colours = [colours.get(name, _OTHER_COLOUR) for name in table.index]
    axes.barh(places, table["recall"], height=0.72, color=bar_colours)
    axes.hlines(places, table["recall_low"], table["recall_high"], color="#444444", linewidth=0.9)
    axes.plot(table["recall_shrunk"], places, "D", color="#222222", markersize=3.5, linestyle="none")
    beside = axes.get_yaxis_transform()
    for place, n in zip(places, table["n"], strict=True):
        axes.text(1.01, place, f"n = {n}", transform=beside, va="center", fontsize=8, color="#666666")
    name_rows(axes, list(table.index), "recall, with its 95% interval (dashed: accuracy over all photos)")
    for label, name in zip(axes.get_yticklabels(), table.index, strict=True):
        # A recall of 0 has no bar to show its colour.
        label.set_color(colours.get(name, "black"))


def _draw_legend(figure: Figure, ranks: ClassRanks, height: float) -> None:
    diamond = Line2D([], [], color="#222222", marker="D", markersize=3.5, linestyle="none")
    handles: list[Artist] = [diamond]
    labels = ["recall, less what chance adds to extremes"]
    for rank, colour, names in (("best", _BEST_COLOUR, ranks.best), ("worst", _WORST_COLOUR, ranks.worst)):
        if names and ranks.differ:
            handles.append(Patch(color=colour))
            labels.append(fitted(f"{rank}: {', '.join(names)}", _LEGEND, rcParams["font.size"], lines=3))
    if ranks.best and not ranks.differ:
        handles.append(Patch(color=_OTHER_COLOUR))
        labels.append(f"the classes cannot be told apart (permutation test, p = {ranks.p:.3g})")
    figure.legend(
        handles,
        labels,
        loc="upper left",
        bbox_to_anchor=(0, -0.45 / height),
        frameon=False,
        borderaxespad=0,
    )
