"""What is asked about a run, and what is said about one topic of it: a few sentences, tables and pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

CAM, OCCLUSION, LAYERCAM, INTEGRATED_GRADIENTS = "cam", "occlusion", "layercam", "integrated-gradients"
METHODS = (CAM, OCCLUSION, LAYERCAM, INTEGRATED_GRADIENTS)  # see `activation.activation_maps`


@dataclass(frozen=True)
class Request:
    """What a person wants to see.

    Args:
        split: "test" or "valid".
        n: photos in a gallery.
        of: only photos of this class, in galleries; '' for all.
        pair: only photos of these two classes taken for each other, in galleries; () for all.
        similar: look-alikes stand together in the confusion matrix.
        photo: a photo whose activation maps are wanted, instead of the run's own.
        methods: of activation maps, one or more of `METHODS`; pictures are of the first, and of all side by side.
    """

    split: str = "test"
    n: int = 9
    of: str = ""
    pair: tuple[str, ...] = ()
    similar: bool = False
    photo: Path | None = None
    methods: tuple[str, ...] = (CAM,)


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
