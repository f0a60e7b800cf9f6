"""Where a run's network looks, as a picture of one photo; needs torch, but not fastai."""

from __future__ import annotations

import threading
from functools import cached_property
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from PIL import Image

from kfood.exported.predict import open_photo, resized, squared
from kfood.run.folder import Run

if TYPE_CHECKING:
    from kfood.model.build import Classifier
    from kfood.model.cascade import Cascade

_SIDE = 900  # pixels of the longer side of the picture


class Maps:
    """Draws activation maps of one run. What that takes is imported and loaded when the first is asked for.

    Args:
        run: finished.
        classes: as its predictor numbers them.
    """

    def __init__(self, run: Run, classes: list[str]) -> None:
        self.run, self.classes = run, classes
        self._one_at_a_time = threading.Lock()

    def draw(self, photo: BinaryIO, pixels: np.ndarray, name: str) -> bytes:
        """Return a JPEG of the photo with the map of a class laid over it.

        Args:
            photo: its file, which can be read.
            pixels: height x width x 3, uint8, as a run's predictor has prepared it.
            name: of the class.
        """
        from kfood.interpretation.map_grid import overlay

        with self._one_at_a_time:
            heat = self._heat(pixels, self.classes.index(name))
        shown = self._as_looked_at(open_photo(photo, at_least=_SIDE))
        drawn = overlay(shown / 255, heat)
        content = BytesIO()
        Image.fromarray((drawn * 255).clip(0, 255).round().astype(np.uint8)).save(content, "JPEG", quality=90)
        return content.getvalue()

    def _heat(self, pixels: np.ndarray, number: int) -> np.ndarray:
        """Return height x width, 0..1."""
        import torch

        from kfood.data.resample import shrunk
        from kfood.interpretation.activation import maps_of_batch

        photo = torch.from_numpy(np.array(pixels)).permute(2, 0, 1)[None].float() / 255
        photo = shrunk(photo, self.run.recipe.data.size) * 2 - 1
        heat = maps_of_batch(self._model, photo, [number])[0].relu()  # type: ignore[arg-type]  # a cascade is as good
        return (heat / heat.max().clamp(min=1e-12)).numpy()

    @cached_property
    def _model(self) -> Classifier | Cascade:
        import torch

        from kfood.model.saved import load_model

        self.run.verify(self.run.weights_file, self.run.model_file)
        model, _ = load_model(self.run.weights_file, self.run.model_file)
        model.set_precision(torch.float32)
        model.hflip_tta = False  # a map is of the photo as shown
        return model.requires_grad_(True)

    def _as_looked_at(self, photo: Image.Image) -> np.ndarray:
        """Return the part of a photo that the network is given, in the photo's own shape where it is given all."""
        resize, side = self.run.recipe.data.resize, min(_SIDE, max(photo.size))
        if resize == "squish":
            photo.thumbnail((side, side))
            return np.asarray(photo)
        return squared(resized(photo, side, resize, "none"), side)
