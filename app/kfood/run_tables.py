"""Runs as tables for a person."""

from __future__ import annotations

import pandas as pd

from kfood.run import DONE, Run


def run_list(runs: list[Run]) -> pd.DataFrame:
    """Return a row a run: name, status, epochs, validation and test accuracy with its interval, n."""
    return pd.DataFrame([_row(run) for run in runs])


def results(run: Run) -> pd.DataFrame:
    """Return accuracy with its interval, loss and macro-F1 on validation and test."""
    keys = ("accuracy", "accuracy_low", "accuracy_high", "n", "loss", "macro_f1")
    return pd.DataFrame(
        [{"split": split, **{key: run.metrics[split][key] for key in keys}} for split in ("valid", "test")]
    )


def recall_by_class(run: Run, split: str = "test") -> pd.DataFrame:
    """Return the recall of each class."""
    recall = run.metrics[split]["recall"]
    return pd.DataFrame({"class": list(recall), "recall": list(recall.values())})


def _row(run: Run) -> dict[str, object]:
    row: dict[str, object] = {"run": run.name, "status": run.status}
    if run.status != DONE:
        return row
    test = run.metrics["test"]
    return row | {
        "epochs": run.metrics["epochs"],
        "valid": run.metrics["valid"]["accuracy"],
        "test": test["accuracy"],
        "95 % interval": f"{test['accuracy_low']:.4f}–{test['accuracy_high']:.4f}",
        "n": test["n"],
        "data": run.recipe.data.root,
    }
