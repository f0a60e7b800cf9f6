"""Risk against coverage as a picture: for the photos taken for one of a pair, and for all."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from kfood.evaluation.metrics import headline
from kfood.evaluation.predictions import PROBABILITY, groups_of, is_right
from kfood.pairs.abstain import Abstention, share_of_two
from kfood.pairs.selective import risk_by_coverage
from kfood.plotting.captions import fitted
from kfood.plotting.figures import figure_style, save_figure
from kfood.statistics.estimates import share_interval

_TEST, _VALID, _BAND, _CHOSEN = "#2a6f97", "#9aa7b0", "#dbe6ec", "#c1440e"
_PANEL = 3.7  # inches, of one of the two
_INTERVALS = 12  # at most, along a curve


def draw_abstention(found: Abstention, path: Path) -> Path:
    """Save the risk of the answers against the share of photos answered, of both splits, as a PNG; return its path."""
    a, b = found.pair
    with figure_style():
        figure = Figure(figsize=(8.4, 3.6))
        left, right = figure.subplots(1, 2, gridspec_kw={"left": 0, "right": 1, "bottom": 0, "top": 1, "wspace": 0.25})
        parts = [photos[found.told(photos)] for photos in (found.valid, found.test)]
        _draw(left, [(part, share_of_two(part, found.pair)) for part in parts], found.least, found.wanted)
        title = fitted(f"Photos of {a} or {b}: the others get {found.both}", _PANEL, 9, lines=3)
        left.set_title(title)
        parts = [found.valid, found.test]
        _draw(right, [(part, part[PROBABILITY]) for part in parts], found.least_of_all, found.wanted)
        right.set_title("All photos: the others get no answer")
        handles, labels = left.get_legend_handles_labels()
        figure.legend(handles, labels, loc="upper left", bbox_to_anchor=(-0.05, -0.14), ncols=5, frameon=False)
        figure.text(0, 1.12 + 0.05 * title.count("\n"), headline(found.test), fontsize=10)
        return save_figure(figure, path)


def _draw(axes: Axes, parts: list[tuple[pd.DataFrame, pd.Series]], least: float | None, wanted: float) -> None:
    """Draw the curves of validation and test: photos with their scores."""
    curves = [risk_by_coverage(score, is_right(photos)) for photos, score in parts]
    band = _band(*parts[1], curves[1])
    axes.fill_between(
        band["coverage"], band["low"], band["high"], color=_BAND, linewidth=0, label="95 % interval, test"
    )
    for curve, colour, words in zip(curves, (_VALID, _TEST), ("validation", "test"), strict=True):
        axes.plot(curve["coverage"], curve["risk"], color=colour, label=words)
    axes.axhline(1 - wanted, color="#888888", linestyle="--", linewidth=1, label="wanted")
    if least is not None:
        chosen = pd.concat([curve[curve["least"] >= least].tail(1) for curve in curves])
        axes.plot(
            chosen["coverage"], chosen["risk"], "o", color=_CHOSEN, markersize=5, label="chosen, with a guarantee"
        )
    axes.set(
        xlim=(0, 1.01), xlabel="share of these photos answered, the surest first", ylabel="wrong among the answers"
    )
    axes.set_ylim(-0.01, max(0.1, 1.15 * band["high"].iloc[len(band) // 3 :].max()))
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.yaxis.set_major_formatter(PercentFormatter(1))  # it shows halves where the steps have them
    axes.grid(color="#e4e4e4", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _band(photos: pd.DataFrame, score: pd.Series, curve: pd.DataFrame) -> pd.DataFrame:
    """Return intervals of the risk at some coverages."""
    step = max(1, len(curve) // _INTERVALS)
    rows = []
    for at in curve.iloc[::-step].iloc[::-1].itertuples():
        answered = photos[score >= at.least]
        low, high = share_interval(~is_right(answered), groups_of(answered))
        rows.append((at.coverage, low, high))
    return pd.DataFrame(rows, columns=["coverage", "low", "high"])
