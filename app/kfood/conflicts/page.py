"""One HTML file that shows what was found as photos side by side; it needs no other file and no network."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from os.path import basename
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from kfood.conflicts.duplicates import EXACT, SCENE
from kfood.conflicts.findings import FINDINGS
from kfood.conflicts.search import Conflicts
from kfood.files import write_text
from kfood.report.curves import Scale
from kfood.report.results import BAR_WIDTH
from kfood.report.table_view import percent
from kfood.report.thumbnails import Thumbnails, make_thumbnails

_SHOWN = 100  # pairs of a section
_SECTIONS = {
    "seen": ("Test photos that were seen", "Left the test photo, right what the training has seen of it."),
    "conflict": ("Under two labels", "The same photo with two labels: one of them is wrong, or both dishes are there."),
    "leak": ("On both sides of a split", "What is learned by heart from the one counts as known of the other."),
    "data sets": (
        "In both data sets",
        "A model that starts from the one set's photos may know the other's test photos.",
    ),
    "same class": ("Twice in one class", "These count double. The splitter keeps them together, given their group."),
    "scene": (
        "Shots of one scene",
        "No copies, but another shot of the same table, often of the same dish. They are easier to tell than a new "
        "dish would be, and better kept in one split.",
    ),
}
_WORDS = {"exact": "the same file", "near": "a copy", "scene": "one scene"}


@dataclass(frozen=True)
class Side:
    """One photo of a pair: `source` is its small picture as a data URI, or '' where it has none."""

    name: str
    path: str
    label: str
    split: str
    note: str
    source: str


@dataclass(frozen=True)
class Pair:
    """Two photos and what there is to say of them in a few words; `differs` says which of label and split differ."""

    words: str
    left: Side
    right: Side
    differs: frozenset[str]


@dataclass(frozen=True)
class Part:
    """A section of the page: the pairs that it shows, of `total`."""

    anchor: str
    title: str
    about: str
    total: int
    pairs: list[Pair]


def write_page(found: Conflicts, folder: Path, source: str) -> Path:
    """Write conflicts.html into `folder` and return it; `source` says in words which photos were looked at."""
    tables = _tables(found)
    shown = {name: table.head(_SHOWN) for name, table in tables.items()}
    thumbnails = _thumbnails(list(shown.values()))
    parts = [
        Part(name.replace(" ", "-"), *_SECTIONS[name], len(tables[name]), [_pair(row, thumbnails) for row in rows])
        for name, rows in ((name, table.to_dict("records")) for name, table in shown.items())
        if rows
    ]
    context = {"source": source, "parts": parts, "left_out": len(found.left_out), "left": len(thumbnails.left_out)}
    context |= {"photos": len(found.samples), "groups": found.samples["together"].replace("", None).nunique()}
    context |= {"run": found.run, "accuracy": _accuracy(found), "bar_width": BAR_WIDTH, "most": _SHOWN}
    page = folder / "conflicts.html"
    write_text(page, _render(context))
    return page


def _tables(found: Conflicts) -> dict[str, pd.DataFrame]:
    """Return the pairs of each section, in the order of the page."""
    findings, scenes = found.findings, found.findings["kind"] == SCENE
    tables = {"seen": _seen(found)} if found.leaks else {}
    tables |= {name: findings[~scenes & (findings["finding"] == name)] for name in FINDINGS}
    return tables | {"scene": findings[scenes]}


def _seen(found: Conflicts) -> pd.DataFrame:
    """Return the run's leaks as pairs: the test photo, then the one that was seen."""
    table = found.leaks.table
    answers = [f"taken for {name}" for name in table["predicted"]]
    pairs = pd.DataFrame({"path_a": table["path"], "label_a": table["label"], "split_a": "test"})
    pairs = pairs.assign(path_b=table["seen_path"], label_b=table["seen_label"], split_b=table["seen_split"])
    pairs = pairs.assign(kind=table["kind"], similarity=table["similarity"], mirrored=False)
    answers = ["predicted right" if right else answer for right, answer in zip(table["right"], answers, strict=True)]
    return pairs.assign(subset_a=answers, subset_b=[f"seen by {name}" for name in table["seen_by"]])


def _thumbnails(tables: list[pd.DataFrame]) -> Thumbnails:
    """Make small pictures of all photos that are shown; where there is no room, the last of the page have none."""
    paths = [path for table in tables for pair in zip(table["path_a"], table["path_b"], strict=True) for path in pair]
    photos = pd.DataFrame({"path": list(dict.fromkeys(paths)), "area": ""})
    return make_thumbnails(photos.assign(loss=-photos.index.to_numpy(float)))


def _pair(row: dict[str, Any], thumbnails: Thumbnails) -> Pair:
    words = _WORDS[row["kind"]] + (", mirrored" if row["mirrored"] else "")
    if row["kind"] != EXACT:
        words += f" · {percent(row['similarity'], 0)} alike"
    left, right = (_side(row, side, thumbnails) for side in "ab")
    differs = {name for name in ("label", "split") if row[f"{name}_a"] != row[f"{name}_b"]}
    return Pair(words, left, right, frozenset(differs))


def _side(row: dict[str, Any], side: str, thumbnails: Thumbnails) -> Side:
    path, label, split, note = (row[f"{name}_{side}"] for name in ("path", "label", "split", "subset"))
    image = thumbnails.images.get(path)
    source = f"data:image/webp;base64,{base64.b64encode(image).decode()}" if image else ""
    return Side(basename(path), path, label, split, note, source)


def _accuracy(found: Conflicts) -> list[dict[str, Any]]:
    """Return the accuracies of the run as texts, with their intervals drawn on one scale."""
    if not found.leaks:
        return []
    table = found.leaks.accuracy[found.leaks.accuracy["n"] > 0]
    scale = Scale(max(0.0, table["low"].min() - 0.01), min(1.0, table["high"].max() + 0.01), 4, BAR_WIDTH - 4)
    return [
        {
            "photos": row.photos,
            "n": f"{row.n:,}",
            "accuracy": percent(row.accuracy),
            "interval": f"{percent(row.low)} to {percent(row.high)}",
            "bar": (scale(row.low), scale(row.accuracy), scale(row.high)),
        }
        for row in table.itertuples()
    ]


def _render(context: dict[str, Any]) -> str:
    """Return the page, in the looks of the report's."""
    loader = ChoiceLoader([PackageLoader("kfood.conflicts"), PackageLoader("kfood.report")])
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    styles = (loader.get_source(environment, name)[0] for name in ("page.css", "conflicts.css"))
    return environment.get_template("conflicts.html.j2").render(context, style=Markup("\n".join(styles)))
