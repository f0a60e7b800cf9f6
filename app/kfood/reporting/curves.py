"""The geometry of the learning curves: what the template draws as SVG."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from kfood.reporting.table_view import percent
from kfood.run.folder import Run

WIDTH, HEIGHT = 460, 280  # of a panel, in units of its viewBox
LEFT, RIGHT, TOP, BOTTOM = 52, 448, 26, 234  # edges of what is drawn in
_MOST_DECIMALS = 5
_MOST_DOTS = 40  # epochs; more dots than that would hide the line
_LOSS = (("train_loss", "training", "train"), ("valid_loss", "validation", "valid"))
_ACCURACY = (("valid_accuracy", "validation", "valid"),)


@dataclass(frozen=True)
class Line:
    """One curve: `parts` are the `points` of polylines, parted where a value is missing; `dots` are (x, y)."""

    name: str
    style: str
    parts: list[str]
    dots: list[tuple[float, float]]


@dataclass(frozen=True)
class Panel:
    """One picture: its ticks are (position, text); `best` is the x of the best epoch, None where unknown."""

    title: str
    spoken: str
    lines: list[Line]
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]
    best: float | None
    best_text: str


@dataclass(frozen=True)
class Scale:
    """Maps `low` to `start` and `high` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return where the value stands, to a tenth of a unit."""
        return round(self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start), 1)


def draw_curves(runs: list[Run]) -> list[list[Panel]]:
    """Return for each run its panels, loss and accuracy by epoch, all runs on the same scales; none without epochs."""
    histories = [run.history for run in runs]
    if any(history.empty for history in histories):
        return [[] if run.history.empty else draw_curves([run])[0] for run in runs]
    best = [run.metrics.get("best_epoch") for run in runs]
    panels = [_panels(histories, best, "Loss (nats)", _LOSS), _panels(histories, best, "Accuracy", _ACCURACY)]
    return [list(of_run) for of_run in zip(*panels, strict=True)]


def nice_ticks(low: float, high: float, about: int = 5, whole: bool = False) -> list[float]:
    """Return round numbers from at most `low` to at least `high`, `about` as many as asked for.

    Args:
        low, high: finite.
        about: how many are wanted.
        whole: only integers.
    """
    if high <= low:
        low, high = low - (0.5 if whole else 0.05 * (abs(low) or 1)), high + (0.5 if whole else 0.05 * (abs(high) or 1))
    rough = (high - low) / about
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    step = max(1, round(step)) if whole else step
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [number * step for number in range(first, last + 1)]


def _panels(
    histories: list[pd.DataFrame], best: list[int | None], title: str, wanted: tuple[tuple[str, str, str], ...]
) -> list[Panel]:
    epochs = pd.concat([history["epoch"] for history in histories])
    values = pd.concat([history[column] for history in histories for column, *_ in wanted if column in history])
    values = values[values.map(math.isfinite)]
    as_share = wanted is _ACCURACY
    y_ticks = nice_ticks(values.min(), values.max()) if len(values) else [0.0, 1.0]
    if as_share:
        y_ticks = [tick for tick in y_ticks if -1e-9 <= tick <= 1 + 1e-9]
        y_ticks = y_ticks if len(y_ticks) > 1 else [y_ticks[0] - 0.05, *y_ticks]
    x_ticks = [tick for tick in nice_ticks(epochs.min(), epochs.max(), 8, whole=True) if tick >= epochs.min()]
    first, last = int(epochs.min()), int(epochs.max())
    left, right = (first, max(x_ticks[-1], last)) if last > first else (first - 1, first + 1)  # a lone dot: middle
    x, y = Scale(left, right, LEFT + 14, RIGHT - 14), Scale(y_ticks[0], y_ticks[-1], BOTTOM, TOP)
    y_texts = _tick_texts(y_ticks, as_share)
    return [
        Panel(
            title,
            _spoken(title, history, wanted),
            [_line(history, column, name, style, x, y) for column, name, style in wanted if column in history],
            [(x(tick), f"{tick:g}") for tick in x_ticks if left <= tick <= right],
            [(y(tick), text) for tick, text in zip(y_ticks, y_texts, strict=True)],
            x(epoch) if epoch is not None and epoch in set(history["epoch"]) else None,
            _best_text(history, epoch, wanted[-1][0], as_share),
        )
        for history, epoch in zip(histories, best, strict=True)
    ]


def _line(history: pd.DataFrame, column: str, name: str, style: str, x: Scale, y: Scale) -> Line:
    parts: list[list[tuple[float, float]]] = [[]]
    for epoch, value in zip(history["epoch"], history[column], strict=True):
        if math.isfinite(value):
            parts[-1].append((x(epoch), y(value)))
        elif parts[-1]:
            parts.append([])
    dots = [point for part in parts for point in part]
    lone = [part[0] for part in parts if len(part) == 1]
    return Line(
        name,
        style,
        [" ".join(f"{left},{top}" for left, top in part) for part in parts if len(part) > 1],
        dots if len(dots) <= _MOST_DOTS else lone,
    )


def _tick_texts(ticks: list[float], as_share: bool) -> list[str]:
    """Return the ticks with the decimals that tell neighbours apart."""
    step = (ticks[1] - ticks[0]) * (100 if as_share else 1)
    exact = (number for number in range(_MOST_DECIMALS) if math.isclose(round(step, number), step, rel_tol=1e-6))
    decimals = next(exact, None)
    if decimals is None:  # a loss of next to nothing
        return [f"{tick:.3g}" for tick in ticks]
    return [percent(tick, decimals) if as_share else f"{tick:.{decimals}f}" for tick in ticks]


def _best_text(history: pd.DataFrame, epoch: int | None, column: str, as_share: bool) -> str:
    row = history[history["epoch"] == epoch] if epoch is not None else history.iloc[:0]
    if row.empty or column not in row or not math.isfinite(row[column].iloc[0]):
        return ""
    value = row[column].iloc[0]
    return f"best epoch {epoch}: {percent(value) if as_share else f'{value:.3f}'}"


def _spoken(title: str, history: pd.DataFrame, wanted: tuple[tuple[str, str, str], ...]) -> str:
    """Return the curve in words, for those who do not see it."""
    first, last = history.iloc[0], history.iloc[-1]
    words = [
        f"{name} from {first[column]:.3f} in epoch {first['epoch']:g} to {last[column]:.3f} in epoch {last['epoch']:g}"
        for column, name, _ in wanted
        if column in history
    ]
    return f"{title}: {'; '.join(words)}"
