"""What was found, as files in a folder."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from kfood.conflicts.page import write_page
from kfood.conflicts.proposals import proposed_fixes, write_groups
from kfood.conflicts.search import Conflicts
from kfood.files import write_csv
from kfood.review.decided import decided_fixes
from kfood.system_errors import writing_into


def write_conflicts(found: Conflicts, folder: Path) -> list[Path]:
    """Write everything that was found and return the files; those of an earlier time are replaced.

    conflicts.html shows it. conflicts.csv has a row a pair, leaks.csv a row for each test photo that a run has seen.
    groups.csv can be trained on, and fixes.csv says what to keep together by the photos' contents.

    Args:
        found: what `find_conflicts` returned.
        folder: made where it is not there.

    Raises:
        KfoodError: the folder cannot be written, or a fixes.csv that is there cannot be read or contradicts the fixes
            that were followed; then nothing is written.
    """
    fixes = pd.concat([decided_fixes(folder / "fixes.csv", found.data.fixes), proposed_fixes(found.samples)])
    fixes = fixes.drop_duplicates(["digest", "action", "value"], ignore_index=True)
    tables = {"fixes.csv": fixes, "conflicts.csv": found.findings}
    if found.leaks:
        tables["leaks.csv"] = found.leaks.table
    with writing_into(folder):
        page = write_page(found, fixes, folder)
        for name, table in tables.items():
            write_csv(folder / name, table)
        return [page, *(folder / name for name in tables), *write_groups(found.samples, folder)]
