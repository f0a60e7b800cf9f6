"""Reliability before and after, and the sizes of sets, as one picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from kfood.calibration.judged import Judged
from kfood.plotting.figures import figure_style, save_figure
from kfood.statistics.calibration_error import equal_bins

_BEFORE, _AFTER, _BAR = "#b0753a", "#2a6f97", "#c9d6df"


def draw_calibrated(before: Judged, after: Judged, members: np.ndarray, coverage: float, path: Path) -> Path:
    """Save the reliability before and after, and how many sets have how many dishes, as a PNG; return its path.

    Args:
        before, after: the same test photos, as the network gives them and calibrated.
        members: photos x classes, the sets.
        coverage: that is wanted of them.
        path: of the PNG.
    """
    with figure_style():
        figure = Figure(figsize=(8.4, 3.4))
        left, right = figure.subplots(1, 2, gridspec_kw={"left": 0, "right": 1, "bottom": 0, "top": 1, "wspace": 0.25})
        _draw_reliability(left, before, after)
        _draw_sizes(right, members, after.labels, coverage)
        return save_figure(figure, path)


def _draw_reliability(axes: Axes, before: Judged, after: Judged) -> None:
    axes.plot([0, 1], [0, 1], color="#888888", linestyle="--", linewidth=1)
    for photos, colour, words in ((before, _BEFORE, "as the network says"), (after, _AFTER, "calibrated")):
        probability = photos.probabilities.max(axis=1)
        right = photos.probabilities.argmax(axis=1) == photos.labels
        number = equal_bins(probability, max(2, round(len(np.unique(photos.groups)) ** (1 / 3))))
        counts = np.bincount(number)
        axes.plot(
            np.bincount(number, probability) / counts,
            np.bincount(number, right) / counts,
            "o-",
            color=colour,
            markersize=4,
            linewidth=1,
            label=words,
        )
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="probability of the predicted class", ylabel="accuracy")
    axes.set_title(f"Bins of equally many of {len(before.labels)} test photos")
    axes.legend(loc="upper left", frameon=False, fontsize=8)
    axes.xaxis.set_major_formatter("{x:.0%}")
    _tidy(axes)


def _draw_sizes(axes: Axes, members: np.ndarray, labels: np.ndarray, coverage: float) -> None:
    sizes = members.sum(axis=1)
    hit = members[np.arange(len(labels)), labels]
    numbers = np.arange(sizes.max() + 1)
    everything, with_dish = (np.bincount(of, minlength=len(numbers)) / len(sizes) for of in (sizes, sizes[hit]))
    axes.bar(numbers, everything, color=_BAR, label="without the dish")
    axes.bar(numbers, with_dish, color=_AFTER, label="with the dish")
    axes.set(xlabel="dishes in the set", ylabel="share of test photos", xlim=(-0.6, max(numbers.max(), 4) + 0.6))
    axes.set_title(f"Sets at {coverage:.0%}: {hit.mean():.1%} contain the dish, mean size {sizes.mean():.2f}")
    axes.legend(loc="upper right", frameon=False, fontsize=8)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    _tidy(axes)


def _tidy(axes: Axes) -> None:
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.grid(color="#e4e4e4", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
