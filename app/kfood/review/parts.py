"""What a page shows: pairs of photos by section, each with what can be decided about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Choice:
    """What may become of a photo's content.

    Args:
        digest, path, reason: as in fixes.csv.
        keep, drop: the first two answers in words.
        own: the label that it has anyway; '' where two files with this content have two.
        likely: the labels to offer first.
        leaks: whether it is to be dropped if test photos are to be new to the model.
    """

    digest: str
    path: str
    reason: str
    keep: str
    drop: str
    own: str
    likely: list[str]
    leaks: bool


@dataclass(frozen=True)
class Side:
    """One photo of a pair."""

    name: str
    path: str
    label: str
    split: str
    note: str
    choice: Choice | None


@dataclass(frozen=True)
class Card:
    """Two photos and what there is to say of them in a few words.

    Args:
        words: of what kind the pair is.
        sides: two, as they stand side by side.
        differs: which of "label" and "split" differ.
        choice: for both at once, where the files are the same; else each side has its own, if any.
        group: the name of the group that is proposed for them, or ''; `members` is how many photos it has.
    """

    words: str
    sides: tuple[Side, Side]
    differs: frozenset[str]
    choice: Choice | None
    group: str
    members: int


@dataclass(frozen=True)
class Part:
    """A section of the page: the pairs that it shows, of `total`; `leaks`: some of them may be dropped at once."""

    anchor: str
    title: str
    about: str
    total: int
    cards: list[Card]
    leaks: bool


def differing(left: Side, right: Side) -> frozenset[str]:
    """Return which of "label" and "split" are not the same."""
    return frozenset(name for name in ("label", "split") if getattr(left, name) != getattr(right, name))
