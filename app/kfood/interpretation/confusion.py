"""The confusion matrix, as a table and as a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from scipy.cluster.hierarchy import leaves_list, linkage

from kfood.evaluation.metrics import headline
from kfood.evaluation.predictions import LABEL, PREDICTED, class_names
from kfood.plotting.captions import fitted
from kfood.plotting.figures import figure_style, save_figure

_POINTS_PER_INCH = 72
_NAME = 3.0  # inches that a class name may take


def confusion_matrix(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the counts of photos, (classes, classes): true classes in rows, predicted ones in columns."""
    classes = class_names(predictions)
    counts = pd.crosstab(predictions[LABEL], predictions[PREDICTED])
    return counts.reindex(index=classes, columns=classes, fill_value=0)


def similar_together(counts: pd.DataFrame) -> list[str]:
    """Return the classes in an order in which those that are taken for each other stand together.

    Average linkage on how often two classes are confused, leaves ordered optimally (Bar-Joseph et al. 2001, by scipy).
    """
    if len(counts) < 3:
        return list(counts.index)
    shares = _shares(counts)
    likeness = (shares + shares.T) / 2
    distances = 1 - likeness[np.triu_indices(len(counts), 1)]
    return [counts.index[place] for place in leaves_list(linkage(distances, "average", optimal_ordering=True))]


def draw_confusion(predictions: pd.DataFrame, path: Path, similar: bool = False, rates: bool = False) -> Path:
    """Save the confusion matrix as a PNG and return its path.

    The colour of a cell is its share of the photos of the true class, its number a count of photos.

    Args:
        predictions: of one split.
        path: of the PNG.
        similar: look-alikes stand together, instead of in the order of the classes.
        rates: the numbers are shares of the true class in per cent.
    """
    counts = confusion_matrix(predictions)
    if similar:
        order = similar_together(counts)
        counts = counts.loc[order, order]
    # A picture of few classes must stay wide enough for its title, one of many must not grow beyond reason.
    side = 4 + 0.15 * len(counts)
    points = side / len(counts) * _POINTS_PER_INCH
    with figure_style():
        figure = Figure(figsize=(side, side))
        axes = figure.add_axes((0, 0, 1, 1))
        shares = _shares(counts)
        _draw_shares(figure, axes, shares, side)
        _draw_numbers(axes, (100 * shares).round().astype(int) if rates else counts.to_numpy(), shares, points)
        _name_cells(axes, list(counts.index), font_size=min(11.0, 0.62 * points))
        what = "per cent of the true class" if rates else "photos"
        axes.set_title(f"Confusion matrix, {what}\n{headline(predictions)}", fontsize=10, pad=12, linespacing=1.5)
        return save_figure(figure, path)


def _shares(counts: pd.DataFrame) -> np.ndarray:
    """Divide each row by its sum; a class without photos keeps its zeros."""
    cells = counts.to_numpy()
    return cells / np.maximum(cells.sum(axis=1, keepdims=True), 1)


def _draw_shares(figure: Figure, axes: Axes, shares: np.ndarray, side: float) -> None:
    # The square root of the share keeps a mistake that is made once in twenty apart from white.
    norm = PowerNorm(0.5, vmin=0, vmax=1)
    image = axes.imshow(shares, cmap="Blues", norm=norm, interpolation="nearest")
    bar = figure.add_axes((1 + 0.2 / side, 0, 0.15 / side, min(1, 2.5 / side)))
    figure.colorbar(image, cax=bar, ticks=[0, 0.05, 0.25, 0.5, 1], format="{x:.0%}")
    bar.set_title("share of\ntrue class", fontsize=8, pad=8)


def _draw_numbers(axes: Axes, numbers: np.ndarray, shares: np.ndarray, points: float) -> None:
    digits = len(str(numbers.max()))
    size = min(16.0, 0.45 * points, 1.4 * points / digits)
    for row, column in np.argwhere(numbers > 0):
        colour = "white" if shares[row, column] > 0.3 else "#222222"
        axes.text(column, row, str(numbers[row, column]), ha="center", va="center", fontsize=size, color=colour)


def _name_cells(axes: Axes, names: list[str], font_size: float) -> None:
    places = range(len(names))
    names = [fitted(name, _NAME, font_size) for name in names]
    axes.set_xticks(places, names, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(places, names)
    axes.tick_params(labelsize=font_size, length=0)
    axes.set_xlabel("predicted class", fontsize=font_size, labelpad=8)
    axes.set_ylabel("true class", fontsize=font_size, labelpad=8)
    between = np.arange(len(names) + 1) - 0.5
    axes.set_xticks(between, minor=True)
    axes.set_yticks(between, minor=True)
    axes.grid(which="minor", color="#dddddd", linewidth=0.5)
    axes.tick_params(which="minor", length=0)
    axes.spines[:].set_visible(False)
