"""The page on labels that may be wrong: each photo beside the one most like it of those labelled as proposed."""

from __future__ import annotations

from os.path import basename
from pathlib import Path
from typing import Any

import pandas as pd

from kfood.label_issues.error_estimates import TITLE
from kfood.label_issues.search import LabelIssues, PairLabelIssues
from kfood.review.page import Review, Shares, shares, write_review
from kfood.review.parts import Card, Choice, Part, Side, differing

_SHOWN = {"issues": 1000, "unsure": 100}  # photos of a section
_SECTIONS = {
    "issues": (
        "Labels taken for wrong",
        "Models that have not seen the photo are surer of another dish than they are of most of its own photos.",
    ),
    "unsure": ("Labels less sure", "Another dish is more probable, but not by enough to take the label for wrong."),
}


def write_issues_page(found: LabelIssues, decided: pd.DataFrame, folder: Path) -> Path:
    """Write label-issues.html into `folder` and return it; see `write_review`.

    Args:
        found: what `find_label_issues` returned.
        decided: as `decided_fixes` returns it.
        folder: must be there.
    """
    review = Review(
        command="kfood data label-issues",
        title="Labels that may be wrong",
        source=found.data.root,
        about=f"{len(found.photos):,} labels judged, each by models that have not seen its photo",
        results=_of_pair(found.pair) if found.pair else [],
        advice="Nothing is decided yet but what you decided earlier: many a label taken for wrong is right.",
        parts=issue_parts(found.photos),
        nothing="No label is in doubt.",
    )
    return write_review(review, decided, found.photos["label"].unique(), folder / "label-issues.html")


def issue_parts(photos: pd.DataFrame) -> list[Part]:
    """Return the sections that have photos, the lowest quality first; `photos` as in `LabelIssues`."""
    other = photos[photos["proposed"] != photos["label"]]
    tables = {"issues": other[other["is_label_issue"]], "unsure": other[~other["is_label_issue"]]}
    return [_part(name, table) for name, table in tables.items() if len(table)]


def _part(name: str, table: pd.DataFrame) -> Part:
    cards = [_card(row) for row in table.head(_SHOWN[name]).to_dict("records")]
    return Part(name, *_SECTIONS[name], len(table), cards, leaks=False)


def _card(row: dict[str, Any]) -> Card:
    label, proposed = row["label"], row["proposed"]
    said = f"{proposed} {row['probability']:.2f}, {label} {row['probability_of_label']:.2f}"
    choice = Choice(
        digest=row["digest"],
        path=row["path"],
        reason=f"label quality {row['label_quality']:.2f}: {said}",
        keep=f"keep as {label}",
        drop="drop",
        own=label,
        likely=[proposed],
        leaks=False,
    )
    photo = Side(basename(row["path"]), row["path"], label, row["split"], "", choice)
    alike = Side(basename(row["alike"]), row["alike"], proposed, "", f"the most like it of {proposed}", None)
    return Card(said, (photo, alike), differing(photo, alike), None, "", 0)


def _of_pair(found: PairLabelIssues) -> list[Shares]:
    noise_rates, error_estimates = found.noise_rates.table(found.pair), found.error_estimates
    rates = noise_rates.rename(columns={"photos": "name", "flipped labels": "share"}).assign(note="")
    errors = error_estimates.rename(columns={"by": "name", "error": "share", "if": "note"})
    return [
        shares(f"Flipped labels of {found.pair[0]} and {found.pair[1]}", "flipped", rates, found.noise_rates.caution),
        shares(TITLE, "error", errors),
    ]
