"""Runs as tables for a person."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from kfood.errors import KfoodError
from kfood.recipes.load import tomllib
from kfood.run.folder import DONE, FAILED, Run
from kfood.text import shortened

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = ["run", "status", "epochs", "valid", "test", "95 % interval", "n", "data", "why"]
SPLITS = {
    "valid": "valid",
    "test": "test",
    "test_without_copies": "test, without copies of other splits",
    "test_after_fixes": "test, after fixes",
}
MEASURES = {
    "accuracy": "accuracy",
    "top3": "top-3 accuracy",
    "top5": "top-5 accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro-F1",
    "loss": "loss",
}
_LONGEST = 80  # letters of why a run failed


def run_list(runs: list[Run]) -> list[dict[str, object]]:
    """Return a row a run: name, status, epochs done, validation and test accuracy with its interval, n, why it failed.

    The status is "damaged" where a file of a finished run is not what was written. A column in which no run has
    anything is left out. Plain rows, because a list of runs should not wait for pandas.
    """
    rows = [_row(run) for run in runs]
    columns = [name for name in _COLUMNS if any(row.get(name) is not None for row in rows)]
    return [{name: row.get(name) for name in columns} for row in rows]


def results(run: Run) -> pd.DataFrame:
    """Return accuracy with its interval, loss and macro-F1 on validation and test.

    Further rows have those on test without photos that are in another split too, where there are such, and with the
    labels that were decided on in data.fixes, where they concern test photos.
    """
    import pandas as pd

    keys = ("accuracy", "accuracy_low", "accuracy_high", "n", "loss", "macro_f1")
    rows = [{"split": words, **run.metrics[split]} for split, words in SPLITS.items() if split in run.metrics]
    return pd.DataFrame(rows)[["split", *keys]]


def measures(run: Run) -> pd.DataFrame:
    """Return every measure that the run has of validation and test, with its 95 % interval over photos (plates).

    Accuracy, top-3, top-5, balanced accuracy, macro-F1 (0 to 1) and loss (nats). A run of version 0.1 has fewer.
    """
    import pandas as pd

    rows = [
        {"split": words, "measure": measure, "value": found[key]}
        | {end: found.get(f"{key}_{end}") for end in ("low", "high")}
        | {"n": found["n"], "plates": found.get("groups")}
        for split, words in SPLITS.items()
        if (found := run.metrics.get(split))
        for key, measure in MEASURES.items()
        if key in found
    ]
    return pd.DataFrame(rows).dropna(axis="columns", how="all")


def recall_by_class(run: Run, split: str = "test") -> pd.DataFrame:
    """Return the recall of each class."""
    import pandas as pd

    recall = run.metrics[split]["recall"]
    return pd.DataFrame({"class": list(recall), "recall": list(recall.values())})


def _row(run: Run) -> dict[str, object]:
    row: dict[str, object] = {"run": run.name, "status": run.status, "epochs": _epochs(run)}
    if row["status"] == FAILED:
        return row | {"why": _brief(run.why_failed, run)}
    if row["status"] != DONE:
        return row
    try:
        run.verify(run.recipe_file, run.history_file)
        return row | _outcome(run)
    except KfoodError as error:
        return row | {"status": "damaged", "epochs": None, "why": _brief(str(error), run)}


def _brief(why: str, run: Run) -> str:
    return shortened(why.replace(f"{run.folder}{os.sep}", ""), _LONGEST)


def _outcome(run: Run) -> dict[str, object]:
    test = run.metrics["test"]
    return {
        "valid": run.metrics["valid"]["accuracy"],
        "test": test["accuracy"],
        "95 % interval": f"{test['accuracy_low']:.4f}–{test['accuracy_high']:.4f}",
        "n": test["n"],
        "data": _data_root(run),
    }


def _epochs(run: Run) -> int:
    """Return how many epochs are in the history, without reading it as a table: a list of runs may be long."""
    try:
        return int(run.history_file.read_text(encoding="utf-8-sig").splitlines()[-1].partition(",")[0])
    except (OSError, ValueError, IndexError):  # none yet, or just the names of the columns
        return 0


def _data_root(run: Run) -> str:
    """Return data.root without reading the whole recipe, which would take a quarter of the time of a long list."""
    with run.recipe_file.open(encoding="utf-8") as lines:
        return next((tomllib.loads(line)["root"] for line in lines if line.startswith("root = ")), "")
