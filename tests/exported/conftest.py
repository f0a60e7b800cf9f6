"""A model of each way to resize, without a graph."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kfood.exported.predict import Model


@pytest.fixture
def preparing() -> Callable[..., Model]:
    """Return a function that makes a Model which only prepares photos."""

    def make(size: int, presize: float = 1.0, resize: str = "squish", denoise: str = "none") -> Model:
        model = object.__new__(Model)
        model.metadata = {"size": str(size), "presize": str(presize), "resize": resize, "denoise": denoise}
        model.side = round(size * presize)
        return model

    return make
