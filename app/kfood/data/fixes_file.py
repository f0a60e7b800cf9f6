"""fixes.csv: what a person decided about single photos. It is read before each training; no photo is ever touched.

A line a decision: `digest` (of the photo's content, as samples.csv has it, so that the decision outlives a new name),
`action`, `value`, and for people `path` and `reason`.

- drop: the photo is not trained on. `value` is empty.
- relabel: it is trained on as what `value` says.
- group: it stays in one split with all photos that have the same `value`, and with their own groups. A photo may be
  in several groups, which then become one.
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from kfood.data.csv_file import read_columns
from kfood.errors import DataError
from kfood.recipes.schema import nfc
from kfood.text import did_you_mean, listed, shortened

COLUMNS = ("digest", "action", "value", "path", "reason")
ACTIONS = DROP, RELABEL, GROUP = ("drop", "relabel", "group")
PROPOSED_GROUP = "same-"  # how names of groups begin that nobody has decided on
_NEEDED = ("digest", "action", "value")
_DIGEST = re.compile("[0-9a-f]{32}")


def read_fixes(path: Path) -> pd.DataFrame:
    """Read a file of decisions: of each photo at most one line that says to drop or relabel it.

    Returns:
        `COLUMNS` as text, a row a decision; its index are line numbers. Said twice is said once.

    Raises:
        DataError: the file cannot be read or is no CSV, has no such column, or a line says what cannot be done or
            contradicts another one. The message has the line.
    """
    rows = _rows(path)
    for line, row in rows.items():
        if not _DIGEST.fullmatch(row["digest"]):
            raise DataError(
                f'{path}, line {line}: "{shortened(row["digest"])}" is no digest: it has 32 hex digits, as in the '
                "samples.csv of a run."
            )
        if row["action"] not in ACTIONS:
            action = shortened(row["action"])
            raise DataError(
                f'{path}, line {line}: there is no action "{action}".{did_you_mean(action, ACTIONS)} '
                f"The actions are {listed(ACTIONS)}."
            )
        if not row["value"] and row["action"] != DROP:
            what = "the right class" if row["action"] == RELABEL else "the group's name"
            raise DataError(f"{path}, line {line}: the value is empty, but {row['action']} needs {what}.")
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(COLUMNS), dtype="str")
    table["value"] = table["value"].where(table["action"] != DROP, "")
    table = table[~table.duplicated(["digest", "action", "value"])]
    _require_one_decision(table, path)
    return table


def on_labels(table: pd.DataFrame) -> pd.DataFrame:
    """Return the decisions of which a photo can have but one; of groups it may have several."""
    return table[table["action"] != GROUP]


def _require_one_decision(table: pd.DataFrame, path: Path) -> None:
    """Check that nobody is asked to choose between two lines."""
    decided = on_labels(table)
    twice = decided.duplicated("digest")
    if not twice.any():
        return
    line = twice.idxmax()
    same = decided[decided["digest"] == decided.loc[line, "digest"]]
    first, second = (f"{row.action} {shortened(row.value)}".strip() for row in same.head(2).itertuples())
    raise DataError(
        f"{path}, line {line}: it says {second} of the photo of which line {same.index[0]} says {first}: keep one "
        "of the two lines."
    )


def _rows(path: Path) -> dict[int, dict[str, str]]:
    """Return the lines by number."""
    try:
        lines, columns = read_columns(path, _NEEDED, [name for name in COLUMNS if name not in _NEEDED])
    except DataError as error:
        raise DataError(f"data.fixes: {error}") from None
    return {
        line: _cleaned(dict(zip(columns, cells, strict=True)))
        for line, *cells in zip(lines, *columns.values(), strict=True)
    }


def _cleaned(row: dict[str, str]) -> dict[str, str]:
    return row | {"digest": row["digest"].lower(), "action": row["action"].lower(), "value": nfc(row["value"])}
