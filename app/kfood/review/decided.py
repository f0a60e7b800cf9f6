"""What a person has decided before: it is not lost when a search is made again."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from kfood.data.fixes_file import COLUMNS, GROUP, PROPOSED_GROUP, on_labels, read_fixes
from kfood.errors import KfoodError


def decided_fixes(file: Path, followed: str = "") -> pd.DataFrame:
    """Return all that a person decided about photos, as `read_fixes` does; groups that were but proposed are left out.

    Args:
        file: where decisions may be.
        followed: the fixes that the photos were found with; '' for none.

    Raises:
        KfoodError: either cannot be read as fixes, or they contradict each other.
    """
    tables = [pd.DataFrame(columns=list(COLUMNS), dtype="str")]
    if followed:
        tables.append(read_fixes(Path(followed)))
    if file.exists() and str(file.absolute()) != followed:
        there = read_fixes(file)
        tables.append(there[~((there["action"] == GROUP) & there["value"].str.startswith(PROPOSED_GROUP))])
    fixes = pd.concat(tables).drop_duplicates(["digest", "action", "value"], ignore_index=True)
    decided = on_labels(fixes)
    if (twice := decided["digest"].duplicated()).any():
        photo = decided[twice].iloc[0]
        raise KfoodError(
            f"{file} and {followed} decide differently about {photo['path'] or photo['digest']}: let them say the "
            "same, or name another folder with --out."
        )
    return fixes
