"""What a server serves: a model, what is known of it, and what else it can do."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from kfood.run.cannot_tell import CannotTell, which_cannot_be_told
from kfood.serving.collect import Collection
from kfood.serving.maps import Maps

if TYPE_CHECKING:
    from kfood.prediction.predictor import Predictor

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

    def answer(self, probabilities: np.ndarray, n: int = SHOWN) -> dict[str, Any]:
        """Return what is said of one photo, as JSON holds it.

        `answer` is the likeliest class, null where the run cannot tell it from another one: then `cannot_tell` has
        both. `classes` are the n likeliest, the likeliest first.
        """
        classes = self.predictor.classes
        order = np.argsort(-probabilities, kind="stable")[:n]
        pair = which_cannot_be_told(self.rules, classes, probabilities.tolist())
        return {
            "answer": None if pair else classes[order[0]],
            "cannot_tell": list(pair) if pair else None,
            "classes": [{"name": classes[each], "probability": round(float(probabilities[each]), 6)} for each in order],
        }
