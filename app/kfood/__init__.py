"""kfood trains, compares and explains classifiers of Korean dishes, with fastai.

    import kfood
    run = kfood.train("mission3", data="photos")
    run.metrics["test"]["accuracy"], run.history, run.predictions, run.learner

Nothing is imported before it is needed: see `kfood.api` for the functions, `kfood.errors` for the exceptions.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kfood.api import (
        Run,
        calibrate,
        compare,
        find_duplicates,
        find_label_issues,
        interpret,
        load_model,
        load_run,
        lrfind,
        predict,
        recipe,
        report,
        runs,
        train,
    )
    from kfood.errors import DataError, KfoodError, RecipeError, RunError

__all__ = [
    "DataError",
    "KfoodError",
    "RecipeError",
    "Run",
    "RunError",
    "calibrate",
    "compare",
    "find_duplicates",
    "find_label_issues",
    "interpret",
    "load_model",
    "load_run",
    "lrfind",
    "predict",
    "recipe",
    "report",
    "runs",
    "train",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever is handed on
    if name == "__version__":
        from importlib.metadata import version

        return version("kfood")
    if name not in __all__:
        raise AttributeError(f"module 'kfood' has no attribute {name!r}")
    return getattr(import_module("kfood.errors" if name.endswith("Error") else "kfood.api"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
