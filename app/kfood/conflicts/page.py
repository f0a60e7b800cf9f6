"""The page on photos that are there twice."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from kfood.conflicts.cards import parts_of
from kfood.conflicts.search import Conflicts
from kfood.review.page import Review, Shares, shares, write_review


def write_page(found: Conflicts, fixes: pd.DataFrame, folder: Path) -> Path:
    """Write conflicts.html into `folder` and return it; see `write_review`.

    Args:
        found: what `find_conflicts` returned.
        fixes: what is decided and proposed so far.
        folder: must be there.
    """
    left_out = f"; left out, as they cannot be read: {len(found.left_out):,}" if len(found.left_out) else ""
    review = Review(
        command="kfood data conflicts",
        title="Photos that are there twice",
        source=found.data.root,
        about=f"{len(found.samples):,} photos compared{left_out}",
        results=_accuracy(found),
        advice="Photos that show the same are kept in one split unless you say otherwise.",
        parts=parts_of(found),
        nothing="No photo is there twice.",
    )
    return write_review(review, fixes, found.samples["label"].unique(), folder / "conflicts.html")


def _accuracy(found: Conflicts) -> list[Shares]:
    if not found.leaks:
        return []
    table = found.leaks.accuracy[found.leaks.accuracy["n"] > 0]
    rows = table.rename(columns={"photos": "name", "accuracy": "share"}).assign(note="")
    hint = "Seen are the photos that this training, or one that it started from, learned from or was chosen by."
    return [shares(f"What is left of the accuracy of {found.run.name}", "accuracy", rows, hint)]
