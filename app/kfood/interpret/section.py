"""One topic of what is said about a run: a few sentences, tables and pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd


@dataclass
class Section:
    """What the terminal prints and the report page shows of one topic.

    Args:
        name: of the option that asks for it, such as "top-losses".
        title: a few words.
        text: sentences, each a line of its own.
        tables: by title.
        figures: PNG files, by what is seen in them.
        missing: why nothing can be shown; '' where something is.
    """

    name: str
    title: str
    text: list[str] = field(default_factory=list)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    figures: dict[str, Path] = field(default_factory=dict)
    missing: str = ""
