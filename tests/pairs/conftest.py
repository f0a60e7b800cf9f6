"""Predictions of known numbers."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from support.two_runs import CLASSES


@pytest.fixture
def answers() -> Callable[..., pd.DataFrame]:
    """Return a function that makes predictions out of (label, probabilities of A, B and C) a photo."""

    def make(*rows: tuple[str, tuple[float, float, float]], split: str = "test", shots: int = 1) -> pd.DataFrame:
        table = pd.DataFrame(
            {
                "path": [f"{split}/{number:03}.jpg" for number in range(len(rows))],
                "split": split,
                "label": [label for label, _ in rows],
                **{f"p_{name}": [p[number] for _, p in rows] for number, name in enumerate(CLASSES)},
            }
        )
        columns = [f"p_{name}" for name in CLASSES]
        table["predicted"] = table[columns].idxmax(axis=1).str.removeprefix("p_")
        table["probability"] = table[columns].max(axis=1)
        return table.assign(group=[f"{split} {number // shots}" for number in range(len(rows))])

    return make
