"""A study's table with what was found: accuracies, the comparison with the chosen row, and with the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from kfood.statistics.crossed import common_spread
from kfood.statistics.estimates import Estimate, estimate
from kfood.study.outcome import Outcome
from kfood.study.plan import PlannedRow, PlannedTable, winner
from kfood.study.reported import against_report
from kfood.study.schema import Figures, Reported
from kfood.study.schema import Table as StudyTable
from kfood.study.sentences import about_verdicts, not_comparable, sentences
from kfood.study.trainings import Terms
from kfood.study.verdicts import CHOSEN, SAME, Verdict, verdicts

COLUMNS = [
    "row",
    "seeds done",
    "seeds",
    "valid",
    "test",
    "low",
    "high",
    "n",
    "macro-F1",
    "loss",
    "difference",
    "difference low",
    "difference high",
    "p",
    "detectable",
    "verdict",
    "report valid",
    "report test",
    "against report",
    "report split",
    "report difference",
    "report difference low",
    "report difference high",
    "report margin",
    "report detectable",
    "minutes",
]
NOT_COMPARABLE = "not comparable"
OTHER_PHOTOS = "other photos"
_SPLITS = ("valid", "test")
_TEXTS = ("row", "verdict", "against report", "report split")
_COUNTS = ("seeds done", "seeds", "n")


@dataclass(frozen=True)
class TableResult:
    """A table as it stands.

    Args:
        table: of the study.
        numbers: a row a study row, with `COLUMNS`. Accuracies, loss and macro-F1 are means over the seeds that are
            done; accuracies, macro-F1 and p are 0 to 1, losses nats. low and high hold the accuracy on test, over
            seeds and photos; n is of test photos. difference is the row's accuracy on test less the chosen row's, p
            adjusted for all rows, and detectable the difference that would have been told apart in four of five such
            tables (`verdicts`). report difference is ours less the report's, on `report split`; within report margin it
            counts as the same; report detectable is the half width of its interval (`against_report`).
            minutes are of all its trainings. What is not known is None or NaN; intervals need all seeds.
        sentences: what holds for the whole table.
        winner: the row chosen on validation; '' where none is whole.
        folders: of the runs, by row.
    """

    table: StudyTable
    numbers: pd.DataFrame
    sentences: list[str]
    winner: str
    folders: dict[str, list[str]] = field(default_factory=dict)

    @property
    def rows(self) -> pd.DataFrame:
        """Return the numbers as a narrower table for a person: an interval in one column, verdicts in words."""
        records = self.numbers.to_dict("records")
        return pd.DataFrame(
            {
                "row": [one["row"] for one in records],
                "seeds": [f"{one['seeds done']} of {one['seeds']}" for one in records],
                "valid": self.numbers["valid"],
                "test": self.numbers["test"],
                "95 % interval": [_interval(one["low"], one["high"]) for one in records],
                "n": self.numbers["n"],
                "against winner": [_difference(one, "difference") for one in records],
                "p": [_chance(one["p"]) for one in records],
                "verdict": [one["verdict"] for one in records],
                "would be seen": [_detectable(one) for one in records],
                "report valid": self.numbers["report valid"],
                "report test": self.numbers["report test"],
                "against report": [_against_in_words(one) for one in records],
                "minutes": self.numbers["minutes"].round(1),
            }
        )


def table_results(
    planned: PlannedTable, outcomes: Mapping[str, Outcome], failed: Mapping[str, str], terms: Terms
) -> TableResult:
    """Return what was found for a table so far.

    The chosen row is the one with the highest mean accuracy on validation; what is said of it, and against it, is of
    test.

    Args:
        planned: the table with its trainings.
        outcomes: of finished trainings, by key.
        failed: why trainings failed, by key.
        terms: of the study: budget and photos decide whether the report's figures can be reproduced.
    """
    done = {row.row.name: [outcomes[one.key] for one in row.trainings if one.key in outcomes] for row in planned.rows}
    whole = {row.row.name: row for row in planned.rows if 0 < len(row.trainings) == len(done[row.row.name])}
    best = winner(planned, outcomes)
    chosen = best.row.name if best else ""
    names = sorted(whole, key=lambda name: name != chosen)  # the chosen one first
    comparable = {name: done[name] for name in names if _same_photos(done[name], done[chosen])}
    compared = _verdicts(comparable)
    estimates = {split: _estimates({name: done[name] for name in whole}, comparable, split) for split in _SPLITS}
    reported = terms.study.reported_of(planned.table)
    reasons = not_comparable(terms, reported, {name: (row, done[name]) for name, row in whole.items()})
    rows = []
    for row in planned.rows:
        name = row.row.name
        about = {"row": name, "seeds": terms.seeds, **_figures_of(row.row.report), **_means(done[name])}
        if name in whole:
            ours = {split: estimates[split][name] for split in _SPLITS}
            about |= {"low": ours["test"].low, "high": ours["test"].high}
            about |= _against(row.row.report, ours, reasons[name], reported)
            about |= _against_chosen(compared[name]) if name in compared else {"verdict": OTHER_PHOTOS}
        else:
            about["verdict"] = _why_not_whole(row, len(done[name]), failed)
        rows.append(about)
    folders = {name: [one.folder for one in found] for name, found in done.items()}
    said = sentences(terms, planned, comparable, reasons)
    numbers = _as_table(rows)
    return TableResult(planned.table, numbers, [*said, *about_verdicts(numbers)], chosen, folders)


def _as_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the rows with `COLUMNS`; counts stay whole numbers, though some rows have none."""
    kinds = {name: object if name in (*_TEXTS, *_COUNTS) else float for name in COLUMNS}
    return pd.DataFrame({name: pd.Series([row.get(name) for row in rows], dtype=kinds[name]) for name in COLUMNS})


def _figures_of(report: Figures) -> dict[str, Any]:
    return {"report valid": report.valid, "report test": report.test}


def _means(found: list[Outcome]) -> dict[str, Any]:
    if not found:
        return {"seeds done": 0}
    f1 = [one.test.macro_f1 for one in found if one.test.macro_f1 is not None]
    return {
        "seeds done": len(found),
        "valid": float(np.mean([one.valid.accuracy for one in found])),
        "test": float(np.mean([one.test.accuracy for one in found])),
        "n": len(found[0].test.right),
        "macro-F1": None if len(f1) < len(found) else float(np.mean(f1)),
        "loss": float(np.mean([one.test.loss for one in found])),
        "minutes": sum(one.seconds for one in found) / 60,
    }


def _verdicts(comparable: Mapping[str, list[Outcome]]) -> dict[str, Verdict]:
    """Return the verdicts by row; the first row is the chosen one."""
    if not comparable:
        return {}
    groups = next(iter(comparable.values()))[0].test.groups
    right = [_right(found, "test") for found in comparable.values()]
    return dict(zip(comparable, verdicts(right, 0, groups), strict=True))


def _against_chosen(verdict: Verdict) -> dict[str, Any]:
    if verdict.verdict == CHOSEN:
        return {"verdict": CHOSEN}
    found = verdict.difference
    return {
        "verdict": verdict.verdict,
        "difference": found.mean,
        "difference low": found.low,
        "difference high": found.high,
        "p": verdict.p,
        "detectable": verdict.detectable,
    }


def _estimates(
    whole: Mapping[str, list[Outcome]], comparable: Mapping[str, list[Outcome]], split: str
) -> dict[str, Estimate]:
    """Return the accuracies by row; how trainings spread is better known of all comparable rows than of one."""
    spread = None
    if comparable:
        groups = getattr(next(iter(comparable.values()))[0], split).groups
        spread = common_spread([_right(found, split) for found in comparable.values()], groups)
    return {
        name: estimate(
            _right(found, split), getattr(found[0], split).groups, spread=spread if name in comparable else None
        )
        for name, found in whole.items()
    }


def _right(found: list[Outcome], split: str) -> np.ndarray:
    return np.array([getattr(one, split).right for one in found])


def _against(report: Figures, ours: Mapping[str, Estimate], reason: str, reported: Reported | None) -> dict[str, Any]:
    """Return the comparison with the report: on test where it has a figure, else on validation."""
    split, figure = ("valid", report.valid) if report.test is None else ("test", report.test)
    if reported is None or figure is None:
        return {}
    if reason:
        return {"against report": NOT_COMPARABLE}
    found = against_report(ours[split], figure, getattr(reported, split), reported.margin)
    return {
        "against report": found.verdict,
        "report split": split,
        "report difference": found.mean,
        "report difference low": found.low,
        "report difference high": found.high,
        "report margin": reported.margin,
        "report detectable": found.detectable,
    }


def _same_photos(found: list[Outcome], chosen: list[Outcome]) -> bool:
    return found[0].test.photos == chosen[0].test.photos and found[0].valid.photos == chosen[0].valid.photos


def _why_not_whole(row: PlannedRow, done: int, failed: Mapping[str, str]) -> str:
    reasons = [row.fault, *(failed[one.key] for one in row.trainings if one.key in failed)]
    reason = next(filter(None, reasons), "")
    return f"failed: {reason}" if reason else f"not finished: {done} of {len(row.trainings)} seeds"


def _chance(p: float) -> str:
    if pd.isna(p):
        return ""
    return f"{p:.4f}" if p >= 0.00005 else "< 0.0001"  # none is ever 0


def _detectable(one: dict[str, Any]) -> str:
    return f"{one['detectable']:.4f}" if one["verdict"] == SAME else ""


def _interval(low: float, high: float) -> str:
    return "" if pd.isna(low) else f"{low:.4f}–{high:.4f}"


def _difference(one: dict[str, Any], column: str) -> str:
    mean, low, high = one[column], one[f"{column} low"], one[f"{column} high"]
    return "" if pd.isna(mean) else f"{mean:+.4f} ({low:+.4f} to {high:+.4f})"


def _against_in_words(one: dict[str, Any]) -> str:
    if pd.isna(one["report difference"]):
        return one["against report"] or ""
    within = f", margin {one['report margin']:g}"
    return f"{one['against report']} ({one['report split']} {_difference(one, 'report difference')}{within})"
