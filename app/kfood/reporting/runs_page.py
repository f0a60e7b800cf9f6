"""The page on runs, from the runs themselves: they are interpreted first."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from kfood.calibration.findings import TITLE, judge_calibration
from kfood.calibration.stored import read_calibration
from kfood.errors import KfoodError
from kfood.interpretation.interpret import FIGURES, interpret_run
from kfood.interpretation.section import Request, Section
from kfood.reporting.page import require_reportable, write_report
from kfood.run.folder import Run

_NAME = "report.html"
_TRIED = {
    "arch": "network",
    "accuracy": "accuracy",
    "log_loss": "log loss",
    "seconds": "seconds",
    "words": "what came of it",
}


def report_runs(runs: list[Run], out: Path | None, split: str, photos: bool) -> Path:
    """Interpret runs and write one HTML page about them, side by side; return its path.

    Args:
        runs: one or more, finished.
        out: the file; None for report.html in the run's folder, or for several runs in the current one.
        split: "test" or "valid".
        photos: whether the page holds small copies of the photos.

    Raises:
        KfoodError: a run has nothing to show for that split, or the page cannot be written.
    """
    require_reportable(runs, split)
    sections = {
        run.name: [*interpret_run(run, list(FIGURES), Request(split)), *_calibrated(run), *_networks(run)]
        for run in runs
    }
    default = runs[0].folder / _NAME if len(runs) == 1 else Path(_NAME)
    return write_report(runs, sections, out or default, split, photos)


def _calibrated(run: Run) -> list[Section]:
    """Return what a run's calibration comes to, always on test; [] for a run that is not calibrated."""
    section = Section("calibrated", TITLE)
    try:
        found = read_calibration(run)
        if found is None:
            return []
        said = judge_calibration(run, found)
    except KfoodError as error:
        section.missing = str(error)
        return [section]
    section.text, section.tables, section.figures = said.text, said.tables, said.figures
    return [section]


def _networks(run: Run) -> list[Section]:
    """Return which networks a run was chosen from, and why; [] for one that was given its network."""
    tried = run.metrics.get("portfolio")
    if not tried:
        return []
    section = Section("networks", "Which networks were tried")
    section.text = [
        "Each network's features of the training photos at rest were given to logistic regression, and judged on the "
        "plates that folds left out; neither validation nor test photos took part.",
    ]
    section.tables = {"networks": pd.DataFrame(tried).reindex(columns=list(_TRIED)).rename(columns=_TRIED)}
    return [section]
