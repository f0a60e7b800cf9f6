"""DataFrames as tables on the terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    import pandas as pd

_PLAIN_WIDTH = 160  # where stdout is no terminal, rich would cut tables at 80


def print_table(title: str, table: pd.DataFrame, numbers: str = "{:.3f}") -> None:
    """Print a table; `numbers` formats floats, missing values stay empty."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PLAIN_WIDTH)
    shown = Table(title=escape(title), title_justify="left", title_style="bold")
    for name, column in table.items():
        shown.add_column(escape(str(name)), justify="right" if column.dtype.kind in "if" else "left", overflow="fold")
    for row in table.itertuples(index=False):
        shown.add_row(*(escape(_cell(value, numbers)) for value in row))
    console.print(shown)


def _cell(value: object, numbers: str) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return numbers.format(value) if isinstance(value, float) else str(value)
