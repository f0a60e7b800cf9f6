"""A study's tables as files: CSV to reckon with, Markdown to show."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from kfood.errors import KfoodError
from kfood.study.tables import TableResult
from kfood.system.files import write_csv, write_text
from kfood.system.os_errors import writing_into

_MARKUP = re.compile(r"([\\|<>&`*\[\]])")  # what Markdown, or the HTML in it, would take for more than text


def export_study(results: list[TableResult], folder: Path) -> list[Path]:
    """Write a CSV file for each table, and study.md with all of them; return the files.

    The CSV holds the numbers, one in a cell (see `TableResult`). The Markdown holds the same table as a person reads
    it, below its caption: budget, photos, seeds, and what may not be concluded.

    Raises:
        KfoodError: there is nothing to write, or the folder cannot be written.
    """
    if not results:
        raise KfoodError("The study has no table yet.")
    files = [folder / f"{result.table.name}.csv" for result in results]
    with writing_into(folder):
        for file, result in zip(files, results, strict=True):
            write_csv(file, result.numbers)
        write_text(folder / "study.md", "\n".join(_section(result) for result in results))
    return [*files, folder / "study.md"]


def markdown(table: pd.DataFrame) -> str:
    """Return a table in Markdown, in which every text stands as it is; what is missing is left empty.

    Floats have four decimals, but minutes one.
    """
    lines = [[_inline(str(name)) for name in table.columns], ["---"] * len(table.columns)]
    for row in table.itertuples(index=False):
        lines.append([_cell(value, name) for name, value in zip(table.columns, row, strict=True)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _section(result: TableResult) -> str:
    section = f" (report {result.table.section})" if result.table.section else ""
    notes = [f"The report on {row.name}: {row.report.note}." for row in result.table.rows if row.report.note]
    caption = " ".join([*result.sentences, *notes])
    return f"## {_inline(result.table.title + section)}\n\n{_inline(caption)}\n\n{markdown(result.rows)}\n"


def _cell(value: object, column: str) -> str:
    if value is None or value != value:  # NaN
        return ""
    return f"{value:.{1 if column == 'minutes' else 4}f}" if isinstance(value, float) else _inline(str(value))


def _inline(text: str) -> str:
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))
