"""What was found as the page shows it: pairs of photos, the most serious first."""

from __future__ import annotations

from os.path import basename
from typing import Any

import pandas as pd

from kfood.duplicates.findings import FINDINGS
from kfood.duplicates.matching import EXACT, NEAR, SCENE
from kfood.duplicates.search import Duplicates
from kfood.reporting.table_view import percent
from kfood.review.parts import Card, Choice, Part, Side, differing

_SHOWN = 100  # pairs of a section
_TEST = "test"
_SEEN = "seen"  # the section on what a run has seen, which is only looked at
_LEAKING = ("leak", "data sets")  # those in which all that leaks may be dropped at once
_SECTIONS = {
    _SEEN: ("Test photos that were seen", "Left the test photo, right what the training has seen of it."),
    "conflict": ("Under two labels", "The same photo with two labels: one of them is wrong, or both dishes are there."),
    "leak": (
        "On both sides of a split",
        "What is learned by heart from one counts as known of the other. Kept together, both come into one split; "
        "where the test photos have a folder of their own, drop what is not in it.",
    ),
    "data sets": (
        "In both data sets",
        "A model that starts from one set's photos may know the other's test photos.",
    ),
    "same class": ("Twice in one class", "These count double. The splitter keeps them together, given their group."),
    "scene": (
        "Shots of one scene",
        "No copies, but another shot of the same table, often of the same dish. They are easier to tell than a new "
        "dish would be, and better kept in one split.",
    ),
}
_WORDS = {EXACT: "the same file", NEAR: "a copy", SCENE: "one scene"}
_REASONS = {EXACT: "the same file as", NEAR: "a copy of", SCENE: "the same scene as"}


def duplicate_parts(found: Duplicates) -> list[Part]:
    """Return the sections that have pairs, in the order of the page, each with its most serious pairs first."""
    members = found.samples["together"].value_counts().to_dict()
    parts = []
    for name, table in _tables(found).items():
        rows = table.head(_SHOWN).to_dict("records")
        cards = [_card(row, members) if name != _SEEN else _only_seen(row) for row in rows]
        choices = [choice for card in cards for choice in (card.choice, *(side.choice for side in card.sides))]
        leaks = name in _LEAKING and any(choice.leaks for choice in choices if choice)
        if cards:
            parts.append(Part(name.replace(" ", "-"), *_SECTIONS[name], len(table), cards, leaks))
    return parts


def _tables(found: Duplicates) -> dict[str, pd.DataFrame]:
    findings, scenes = found.findings, found.findings["kind"] == SCENE
    tables = {_SEEN: found.leaks.table} if found.leaks else {}
    tables |= {name: findings[~scenes & (findings["finding"] == name)] for name in FINDINGS}
    return tables | {"scene": findings[scenes]}


def _only_seen(row: dict[str, Any]) -> Card:
    """Return a run's leak: the test photo, then the one that was seen."""
    answer = "predicted right" if row["right"] else f"taken for {row['predicted']}"
    test = Side(basename(row["path"]), row["path"], row["label"], _TEST, answer, None)
    by = f"seen by {row['seen_by']}"
    seen = Side(basename(row["seen_path"]), row["seen_path"], row["seen_label"], row["seen_split"], by, None)
    return Card(_words(row), (test, seen), differing(test, seen), None, "", 0)


def _card(row: dict[str, Any], members: dict[str, int]) -> Card:
    same = row["kind"] == EXACT
    left, right = (_side(row, side, None if same else _choice(row, side, other)) for side, other in ("ab", "ba"))
    choice = _choice_for_both(row) if same else None
    return Card(_words(row), (left, right), differing(left, right), choice, row["group"], members.get(row["group"], 0))


def _side(row: dict[str, Any], side: str, choice: Choice | None) -> Side:
    path = row[f"path_{side}"]
    return Side(basename(path), path, row[f"label_{side}"], row[f"split_{side}"], row[f"subset_{side}"], choice)


def _choice(row: dict[str, Any], side: str, other: str) -> Choice:
    label, theirs = row[f"label_{side}"], row[f"label_{other}"]
    return Choice(
        digest=row[f"digest_{side}"],
        path=row[f"path_{side}"],
        reason=f"{_REASONS[row['kind']]} {row[f'path_{other}']} ({theirs}, {row[f'split_{other}']})",
        keep=f"keep as {label}",
        drop="drop",
        own=label,
        likely=[theirs] if theirs != label else [],
        leaks=row[f"split_{side}"] != _TEST and row[f"split_{other}"] == _TEST,
    )


def _choice_for_both(row: dict[str, Any]) -> Choice:
    labels = list(dict.fromkeys((row["label_a"], row["label_b"])))
    return Choice(
        digest=row["digest_a"],
        path=row["path_a"],
        reason=f"{_REASONS[EXACT]} {row['path_b']} ({row['label_b']}, {row['split_b']})",
        keep="keep both files as they are",
        drop="drop both",
        own=labels[0] if len(labels) == 1 else "",
        likely=labels if len(labels) > 1 else [],
        leaks=(row["split_a"] == _TEST) != (row["split_b"] == _TEST),
    )


def _words(row: dict[str, Any]) -> str:
    words = _WORDS[row["kind"]] + (", mirrored" if row.get("mirrored") else "")
    return words if row["kind"] == EXACT else f"{words} · {percent(row['similarity'], 0)} alike"
