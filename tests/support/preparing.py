"""A model that only prepares photos: there is no graph."""

from __future__ import annotations

from kfood.exported.predict import Model


def preparing(size: int, presize: float = 1.0, resize: str = "squish", denoise: str = "none") -> Model:
    model = object.__new__(Model)
    model.metadata = {"size": str(size), "presize": str(presize), "resize": resize, "denoise": denoise}
    model.side = round(size * presize)
    return model
