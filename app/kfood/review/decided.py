"""What is proposed, and what a person has decided before: neither is lost when a search is made again."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from kfood.data.fixes_file import GROUP, PROPOSED_GROUP, on_labels, read_fixes
from kfood.errors import KfoodError


def merged_fixes(proposed: pd.DataFrame, file: Path, followed: str = "") -> pd.DataFrame:
    """Return proposals with all that a person decided (see `read_fixes`); where a label was decided on, that stays.

    Args:
        proposed: lines of fixes.
        file: that they are for. Where it is there already, what a person decided in it stays, and what was proposed
            earlier is left out.
        followed: the fixes that the samples have, which stay too; '' for none.

    Raises:
        KfoodError: either cannot be read as fixes, or they contradict each other.
    """
    tables = []
    if file.exists() and str(file.absolute()) != followed:
        there = read_fixes(file)
        tables.insert(0, there[~((there["action"] == GROUP) & there["value"].str.startswith(PROPOSED_GROUP))])
    if followed:
        tables.insert(0, read_fixes(Path(followed)))
    decided = on_labels(pd.concat([proposed.head(0), *tables])).drop_duplicates(["digest", "action", "value"])
    if (twice := decided["digest"].duplicated()).any():
        photo = decided[twice].iloc[0]
        raise KfoodError(
            f"{file} and {followed} decide differently about {photo['path'] or photo['digest']}: let them say the "
            "same, or name another folder with --out."
        )
    known = (proposed["action"] != GROUP) & proposed["digest"].isin(decided["digest"])
    fixes = pd.concat([*tables, proposed[~known]])
    return fixes.drop_duplicates(["digest", "action", "value"], ignore_index=True)
