"""The recall of every class as bars, best first."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from kfood.evaluation.metrics import headline, per_class
from kfood.evaluation.predictions import is_right
from kfood.plotting import figure_style, save_figure

_BEST_COLOUR = "#2a9d8f"
_WORST_COLOUR = "#e76f51"
_OTHER_COLOUR = "#b8c4d0"
_BAR_INCHES = 0.24


def best_and_worst(table: pd.DataFrame, n: int = 3) -> tuple[list[str], list[str]]:
    """Return the `n` classes of highest recall (best first) and the `n` of lowest recall (worst first).

    `table` is that of `per_class`. Ties go by name, classes without photos are left out. With fewer than 2n
    classes both lists are shorter, equally long and without a class in common.
    """
    rated = table["recall"].dropna().sort_index()
    n = min(n, len(rated) // 2)
    best = list(rated.sort_values(ascending=False, kind="stable").index[:n])
    worst = list(rated.drop(best).sort_values(kind="stable").index[:n])
    return best, worst


def draw_per_class(predictions: pd.DataFrame, path: Path) -> Path:
    """Save the recall of every class (0 to 1, with 95 % intervals and the number of photos) as a PNG.

    The overall accuracy is a line, the three best and three worst classes have colours of their own. Returns
    `path`.
    """
    table = per_class(predictions)
    best, worst = best_and_worst(table)
    between = table["recall"].drop([*best, *worst]).sort_index().sort_values(ascending=False, kind="stable")
    # Classes without photos come last: NaN is sorted to the end, and the worst stand before it.
    order = [*best, *between.dropna().index, *reversed(worst), *between[between.isna()].index]
    height = _BAR_INCHES * len(order) + 0.2
    with figure_style():
        figure = Figure(figsize=(6.5, height))
        axes = figure.add_axes((0, 0, 1, 1))
        _draw_bars(axes, table.loc[order], best, worst)
        if len(predictions):
            axes.axvline(is_right(predictions).mean(), color="#444444", linestyle="--", linewidth=1)
        _draw_legend(figure, best, worst, height)
        axes.set_title(f"Recall of each class\n{headline(predictions)}", fontsize=10, pad=12, linespacing=1.5)
        return save_figure(figure, path)


def name_rows(axes: Axes, names: list[str], label: str) -> None:
    """Set up axes with a row for each name, the first on top, and shares of 0 to 1 along them, called `label`."""
    axes.set_yticks(range(len(names)), names)
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
    beside = axes.get_yaxis_transform()
    for place, n in zip(places, table["n"], strict=True):
        axes.text(1.01, place, f"n = {n}", transform=beside, va="center", fontsize=8, color="#666666")
    name_rows(axes, list(table.index), "recall, with its 95% interval (dashed: accuracy over all photos)")
    for label, name in zip(axes.get_yticklabels(), table.index, strict=True):
        # A recall of 0 has no bar to show its colour.
        label.set_color(colours.get(name, "black"))


def _draw_legend(figure: Figure, best: list[str], worst: list[str], height: float) -> None:
    handles = [
        Patch(color=colour, label=f"{rank}: {', '.join(names)}")
        for rank, colour, names in (("best", _BEST_COLOUR, best), ("worst", _WORST_COLOUR, worst))
        if names
    ]
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0, -0.45 / height),
        frameon=False,
        borderaxespad=0,
    )
