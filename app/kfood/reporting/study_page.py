"""Writes the page of a study: every table, the report's figures beside ours."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from kfood.reporting.curves import Scale
from kfood.reporting.render import render, write_html
from kfood.reporting.results import BAR_WIDTH
from kfood.reporting.table_view import percent, view_table
from kfood.study.schema import Figures
from kfood.study.sentences import is_drawn, is_full
from kfood.study.session import Progress
from kfood.study.tables import TableResult
from kfood.study.trainings import Terms
from kfood.study.verdicts import SAME

_MARGIN = 0.01  # of accuracy, left free on both sides of the intervals


def write_study_page(results: list[TableResult], terms: Terms, now: Progress, out: Path) -> Path:
    """Write one HTML file with the study's tables, which needs no other file and no network; return its path.

    Args:
        results: of the tables, as far as they are.
        terms: of the study.
        now: how far it is.
        out: the file, written whole or not at all.

    Raises:
        KfoodError: the file cannot be written.
    """
    return write_html(out, render(_context(results, terms, now), "study.html.j2"))


def _context(results: list[TableResult], terms: Terms, now: Progress) -> dict[str, Any]:
    return {
        "title": terms.study.name,
        "budget": terms.budget.about,
        "full": is_full(terms),
        "drawn": is_drawn(terms),
        "data": terms.base.data.root,
        "rows_done": sum(int((result.numbers["low"].notna()).sum()) for result in results),
        "rows": sum(len(result.numbers) for result in results),
        "done": sum(key in now.outcomes for key in now.trainings),
        "failed": sum(key in now.failed for key in now.trainings),
        "running": len(now.running),
        "total": len(now.trainings),
        "tables": [_table(result) for result in results],
        "bar_width": BAR_WIDTH,
    }


def _table(result: TableResult) -> dict[str, Any]:
    texts = ["verdict", "against report", "report split"]
    notes = {row.name: row.report.note for row in result.table.rows}
    return {
        "anchor": f"table-{result.table.name}",  # the page has names of its own
        "title": result.table.title,
        "section": result.table.section,
        "sentences": result.sentences,
        "reported": any(row.report != Figures() for row in result.table.rows),
        "rows": [_row(one, result, notes[one["row"]]) for one in _with_bars(result)],
        "numbers": view_table(f"All numbers of {result.table.title}", result.numbers.drop(columns=texts)),
        "folders": [(row, folder) for row, folders in result.folders.items() for folder in folders],
    }


def _with_bars(result: TableResult) -> list[dict[str, Any]]:
    """Return the rows with their intervals drawn on one scale."""
    low = max(0.0, result.numbers["low"].min() - _MARGIN)
    high = min(1.0, result.numbers["high"].max() + _MARGIN)
    scale = Scale(low, high, 4, BAR_WIDTH - 4)
    rows = result.numbers.to_dict("records")
    for one in rows:
        known = not math.isnan(one["low"])
        one["bar"] = (scale(one["low"]), scale(one["test"]), scale(one["high"])) if known else None
    return rows


def _row(one: dict[str, Any], result: TableResult, note: str) -> dict[str, Any]:
    figures = {split: percent(one[f"report {split}"]) for split in ("valid", "test")}
    return {
        "name": one["row"],
        "chosen": one["row"] == result.winner,
        "failed": one["verdict"].startswith("failed"),
        "seeds": f"{one['seeds done']} of {one['seeds']}",
        "valid": percent(one["valid"]),
        "test": percent(one["test"]),
        "interval": f"{percent(one['low'])} to {percent(one['high'])}" if one["bar"] else "",
        "bar": one["bar"],
        "verdict": one["verdict"],
        "difference": _points(one, "difference"),
        "detectable": f"{100 * one['detectable']:.1f}" if one["verdict"] == SAME else "",
        "report_valid": figures["valid"],
        "report_test": figures["test"],
        "note": note,
        "against": one["against report"] or "",
        "against_split": {"valid": "validation", "test": "test"}.get(one["report split"], ""),
        "report_difference": _points(one, "report difference"),
        "report_margin": "" if math.isnan(one["report margin"]) else f"{100 * one['report margin']:g}",
    }


def _points(one: dict[str, Any], column: str) -> str:
    """Return a difference of accuracies in percentage points: '+1.2 (−0.3 to +2.7)'; '' where there is none."""
    mean, low, high = (100 * one[name] for name in (column, f"{column} low", f"{column} high"))
    return "" if math.isnan(mean) else f"{mean:+.1f} ({low:+.1f} to {high:+.1f})".replace("-", "−")
