"""What a calibration comes to on test: sentences, tables and figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from kfood.calibration.fit import at_temperature
from kfood.calibration.judged import judged_split
from kfood.calibration.levels_table import groups_table, levels_sentences, levels_table
from kfood.calibration.none_table import aurocs_table, none_sentences
from kfood.calibration.scores_table import scores_table
from kfood.calibration.sets_table import by_class_table, sets_sentences, sets_table
from kfood.calibration.stored import Calibration
from kfood.run.folder import Run
from kfood.statistics.temperature import Temperature

TITLE = "Calibrated answers"


@dataclass
class Findings:
    """What the terminal prints and the report shows: sentences, tables by title, PNG files by what is seen in them."""

    text: list[str] = field(default_factory=list)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    figures: dict[str, Path] = field(default_factory=dict)


def judge_calibration(run: Run, found: Calibration) -> Findings:
    """Judge a run's calibration on its test photos, and draw a figure into the run's folder figures/.

    Raises:
        KfoodError: predictions are missing or damaged.
    """
    from kfood.calibration.figure import draw_calibrated

    raw = {split: judged_split(run, split) for split in ("valid", "test")}
    valid, test = (at_temperature(photos, found.temperature.value) for photos in raw.values())
    said = Findings([temperature_sentence(found.temperature), *sets_sentences(raw["test"], found.sets)])
    said.tables["Probabilities on test, before and after (95 % intervals)"] = scores_table(raw["test"], test)
    wanted = f"{found.sets.coverage:.0%}"
    said.tables[f"Sets at {wanted} on test (95 % intervals); the first kind is used"] = sets_table(
        raw["valid"], raw["test"], found.sets
    )
    said.tables[f"Coverage by class on test, wanted {wanted} (95 % intervals)"] = by_class_table(
        raw["test"], found.sets, found.classes
    )
    said.text += levels_sentences(test, found.levels)
    title = f"What is answered at a wanted accuracy of {found.levels.accuracy:g} (95 % intervals)"
    said.tables[title] = levels_table(valid, test, found.levels)
    if found.levels.groups:
        said.tables["Confusions within and across groups, test"] = groups_table(test, found.levels)
    said.text += none_sentences(found.none_of_these, found.why_none, raw["test"])
    if found.none_of_these and found.none_of_these.aurocs:
        title = "Strangeness of dishes left out (validation)"
        said.tables[title] = aurocs_table(found.none_of_these)
    run.figures.mkdir(exist_ok=True)
    members = found.sets.members(raw["test"].probabilities)
    path = run.figures / "calibrated.png"
    said.figures["probabilities and sets"] = draw_calibrated(raw["test"], test, members, found.sets.coverage, path)
    return said


def temperature_sentence(found: Temperature) -> str:
    """Return what the temperature does, and why it is kept or not."""
    losses = (
        f"log loss on validation photos that it was not fitted on: {found.after:.4f}, without it {found.before:.4f}"
    )
    if not found.kept:
        return f"Probabilities are left as they are: a temperature of {found.fitted:.3f} would not help ({losses})."
    how = "bolder" if found.value < 1 else "more modest"
    return f"Temperature {found.value:.3f}, which makes probabilities {how} ({losses})."
