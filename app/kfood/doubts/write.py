"""What was found, as files in a folder."""

from __future__ import annotations

from pathlib import Path

from kfood.doubts.labels import proposed_relabels
from kfood.doubts.page import write_page
from kfood.doubts.search import Doubts
from kfood.files import write_csv
from kfood.review.decided import merged_fixes
from kfood.system_errors import cannot_use


def write_doubts(found: Doubts, folder: Path) -> list[Path]:
    """Write everything that was found and return the files; those of an earlier time are replaced.

    doubts.html shows it, doubts.csv has a row a photo, and fixes.csv proposes labels.

    Args:
        found: what `find_doubts` returned.
        folder: made where it is not there.

    Raises:
        KfoodError: the folder cannot be written, or a fixes.csv that is there cannot be read or contradicts the fixes
            that were followed; then nothing is written.
    """
    fixes = merged_fixes(proposed_relabels(found.photos), folder / "fixes.csv", found.data.fixes)
    tables = {"doubts.csv": found.photos, "fixes.csv": fixes}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        page = write_page(found, fixes, folder)
        for name, table in tables.items():
            write_csv(folder / name, table)
        return [page, *(folder / name for name in tables)]
    except OSError as error:
        raise cannot_use(folder, error) from None
