"""Probabilities beside accuracy, and accuracy against the share of photos answered, as one picture."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from kfood.evaluation.metrics import headline
from kfood.interpretation.calibration import accuracy_by_share, answered, calibration, reliability
from kfood.plotting.figures import figure_style, save_figure

_COLOUR, _OTHER = "#2a6f97", "#c9d6df"


def draw_calibration(predictions: pd.DataFrame, path: Path) -> Path:
    """Save a reliability diagram and the accuracy on the surest photos as a PNG; return its path."""
    with figure_style():
        figure = Figure(figsize=(8.4, 3.6))
        left, right = figure.subplots(1, 2, gridspec_kw={"left": 0, "right": 1, "bottom": 0, "top": 1, "wspace": 0.25})
        _draw_reliability(left, reliability(predictions), len(predictions))
        _draw_answered(right, predictions)
        error = calibration(predictions).error
        said = f"calibration error {error.value:.3f} (95% interval {error.low:.3f} – {error.high:.3f})"
        figure.text(0, 1.12, f"{headline(predictions)}\n{said}", fontsize=10, linespacing=1.5)
        return save_figure(figure, path)


def _draw_reliability(axes: Axes, table: pd.DataFrame, n: int) -> None:
    middle, width = (table["low"] + table["high"]) / 2, (table["high"] - table["low"])
    axes.bar(middle, table["n"] / n, width=0.9 * width, color=_OTHER, label="share of photos")
    axes.plot([0, 1], [0, 1], color="#888888", linestyle="--", linewidth=1, label="as probable as right")
    below, above = table["accuracy"] - table["accuracy_low"], table["accuracy_high"] - table["accuracy"]
    axes.errorbar(
        table["probability"],
        table["accuracy"],
        [below, above],
        fmt="o",
        color=_COLOUR,
        markersize=4,
        linewidth=1,
        label="accuracy, 95 % interval of each",
    )
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="probability of the predicted class", ylabel="accuracy")
    axes.set_title("Can the probability be believed?")
    axes.legend(loc="upper left", bbox_to_anchor=(-0.1, -0.16), ncols=3, frameon=False, fontsize=8, columnspacing=1)
    _tidy(axes)
    axes.xaxis.set_major_formatter("{x:.0%}")


def _draw_answered(axes: Axes, predictions: pd.DataFrame) -> None:
    shares, accuracies = accuracy_by_share(predictions)
    points = answered(predictions)
    axes.fill_between(
        points["answered"],
        points["accuracy_low"],
        points["accuracy_high"],
        color=_OTHER,
        linewidth=0,
        label="95 % intervals, all together",
    )
    shown = shares >= points["answered"].min()
    axes.plot(shares[shown], accuracies[shown], color=_COLOUR)
    axes.set(xlim=(points["answered"].min(), 1), xlabel="share of photos answered, the surest first", ylabel="accuracy")
    axes.set_ylim(max(0, points["accuracy_low"].min() - 0.05), 1.005)
    axes.set_title("How accurate is it on what it is sure of?")
    axes.legend(loc="upper left", bbox_to_anchor=(-0.1, -0.16), frameon=False, fontsize=8)
    _tidy(axes)
    axes.xaxis.set_major_formatter("{x:.0%}")


def _tidy(axes: Axes) -> None:
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.grid(color="#e4e4e4", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
