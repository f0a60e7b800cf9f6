"""How good probabilities are, before and after a temperature."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from kfood.calibration.judged import Judged
from kfood.statistics.calibration_error import calibration_error
from kfood.statistics.estimates import mean_interval
from kfood.statistics.expected_calibration_error import (
    classwise_calibration_error,
    judge_calibration_error,
    top_calibration_error,
)
from kfood.statistics.temperature import LEAST

ERROR, ECE, CLASSWISE, LOG_LOSS = (
    "calibration error, chance subtracted (0: none)",
    "ECE, 15 bins",
    "classwise ECE, 15 bins",
    "log loss (nats, 0: best)",
)


def scores_table(before: Judged, after: Judged) -> pd.DataFrame:
    """Return each score of the same photos before and after, with its 95 % interval.

    Low ends of 0 are those of errors that chance explains.

    Columns: `score`; `before`, `before_low`, `before_high`; `after`, `after_low`, `after_high`.
    """
    rows = []
    for name, score in _SCORES.items():
        cells: list[float] = [*score(before), *score(after)]
        rows.append((name, *cells))
    names = [f"{when}{end}" for when in ("before", "after") for end in ("", "_low", "_high")]
    return pd.DataFrame(rows, columns=["score", *names])


_Scored = tuple[float, float, float]


def _error(photos: Judged) -> _Scored:
    right = photos.probabilities.argmax(axis=1) == photos.labels
    found = calibration_error(photos.probabilities.max(axis=1), right, photos.groups)
    return found.value, found.low, found.high


def _ece(photos: Judged) -> _Scored:
    return judge_calibration_error(top_calibration_error, photos.probabilities, photos.labels, photos.groups)[:3]


def _classwise(photos: Judged) -> _Scored:
    return judge_calibration_error(classwise_calibration_error, photos.probabilities, photos.labels, photos.groups)[:3]


def _log_loss(photos: Judged) -> _Scored:
    own = photos.probabilities[np.arange(len(photos.labels)), photos.labels]
    losses = -np.log(np.maximum(own, LEAST))
    return float(losses.mean()), *mean_interval(losses, photos.groups)


_SCORES: dict[str, Callable[[Judged], _Scored]] = {
    ERROR: _error,
    ECE: _ece,
    CLASSWISE: _classwise,
    LOG_LOSS: _log_loss,
}
