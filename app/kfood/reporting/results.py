"""What a run came to, in a few numbers: for the head of the page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kfood.evaluation.compare import Comparison, compare_runs
from kfood.evaluation.predictions import class_names
from kfood.reporting.curves import Scale
from kfood.reporting.table_view import number_text, percent
from kfood.run.folder import Run
from kfood.run.tables import MEASURES
from kfood.system.progress import duration

_MARGIN = 0.01  # of accuracy, left free on both sides of the intervals
BAR_WIDTH = 160  # of the drawn intervals, in units of their viewBox


@dataclass(frozen=True)
class Measure:
    """A number beside accuracy as texts, with its interval."""

    name: str
    value: str
    interval: str


@dataclass(frozen=True)
class Result:
    """The numbers of a run on one split as texts; `bar` is the interval drawn: its left end, its point, its right."""

    run: str
    began: str
    about: str
    accuracy: str
    interval: str
    counts: str
    n: int
    macro_f1: str
    loss: str
    more: list[Measure]  # of one run alone
    epochs: str
    best_epoch: str
    time: str
    parameters: str
    bar: tuple[float, float, float]
    without_copies: str  # accuracy without photos that another split has too; '' where there are none
    after_fixes: str  # accuracy with the labels that were decided on; '' where nothing was decided about these photos


def result_rows(runs: list[Run], split: str) -> list[Result]:
    """Return the results of the runs; their intervals are drawn on one scale."""
    numbers = [run.metrics[split] for run in runs]
    low = max(0.0, min(of["accuracy_low"] for of in numbers) - _MARGIN)
    high = min(1.0, max(of["accuracy_high"] for of in numbers) + _MARGIN)
    scale = Scale(low, high, 4, BAR_WIDTH - 4)
    return [_result(run, split, scale) for run in runs]


NO_VERDICT = (
    "No verdict: these are the validation photos, by which each training's epoch was chosen. Test photos judge: the "
    "page without --split valid."
)


def compared(runs: list[Run]) -> Comparison | None:
    """Return how the runs differ, with verdicts on their common test photos; None for one run alone."""
    return compare_runs(runs) if len(runs) > 1 else None


def _result(run: Run, split: str, scale: Scale) -> Result:
    whole, of = run.metrics, run.metrics[split]
    unseen, fixed = (whole.get(f"{split}_{what}") for what in ("without_copies", "after_fixes"))
    epochs, best = whole.get("epochs"), whole.get("best_epoch")
    return Result(
        run=run.name,
        began=_began(run),
        about=_about(run),
        accuracy=percent(of["accuracy"]),
        interval=f"{percent(of['accuracy_low'])} to {percent(of['accuracy_high'])}",
        counts=f"{of['correct']:,} of {of['n']:,} photos right",
        n=of["n"],
        more=_measures(of),
        macro_f1="" if of["macro_f1"] is None else number_text(of["macro_f1"]),
        loss="" if of["loss"] is None else number_text(of["loss"]),
        epochs="" if epochs is None else f"{epochs}",
        best_epoch="" if best is None else f"{best}",
        time=duration(whole["seconds"]) if "seconds" in whole else "",
        parameters=f"{whole['parameters'] / 1e6:.1f} million" if "parameters" in whole else "",
        bar=(scale(of["accuracy_low"]), scale(of["accuracy"]), scale(of["accuracy_high"])),
        without_copies=_counted(unseen) if unseen else "",
        after_fixes=_counted(fixed) if fixed else "",
    )


def _measures(of: dict[str, Any]) -> list[Measure]:
    found = {name: (of.get(key), of.get(f"{key}_low"), of.get(f"{key}_high")) for key, name in MEASURES.items()}
    del found[MEASURES["accuracy"]]
    return [
        Measure(
            name,
            number_text(value),
            "" if low is None or high is None else f"{number_text(low)} to {number_text(high)}",
        )
        for name, (value, low, high) in found.items()
        if value is not None
    ]


def _counted(of: dict[str, Any]) -> str:
    low, high = percent(of["accuracy_low"]), percent(of["accuracy_high"])
    return f"{percent(of['accuracy'])} (95% interval {low} to {high}, {of['correct']:,} of {of['n']:,} photos right)"


def _began(run: Run) -> str:
    """Return the day and time in the folder's name; '' where it has a name of its own."""
    try:
        began = datetime.strptime(run.name.rpartition("/")[2].rpartition("-")[0], "%Y%m%d-%H%M%S")
    except ValueError:
        return ""
    return f"{began.day} {began:%B %Y, %H:%M}"


def _about(run: Run) -> str:
    counts = run.samples["split"].value_counts()
    photos = " + ".join(f"{counts[split]:,} {split}" for split in ("train", "valid", "test") if split in counts)
    classes = len(class_names(run.predictions))
    return f"{run.recipe.model.arch} · {run.recipe.data.size} pixels · {classes} classes · photos: {photos}"
