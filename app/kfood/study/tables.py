"""A study's table with what was found: accuracies, the comparison with the winner, and with the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from kfood.recipes.load import DEMO
from kfood.study.choice_bias import Gap, choice_bias
from kfood.study.crossed import Spread, common_spread
from kfood.study.estimates import Estimate, estimate
from kfood.study.outcome import Judged, Outcome
from kfood.study.plan import PlannedRow, PlannedTable, winner
from kfood.study.reported import against_report
from kfood.study.schema import Reported, Table
from kfood.study.trainings import Terms
from kfood.study.verdicts import Verdict, verdicts

COLUMNS = [
    "row",
    "seeds",
    "valid",
    "test",
    "95 % interval",
    "n",
    "against winner",
    "p",
    "verdict",
    "report valid",
    "report test",
    "against report",
    "minutes",
]
NOT_COMPARABLE = "not comparable"
_FULL = "full"
_NEARLY = 0.02  # photos more or fewer than the report had


@dataclass(frozen=True)
class TableResult:
    """A table as it stands.

    Args:
        table: of the study.
        rows: a row a study row, with `COLUMNS`; accuracies are means over seeds, 0 to 1.
        estimates: accuracy on test with its interval, by row; only of rows with all their seeds.
        sentences: what holds for the whole table.
        winner: the row chosen on validation; '' where none is whole.
        folders: of the runs, by row.
    """

    table: Table
    rows: pd.DataFrame
    estimates: dict[str, Estimate]
    sentences: list[str]
    winner: str
    folders: dict[str, list[str]] = field(default_factory=dict)


def table_results(
    planned: PlannedTable, outcomes: Mapping[str, Outcome], failed: Mapping[str, str], terms: Terms
) -> TableResult:
    """Return what was found for a table so far.

    Args:
        planned: the table with its trainings.
        outcomes: of finished trainings, by key.
        failed: why trainings failed, by key.
        terms: of the study: its budget decides whether the report's figures can be reproduced.
    """
    whole = {row.row.name: _outcomes(row, outcomes) for row in planned.rows if _is_whole(row, outcomes)}
    best = winner(planned, outcomes)
    chosen = best.row.name if best else ""
    comparable = {name: found for name, found in whole.items() if _same_photos(found, whole[chosen])}
    compared = _verdicts(comparable, chosen)
    spread = _spread(comparable)
    estimates = {
        name: _estimate([one.test for one in found], spread if name in comparable else None)
        for name, found in whole.items()
    }
    reason = _not_comparable(terms, next(iter(whole.values()))[0]) if whole else ""
    rows = []
    for row in planned.rows:
        found = [outcomes[one.key] for one in row.trainings if one.key in outcomes]
        about = _row(row, found, estimates.get(row.row.name), compared.get(row.row.name), terms)
        if row.row.name not in whole:
            about["verdict"] = _why_not_whole(row, len(found), failed)
        elif row.row.name not in compared:
            about["verdict"] = "other photos"
        if whole and row.row.name in whole:
            about["against report"] = _against(row, found, reason, terms.study.reported)
        rows.append(about)
    table = pd.DataFrame(rows, columns=COLUMNS)
    folders = {row.row.name: [one.folder for one in _done(row, outcomes)] for row in planned.rows}
    sentences = _sentences(planned, terms, comparable, chosen, reason)
    return TableResult(planned.table, table, estimates, sentences, chosen, folders)


def _row(
    row: PlannedRow, found: list[Outcome], ours: Estimate | None, verdict: Verdict | None, terms: Terms
) -> dict[str, Any]:
    report = row.row.report
    about: dict[str, Any] = {
        "row": row.row.name,
        "seeds": f"{len(found)} of {terms.seeds}",
        "report valid": report.valid,
        "report test": report.test,
        "against report": "",
        "minutes": sum(one.seconds for one in found) / 60 if found else None,
    }
    if found:
        about |= {
            "valid": float(np.mean([one.valid.accuracy for one in found])),
            "test": float(np.mean([one.test.accuracy for one in found])),
            "n": len(found[0].test.right),
        }
    if ours:
        about["95 % interval"] = f"{ours.low:.4f}–{ours.high:.4f}"
    if verdict:
        about["verdict"] = verdict.verdict
        if verdict.verdict != "chosen":
            difference = verdict.difference
            about["against winner"] = f"{difference.mean:+.4f} ({difference.low:+.4f} to {difference.high:+.4f})"
            about["p"] = verdict.p
    return about


def _verdicts(comparable: dict[str, list[Outcome]], chosen: str) -> dict[str, Verdict]:
    if not comparable:
        return {}
    right = [np.array([one.test.right for one in found]) for found in comparable.values()]
    groups = next(iter(comparable.values()))[0].test.groups
    return dict(zip(comparable, verdicts(right, list(comparable).index(chosen), groups), strict=True))


def _spread(comparable: dict[str, list[Outcome]]) -> Spread | None:
    """Return how trainings spread in this table: more is known of it from all rows than from one."""
    if not comparable:
        return None
    rows = [np.array([one.test.right for one in found]) for found in comparable.values()]
    return common_spread(rows, next(iter(comparable.values()))[0].test.groups)


def _estimate(judged: list[Judged], spread: Spread | None = None) -> Estimate:
    return estimate(np.array([one.right for one in judged]), judged[0].groups, spread=spread)


def _against(row: PlannedRow, found: list[Outcome], reason: str, reported: Reported | None) -> str:
    """Return the verdict against the report: on test where it has a figure, else on validation."""
    report = row.row.report
    if reported is None or (report.test is None and report.valid is None):
        return ""
    if reason:
        return NOT_COMPARABLE
    split, figure = ("valid", report.valid) if report.test is None else ("test", report.test)
    ours = _estimate([getattr(one, split) for one in found])
    against = against_report(ours, float(figure), getattr(reported, split), reported.margin)
    return f"{against.verdict} ({split} {against.mean:+.4f}, {against.low:+.4f} to {against.high:+.4f})"


def _not_comparable(terms: Terms, found: Outcome) -> str:
    """Return why the report's figures cannot be reproduced here; '' where they can."""
    reported = terms.study.reported
    if reported is None:
        return ""
    if terms.data == DEMO or terms.base.data.root == DEMO:
        return "these are drawings"
    if terms.budget_name != _FULL or terms.budget.epochs < 1 or terms.budget.settings:
        return f"another budget ({terms.budget.about})"
    for split in ("valid", "test"):
        ours, theirs = len(getattr(found, split).right), getattr(reported, split)
        if abs(ours - theirs) > _NEARLY * theirs:
            return f"other data: {ours:,} {split} photos, where the report had {theirs:,}"
    return ""


def _sentences(
    planned: PlannedTable, terms: Terms, comparable: dict[str, list[Outcome]], chosen: str, reason: str
) -> list[str]:
    if not chosen:
        return ["No row has all its seeds yet."]
    first = comparable[chosen][0]
    photos = f"{len(first.valid.right):,} validation and {len(first.test.right):,} test photos, {terms.seeds} seeds"
    said = [f"Budget: {terms.budget.about}. {photos}; chosen on validation, compared on test: {chosen}."]
    if terms.seeds == 1:
        said.append("With one seed, nothing is known of what another training of the same row would give.")
    if reason and any(row.row.report.valid is not None for row in planned.rows):
        said.append(f"The report's figures are not comparable: {reason}.")
    found = list(comparable.values())
    bias = choice_bias(
        np.array([[one.valid.right for one in row] for row in found]),
        np.array([[one.test.right for one in row] for row in found]),
        first.valid.groups,
        first.test.groups,
        np.array([[one.last_valid for one in row] for row in found]),
    )
    said.append(
        "The epoch is chosen on validation, which flatters it: validation accuracy lies "
        f"{_gap(bias.valid_less_test)} above test accuracy, and {_gap(bias.best_less_last)} above the last epoch's."
    )
    return said


def _gap(gap: Gap) -> str:
    interval = "" if np.isnan(gap.low) else f" ({gap.low:+.4f} to {gap.high:+.4f})"
    return f"{gap.mean:+.4f}{interval}"


def _outcomes(row: PlannedRow, outcomes: Mapping[str, Outcome]) -> list[Outcome]:
    return [outcomes[one.key] for one in row.trainings]


def _done(row: PlannedRow, outcomes: Mapping[str, Outcome]) -> list[Outcome]:
    return [outcomes[one.key] for one in row.trainings if one.key in outcomes]


def _is_whole(row: PlannedRow, outcomes: Mapping[str, Outcome]) -> bool:
    return bool(row.trainings) and all(one.key in outcomes for one in row.trainings)


def _same_photos(found: list[Outcome], chosen: list[Outcome]) -> bool:
    return found[0].test.photos == chosen[0].test.photos and found[0].valid.photos == chosen[0].valid.photos


def _why_not_whole(row: PlannedRow, done: int, failed: Mapping[str, str]) -> str:
    reasons = [row.fault, *(failed[one.key] for one in row.trainings if one.key in failed)]
    reason = next(filter(None, reasons), "")
    return f"failed: {reason}" if reason else f"not finished: {done} of {len(row.trainings)} seeds"
