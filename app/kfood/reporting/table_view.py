"""DataFrames as the template shows them: every cell a text, numbers with as many decimals as their column needs."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from numbers import Integral, Real

import pandas as pd

_EXACT_BELOW = 0.0005  # what three decimals would show as 0.000


@dataclass(frozen=True)
class TableView:
    """A table of texts. `numeric` says for each column whether it is set flush right."""

    title: str
    columns: list[str]
    numeric: list[bool]
    rows: list[list[str]]


def view_table(title: str, table: pd.DataFrame) -> TableView:
    """Return the table as texts; what is missing (None, NaN) is ''.

    An index with a name becomes the first column; one without a name is not shown.
    """
    shown = table.reset_index() if any(table.index.names) else table
    columns = [_column(shown.iloc[:, number].tolist()) for number in range(shown.shape[1])]
    rows = [list(row) for row in zip(*(texts for texts, _ in columns), strict=True)]
    return TableView(title, [_name(name) for name in shown.columns], [numeric for _, numeric in columns], rows)


def number_text(value: float, decimals: int = 3) -> str:
    """Return a number for a person: '0.862'; '4.7e-08' where the decimals would hide it; '' for NaN."""
    if math.isnan(value):
        return ""
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value != 0 and abs(value) < _EXACT_BELOW * 10 ** (3 - decimals):
        return f"{value:.2g}"
    return f"{value:.{decimals}f}"


def percent(share: float | None, decimals: int = 1) -> str:
    """Return a share of 0 to 1 as '86.2%'; '' where there is none."""
    return "" if _is_missing(share) else f"{share:.{decimals}%}"


def _column(values: list[object]) -> tuple[list[str], bool]:
    present = [value for value in values if not _is_missing(value)]
    numbers = [float(value) for value in present if isinstance(value, Real) and not isinstance(value, bool)]
    numeric = bool(present) and len(numbers) == len(present)
    decimals = _decimals(numbers) if numeric else 3
    return [_text(value, decimals) for value in values], numeric


def _decimals(values: list[float]) -> int:
    """Return how many decimals tell the values of a column apart without filling it with digits."""
    finite = [abs(value) for value in values if math.isfinite(value)]
    largest = max(finite, default=0.0)
    if largest > 1 and all(value.is_integer() for value in finite):  # counts; those with a gap are floats in pandas
        return 0
    return 3 if largest < 10 else 2 if largest < 100 else 1


def _text(value: object, decimals: int) -> str:
    if _is_missing(value):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Integral):
        return str(value)
    return number_text(float(value), decimals) if isinstance(value, Real) else str(value)


def _is_missing(value: object) -> bool:
    return value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def _name(column: Hashable) -> str:
    return " ".join(map(str, column)) if isinstance(column, tuple) else str(column)
