"""One thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What was looked at and found, and what is wrong with it; '' where nothing is.

    `problem` says what to do. Something `serious` keeps kfood from working as it promises.
    """

    what: str
    found: str
    problem: str = ""
    serious: bool = False
