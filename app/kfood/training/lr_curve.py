"""The curve of the learning rate finder."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from kfood.plotting.figures import figure_style, save_figure

_RULE_COLOURS = ("#d1495b", "#00798c", "#edae49", "#5f0f40")
_RUNAWAY = 2.5  # the loss is shown up to this many times its value at the start


def draw_lr_curve(curves: pd.DataFrame, spread: pd.DataFrame, title: str, path: Path) -> Path:
    """Save the loss against the learning rate, a line a seed, as a PNG and return its path.

    Args:
        curves: `seed`, `lr` and `loss` (smoothed over batches, as fastai's recorder gives it).
        spread: a row a rule with `lowest`, `median` and `highest` suggestion.
        title: stands above the picture.
        path: of the PNG.
    """
    with figure_style():
        figure = Figure(figsize=(7, 4.2))
        axes = figure.add_axes((0, 0, 1, 1))
        for number, (_, curve) in enumerate(curves.groupby("seed")):
            label = "a line a seed" if number == 0 else None
            axes.plot(curve["lr"], curve["loss"], color="#777777", linewidth=1, alpha=0.8, label=label)
        for (rule, row), colour in zip(spread.dropna().iterrows(), _RULE_COLOURS, strict=False):
            axes.axvspan(row["lowest"], row["highest"], color=colour, alpha=0.15, linewidth=0)
            axes.axvline(row["median"], color=colour, label=f"{rule}: {row['median']:.1e}")
        first = curves.groupby("seed")["loss"].first().max()
        lowest = curves["loss"].min()
        axes.set_ylim(lowest - 0.05 * (first - lowest), min(curves["loss"].max(), _RUNAWAY * first))
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:.0e}")  # matplotlib's own labels are formulas, which figures do not parse
        axes.set_xlabel("learning rate")
        axes.set_ylabel("training loss, smoothed")
        axes.set_title(f"Learning rate finder — {title}\nlines: median suggestion; bands: from lowest to highest seed")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, loc="upper left")
        return save_figure(figure, path)
