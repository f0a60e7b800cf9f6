"""What holds for a whole table of a study, in words: the budget, the photos, and what may not be concluded."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from kfood.recipes.load import DEMO
from kfood.study.choice_bias import Gap, choice_bias
from kfood.study.outcome import Outcome
from kfood.study.plan import PlannedRow, PlannedTable
from kfood.study.schema import Reported
from kfood.study.trainings import Terms
from kfood.study.verdicts import SAME
from kfood.text import listed

_FULL = "full"
_NEARLY = 0.02  # photos more or fewer than the report had


def is_full(terms: Terms) -> bool:
    """Return whether rows are trained as the study says, with nothing made smaller."""
    budget = terms.budget
    return terms.budget_name == _FULL and budget.epochs == 1 and not budget.settings and not budget.start_settings


def is_drawn(terms: Terms) -> bool:
    """Return whether the photos are the demo's drawings."""
    return DEMO in (terms.data, terms.base.data.root)


def not_comparable(
    terms: Terms, reported: Reported | None, rows: Mapping[str, tuple[PlannedRow, list[Outcome]]]
) -> dict[str, str]:
    """Return for each row why the report's figures cannot be reproduced there; '' where they can.

    Args:
        terms: of the study.
        reported: what the table's figures were measured on.
        rows: those that are whole, by name.
    """
    if reported is None:
        return dict.fromkeys(rows, "")
    if reason := _reason_of_terms(terms):
        return dict.fromkeys(rows, reason)
    known: dict[tuple[str, str], str] = {}
    for row, (first, *_) in rows.values():
        if _photos(first) not in known:
            known[_photos(first)] = _reason_of_photos(terms, reported, row, first)
    return {name: known[_photos(found[0])] for name, (_, found) in rows.items()}


def sentences(
    terms: Terms, planned: PlannedTable, comparable: Mapping[str, list[Outcome]], reasons: Mapping[str, str]
) -> list[str]:
    """Return what is to be said of a table.

    Args:
        terms: of the study.
        planned: the table.
        comparable: the rows that are compared with each other, by name, the chosen one first; none where none is whole.
        reasons: of each whole row, as by `not_comparable`.
    """
    said = [f"Budget: {terms.budget.about}.", _about_photos(terms, comparable)]
    if terms.seeds == 1:
        said.append("With one seed, nothing is known of what another training of the same row would give.")
    said += _about_report(terms, planned, reasons)
    if comparable:
        said.append(_about_choice(list(comparable.values())))
    return said


def about_verdicts(numbers: pd.DataFrame) -> list[str]:
    """Return what the table's verdicts mean: the margin of "reproduced", and what could not have been seen.

    Args:
        numbers: of the table, as in `TableResult`.
    """
    return [*_about_margin(numbers[numbers["report margin"].notna()]), *_about_unseen(numbers)]


def _about_margin(rows: pd.DataFrame) -> list[str]:
    if rows.empty:
        return []
    margin = rows["report margin"].iloc[0]
    said = [
        f"Reproduced means: the whole 95 % interval of our accuracy less the report's lies within -{margin:g} to "
        f"+{margin:g}, a margin that was set beforehand; by less than that, what is reproduced may differ."
    ]
    unknown = rows[rows["against report"] == SAME]
    if len(unknown):
        said.append(
            f"From the report's figure cannot be told apart: {listed(list(unknown['row']))}; a difference smaller than "
            f"{_span(unknown['report detectable'])} (half the width of the interval) would not have been seen."
        )
    return said


def _about_unseen(numbers: pd.DataFrame) -> list[str]:
    same = numbers[numbers["verdict"] == SAME]
    if same["detectable"].isna().all():
        return []
    return [
        "Rows that cannot be told apart from the chosen one are not proved equal to it: with these seeds and photos, "
        f"a difference of {_span(same['detectable'])} would have been seen in four of five such tables (80 % power, at "
        "the level that the correction leaves to the smallest p), a smaller one less often."
    ]


def _span(values: pd.Series) -> str:
    low, high = f"{values.min():.4f}", f"{values.max():.4f}"
    return low if low == high else f"{low} to {high}"


def _about_photos(terms: Terms, comparable: Mapping[str, list[Outcome]]) -> str:
    root = f"Photos: {terms.base.data.root}{', drawings and no photos' if is_drawn(terms) else ''}"
    if not comparable:
        return f"{root}. No row has all its seeds yet."
    chosen, (first, *_) = next(iter(comparable.items()))
    return (
        f"{root}; {len(first.valid.right):,} for validation and {len(first.test.right):,} for test, {terms.seeds} "
        f"{'seed' if terms.seeds == 1 else 'seeds'}. Chosen on validation, compared on test: {chosen}."
    )


def _about_report(terms: Terms, planned: PlannedTable, reasons: Mapping[str, str]) -> list[str]:
    figures = {row.row.name: row.row.report for row in planned.rows}
    names = [name for name, figure in figures.items() if figure.valid is not None or figure.test is not None]
    if terms.study.reported_of(planned.table) is None or not names:
        return []
    if reason := _reason_of_terms(terms):
        return [f"The report's figures are not comparable: {reason}."]
    rows_of: dict[str, list[str]] = {}
    for name in names:
        if reasons.get(name):
            rows_of.setdefault(reasons[name], []).append(name)
    if list(rows_of.values()) == [names]:
        return [f"The report's figures are not comparable: {reason}." for reason in rows_of]
    return [f"The report's figures of {listed(of)} are not comparable: {reason}." for reason, of in rows_of.items()]


def _about_choice(found: list[list[Outcome]]) -> str:
    first = found[0][0]
    bias = choice_bias(
        np.array([[one.valid.right for one in row] for row in found]),
        np.array([[one.test.right for one in row] for row in found]),
        first.valid.groups,
        first.test.groups,
        np.array([[one.last_valid for one in row] for row in found]),
    )
    return (
        "The epoch is chosen on validation, which flatters it: on average over these rows, validation accuracy less "
        f"test accuracy is {_gap(bias.valid_less_test)}, in which test photos that are harder by themselves count too; "
        f"the best epoch's less the last one's, both on validation, is {_gap(bias.best_less_last)}."
    )


def _gap(gap: Gap) -> str:
    mean, low, high = (round(value, 4) + 0.0 for value in (gap.mean, gap.low, gap.high))  # no -0.0000
    return f"{mean:+.4f}" if np.isnan(low) else f"{mean:+.4f} ({low:+.4f} to {high:+.4f})"


def _reason_of_terms(terms: Terms) -> str:
    if is_drawn(terms):
        return "these are drawings"
    return "" if is_full(terms) else "another budget"


def _reason_of_photos(terms: Terms, reported: Reported, row: PlannedRow, found: Outcome) -> str:
    for split in ("valid", "test"):
        ours, theirs = len(getattr(found, split).right), getattr(reported, split)
        if abs(ours - theirs) > _NEARLY * theirs:
            return f"other data, {ours:,} {split} photos where the report had {theirs:,}"
    classes = terms.photos.samples(row.trainings[0].recipe.data)["label"].nunique()
    if classes != reported.classes:
        return f"other data, {classes} classes where the report had {reported.classes}"
    return ""


def _photos(found: Outcome) -> tuple[str, str]:
    return found.valid.photos, found.test.photos
