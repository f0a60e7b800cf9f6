"""A run whose probabilities are too modest, of known truth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from kfood.evaluation.predictions import CLASS_PREFIX
from kfood.run.folder import Run
from kfood.system.files import write_csv
from support.fake_run import fake_run
from support.gaussian_scores import CLASSES, draw_photos, probabilities

DISHES = ["갈비찜", "김밥", "김치찌개", "된장찌개", "떡국", "라면"][:CLASSES]


@pytest.fixture
def modest_run(tmp_path) -> Callable[..., Run]:
    """Return a function that makes a run with `valid` and `test` photos; its logits are half of what they should be."""

    def make(valid: int = 150, test: int = 200, shots: int = 1, name: str = "run") -> Run:
        run = fake_run(tmp_path / "runs" / "mission1" / name, tmp_path / "photos", DISHES, draw=False)
        rng = np.random.default_rng(7)
        tables = [_table(rng, split, n, shots) for split, n in (("valid", valid), ("test", test)) if n]
        table = pd.concat(tables, ignore_index=True)
        write_csv(run.predictions_file, table.round(7))
        write_csv(run.samples_file, table[["path", "split", "label", "group"]].assign(area="", digest=""))
        run.weights_file.write_bytes(b"weights")
        run.record_checksums()
        return Run(run.folder)

    return make


def _table(rng: np.random.Generator, split: str, n: int, shots: int) -> pd.DataFrame:
    photos = draw_photos(rng, n // shots)
    shares, labels = (each.repeat(shots, axis=0) for each in (probabilities(photos, 0.5), photos.labels))
    best = shares.argmax(axis=1)
    table = pd.DataFrame(shares, columns=[f"{CLASS_PREFIX}{name}" for name in DISHES])
    first = {
        "path": [f"{split}/{number:04}.jpg" for number in range(len(labels))],
        "split": split,
        "label": [DISHES[number] for number in labels],
        "group": [f"{split} {number // shots}" for number in range(len(labels))],
        "predicted": [DISHES[number] for number in best],
        "probability": shares.max(axis=1),
        "loss": -np.log(shares[np.arange(len(labels)), labels]),
    }
    return pd.DataFrame(first).join(table)
