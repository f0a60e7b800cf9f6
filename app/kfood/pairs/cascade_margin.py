"""How close the two best answers must be for the specialist to be asked: chosen on validation photos."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kfood.evaluation.predictions import is_right
from kfood.model.cascade import ALWAYS, NEVER

_SHOWN = (0.1, 0.2, 0.3, 0.5, 0.7, 0.9)  # margins in the table beside the chosen one


@dataclass(frozen=True)
class Margin:
    """The margin chosen, from `NEVER` to `ALWAYS`; what asking from it on gains on validation, in photos; others'."""

    margin: float
    gain: int
    table: pd.DataFrame


def choose_margin(valid: pd.DataFrame, margins: pd.Series, asked: pd.DataFrame) -> Margin:
    """Return the margin with the most photos right, all classes counted; the smallest of several, down to never asking.

    Args:
        valid: predictions of the main model alone, of validation photos.
        margins: by path, of photos whose two best answers are the pair.
        asked: by path, predictions of these photos with the specialist's answer.

    Returns:
        The table has a row for some margins: `margin`, `asked`, `gained` and `lost` (photos), `accuracy` (of all
        validation photos) and `chosen`.
    """
    alone = is_right(valid).set_axis(valid["path"])
    paths = margins.index[margins.index.isin(alone.index) & (margins < ALWAYS)]
    close = margins.loc[paths].sort_values(kind="stable")
    gains = is_right(asked.loc[close.index]).astype(int) - alone.loc[close.index].astype(int)
    steps = np.unique(close)
    candidates = [NEVER, *((steps[:-1] + steps[1:]) / 2), *([ALWAYS] if len(steps) else [])]
    totals = [int(gains[close < each].sum()) for each in candidates]
    best = candidates[int(np.argmax(totals))]
    rows = [_row(each, gains[close < each], alone, best) for each in sorted({best, *_SHOWN, ALWAYS})]
    return Margin(float(best), max(totals), pd.DataFrame(rows))


def _row(margin: float, gains: pd.Series, alone: pd.Series, best: float) -> dict[str, object]:
    return {
        "margin": margin,
        "asked": len(gains),
        "gained": int((gains > 0).sum()),
        "lost": int((gains < 0).sum()),
        "accuracy": (alone.sum() + gains.sum()) / len(alone),
        "chosen": "chosen" if margin == best else "",
    }
