"""How often 95 % intervals of a run's numbers hold the truth, and how often two equal trainings are told apart.

Simulated photos, one to four shots of each plate, see `tests/support/simulated.py`. Beside each stands what holds if
every photo is taken as independent. Takes some minutes:

    python tests/benchmarks/coverage.py [--cases 1000]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from kfood.evaluation.metrics import summarise
from kfood.evaluation.predictions import groups_of, is_right
from kfood.statistics.differences import paired_difference
from support.simulated import coverage, draw_predictions

SIZES = (100, 400, 1600)  # photos
SHOTS = (1, 2, 4)


def as_if_independent(predictions: pd.DataFrame) -> dict[str, object]:
    """Return the numbers as they come where plates are not known."""
    return summarise(predictions.drop(columns="group"))


def told_apart(rng: np.random.Generator, cases: int, plates: int, shots: int) -> tuple[float, float]:
    """Return how often two trainings of equal accuracy are told apart at 0.05: with plates, and without."""
    found = [0, 0]
    for _ in range(cases):
        first, second = (draw_predictions(rng, plates, shots) for _ in range(2))
        right = [is_right(table).to_numpy()[np.newaxis] for table in (first, second)]
        for place, groups in enumerate((groups_of(first).to_numpy(), np.arange(len(first)))):
            found[place] += paired_difference(*right, groups).p < 0.05
    return found[0] / cases, found[1] / cases


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1000)
    cases = parser.parse_args().cases
    rows = []
    for photos in SIZES:
        for shots in SHOTS:
            plates = photos // shots
            now = coverage(np.random.default_rng(0), cases, plates, shots, summarise)
            before = coverage(np.random.default_rng(0), cases, plates, shots, as_if_independent)
            apart, apart_before = told_apart(np.random.default_rng(1), cases, plates, shots)
            held = {name: f"{now[name]:.3f} ({before[name]:.3f})" for name in now.index}
            rows.append({"photos": photos, "shots": shots, **held, "told apart": f"{apart:.3f} ({apart_before:.3f})"})
            print(rows[-1], flush=True)
    print(pd.DataFrame(rows).to_string(index=False))
