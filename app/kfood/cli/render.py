"""Tables on the terminal."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kfood.text import printable

if TYPE_CHECKING:
    import pandas as pd

_PLAIN_WIDTH = 160  # where stdout is no terminal, rich would cut tables at 80


def print_table(title: str, table: pd.DataFrame, numbers: str = "{:.3f}") -> None:
    """Print a table; `numbers` formats floats, missing values stay empty."""
    numeric = [name for name, column in table.items() if column.dtype.kind in "if"]
    _print(title, list(table), table.itertuples(index=False), numeric, numbers)


def print_rows(title: str, rows: list[dict[str, object]], numbers: str = "{:.3f}") -> None:
    """Print rows, one or more, that all have the same keys; else as `print_table`."""
    numeric = [name for name in rows[0] if all(isinstance(row[name], int | float | None) for row in rows)]
    _print(title, list(rows[0]), (row.values() for row in rows), numeric, numbers)


def _print(
    title: str, names: Sequence[Hashable], rows: Iterable[Iterable[object]], numeric: Sequence[Hashable], numbers: str
) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PLAIN_WIDTH)
    shown = Table(title=Text(printable(title), style="bold"), title_justify="left")
    for name in names:
        shown.add_column(_text(str(name)), justify="right" if name in numeric else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(_text(_cell(value, numbers)) for value in row))
    console.print(shown)


def _text(cell: str) -> Text:
    """Show a cell as it is: not as rich's markup, nor as what a terminal would obey."""
    return Text(printable(cell))


def _cell(value: object, numbers: str) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return numbers.format(value) if isinstance(value, float) else str(value)
