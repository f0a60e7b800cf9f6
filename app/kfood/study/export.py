"""A study's tables as files: CSV to reckon with, Markdown to show."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from kfood.errors import KfoodError
from kfood.files import write_csv, write_text
from kfood.study.tables import TableResult
from kfood.system_errors import cannot_use


def export_study(results: list[TableResult], folder: Path) -> list[Path]:
    """Write a CSV file for each table, and study.md with all of them; return the files.

    Raises:
        KfoodError: there is nothing to write, or the folder cannot be written.
    """
    if not results:
        raise KfoodError("The study has no table yet.")
    files = [folder / f"{result.table.name}.csv" for result in results]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, result in zip(files, results, strict=True):
            write_csv(file, result.rows)
        write_text(folder / "study.md", "\n".join(_section(result) for result in results))
    except OSError as error:
        raise cannot_use(folder, error) from None
    return [*files, folder / "study.md"]


def _section(result: TableResult) -> str:
    section = f" (report {result.table.section})" if result.table.section else ""
    sentences = "\n".join(result.sentences)
    return f"## {_inline(result.table.title)}{section}\n\n{_inline(sentences)}\n\n{markdown(result.rows)}\n"


def markdown(table: pd.DataFrame) -> str:
    """Return a table in Markdown; what is missing is left empty, floats have four decimals."""
    lines = [list(map(str, table.columns)), ["---"] * len(table.columns)]
    lines += [[_cell(value) for value in row] for row in table.itertuples(index=False)]
    return "\n".join(f"| {' | '.join(_inline(cell).replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def _cell(value: object) -> str:
    if value is None or value != value:  # NaN
        return ""
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _inline(text: str) -> str:
    return " ".join(text.split())
