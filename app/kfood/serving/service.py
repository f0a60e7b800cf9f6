"""What a server serves: a model, what is known of it, and what else it can do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from kfood.calibration.answers_table import JOIN
from kfood.calibration.levels import DISH, UNSURE
from kfood.prediction.calibrated import ANSWER, LEVEL, SET
from kfood.prediction.stream import more_columns
from kfood.run.cannot_tell import CannotTell, which_cannot_be_told
from kfood.serving.collect import Collection
from kfood.serving.maps import Maps

if TYPE_CHECKING:
    from kfood.prediction.predictor import Cell, Predictor

SHOWN = 5  # classes in an answer, where nobody asks for more


@dataclass(frozen=True)
class Service:
    """A model to be asked.

    Args:
        predictor: the model.
        rules: when it says "A or B".
        about: what `GET /model` tells besides the name and the classes, such as size, run and digest.
        maps: draws where it looks; None where the model has no network that can tell.
        collection: keeps photos; None where none are kept.
    """

    predictor: Predictor
    rules: list[CannotTell] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)
    maps: Maps | None = None
    collection: Collection | None = None

    def collecting(self, collection: Collection) -> Service:
        """Return the same, but keeping photos."""
        return replace(self, collection=collection)

    def description(self) -> dict[str, Any]:
        """Return what is served, as JSON holds it."""
        can = {"maps": self.maps is not None, "collects": self.collection is not None}
        return {"name": self.predictor.name, "classes": list(self.predictor.classes), **self.about, **can}

    def answer(self, probabilities: np.ndarray, n: int = SHOWN, more: Sequence[Cell] = ()) -> dict[str, Any]:
        """Return what is said of one photo, as JSON holds it.

        `answer` is the likeliest class, null where the run cannot tell it from another one: then `cannot_tell` has
        both. `classes` are the n likeliest, the likeliest first.

        Of a calibrated model, `answer` is a dish or a group, by `level`; null where that is "unsure" or "none of
        these". `set` has the dishes that it may be, the likeliest first; besides there are the other columns of
        `CalibratedPredictor`.

        Args:
            probabilities: (classes,).
            n: how many classes are named.
            more: the cells of an `AnsweringPredictor`.
        """
        calibrated: dict[str, Any] = dict(zip(more_columns(self.predictor), more, strict=True))
        classes = self.predictor.classes
        order = np.argsort(-probabilities, kind="stable")[:n]
        pair = which_cannot_be_told(self.rules, classes, probabilities.tolist())
        pair = pair if calibrated.get(LEVEL, DISH) in (DISH, UNSURE) else None
        if calibrated:
            calibrated[SET] = str(calibrated[SET]).split(JOIN)
        return {
            **calibrated,
            ANSWER: None if pair else calibrated.get(ANSWER) if calibrated else classes[order[0]],
            "cannot_tell": list(pair) if pair else None,
            "classes": [{"name": classes[each], "probability": round(float(probabilities[each]), 6)} for each in order],
        }
