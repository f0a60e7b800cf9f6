"""One HTML file that shows photos side by side and lets a person decide; it needs no other file and no network."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from kfood.reporting.curves import Scale
from kfood.reporting.render import render
from kfood.reporting.results import BAR_WIDTH
from kfood.reporting.table_view import percent
from kfood.reporting.thumbnails import Thumbnails, make_thumbnails
from kfood.review.parts import Part
from kfood.system.files import write_text

_MARGIN = 0.01  # left free on both sides of intervals


@dataclass(frozen=True)
class Share:
    """A share of photos as texts; `bar` is its interval drawn (left end, point, right end), None where n is 0."""

    name: str
    note: str
    value: str
    interval: str
    n: str
    bar: tuple[float, float, float] | None


@dataclass(frozen=True)
class Shares:
    """A table of shares with their intervals; `what` they are shares of, and a hint below it."""

    title: str
    what: str
    rows: list[Share]
    hint: str


@dataclass(frozen=True)
class Review:
    """A page.

    Args:
        command: that made it.
        title: of the page.
        source: where the photos lie.
        about: what was looked at, in a sentence.
        results: tables above the photos.
        advice: how to decide, in a sentence.
        parts: the sections with photos.
        nothing: what is said where there are none.
    """

    command: str
    title: str
    source: str
    about: str
    results: list[Shares]
    advice: str
    parts: list[Part]
    nothing: str


def write_review(review: Review, fixes: pd.DataFrame, classes: Iterable[str], page: Path) -> Path:
    """Write the page and return its path.

    A person decides on it what to drop or relabel, and takes fixes.csv from it.

    Args:
        review: what it shows.
        fixes: what is decided and proposed so far.
        classes: that a photo may be given.
        page: the file; its folder must be there.
    """
    thumbnails = _thumbnails(review.parts)
    context = {
        "review": review,
        "without_picture": len(thumbnails.left_out),
        "pictures": {path: base64.b64encode(image).decode() for path, image in thumbnails.images.items()},
        "decisions": {"head": list(fixes), "rows": fixes.to_numpy().tolist(), "classes": sorted(classes)},
        "bar_width": BAR_WIDTH,
    }
    styles, script = ("page.css", "review.css"), "decisions.js"
    write_text(page, render(context, "review.html.j2", "kfood.review", styles, script))
    return page


def shares(title: str, what: str, table: pd.DataFrame, hint: str = "") -> Shares:
    """Return shares as texts, with their intervals drawn on one scale.

    Args:
        title, what, hint: as they are shown.
        table: `name`, `note`, `share`, `low`, `high` (each 0 to 1, NaN where n is 0) and `n`.
    """
    scale = Scale(max(0.0, table["low"].min() - _MARGIN), min(1.0, table["high"].max() + _MARGIN), 4, BAR_WIDTH - 4)
    return Shares(title, what, [_share(row, scale) for row in table.to_dict("records")], hint)


def _share(row: dict[str, Any], scale: Scale) -> Share:
    low, share, high = row["low"], row["share"], row["high"]
    n = f"{row['n']:,}"
    if any(map(math.isnan, (low, share, high))):
        return Share(row["name"], row["note"], "", "", n, None)
    bar = (scale(low), scale(share), scale(high))
    return Share(row["name"], row["note"], percent(share), f"{percent(low)} to {percent(high)}", n, bar)


def _thumbnails(parts: list[Part]) -> Thumbnails:
    """Make small pictures of all photos that are shown; where there is no room, the last of the page have none."""
    paths = [side.path for part in parts for card in part.cards for side in card.sides]
    photos = pd.DataFrame({"path": list(dict.fromkeys(paths)), "area": ""})
    return make_thumbnails(photos.assign(loss=-photos.index.to_numpy(float)))
