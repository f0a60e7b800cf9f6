"""Writes the page of a study: every table, the report's figures beside ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kfood.errors import KfoodError
from kfood.files import write_text
from kfood.report.curves import Scale
from kfood.report.render import render
from kfood.report.results import BAR_WIDTH
from kfood.report.table_view import percent, view_table
from kfood.study.session import Standing
from kfood.study.tables import TableResult
from kfood.study.trainings import Terms

_MARGIN = 0.01  # of accuracy, left free on both sides of the intervals


def write_study_page(results: list[TableResult], terms: Terms, now: Standing, out: Path) -> Path:
    """Write one HTML file with the study's tables, which needs no other file and no network; return its path.

    Args:
        results: of the tables, as far as they are.
        terms: of the study.
        now: how far it is.
        out: the file, written whole or not at all.

    Raises:
        KfoodError: the file cannot be written.
    """
    page = render(_context(results, terms, now), "study.html.j2")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_text(out, page)
    except OSError as error:
        raise KfoodError(f"The report {out} cannot be written: {error}. Name another file with --out.") from None
    return out


def _context(results: list[TableResult], terms: Terms, now: Standing) -> dict[str, Any]:
    return {
        "title": terms.study.name,
        "budget": terms.budget.about,
        "whole": terms.budget_name == "full",
        "data": terms.base.data.root,
        "done": sum(key in now.outcomes for key in now.trainings),
        "failed": sum(key in now.failed for key in now.trainings),
        "total": len(now.trainings),
        "tables": [_table(result) for result in results],
        "bar_width": BAR_WIDTH,
    }


def _table(result: TableResult) -> dict[str, Any]:
    numbers = result.rows.drop(columns=["verdict", "against report"])
    return {
        "name": result.table.name,
        "title": result.table.title,
        "section": result.table.section,
        "sentences": result.sentences,
        "rows": _rows(result),
        "numbers": view_table(f"All numbers of {result.table.title}", numbers),
        "notes": [(row.name, row.report.note) for row in result.table.rows if row.report.note],
        "folders": [(row, folder) for row, folders in result.folders.items() for folder in folders],
    }


def _rows(result: TableResult) -> list[dict[str, Any]]:
    """Return the rows as texts, with their intervals drawn on one scale."""
    drawn = result.estimates.values()
    low = max(0.0, min((one.low for one in drawn), default=0.0) - _MARGIN)
    high = min(1.0, max((one.high for one in drawn), default=1.0) + _MARGIN)
    scale = Scale(low, high, 4, BAR_WIDTH - 4)
    rows = []
    for row in result.rows.to_dict("records"):
        ours = result.estimates.get(row["row"])
        rows.append(
            {
                "name": row["row"],
                "chosen": row["row"] == result.winner,
                "seeds": row["seeds"],
                "valid": percent(row["valid"]),
                "test": percent(row["test"]),
                "interval": f"{percent(ours.low)} to {percent(ours.high)}" if ours else "",
                "bar": (scale(ours.low), scale(ours.mean), scale(ours.high)) if ours else None,
                "verdict": row["verdict"],
                "report": percent(row["report valid"]),
                "report_test": percent(row["report test"]),
                "against": row["against report"],
            }
        )
    return rows
