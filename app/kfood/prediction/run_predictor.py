"""A finished run's network as a predictor, by torch and timm alone: importing fastai takes as long again."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from torch import Tensor

from kfood.data.preprocess import preprocessing
from kfood.data.resample import shrunk
from kfood.exported.predict import squared
from kfood.model.build import Precision
from kfood.model.device import device
from kfood.model.fold_batchnorm import fold_batchnorm
from kfood.model.precision import choose_precision
from kfood.model.saved import load_model
from kfood.run.folder import Run
from kfood.system.memory import keep_freed_memory


class RunPredictor:
    """Predicts photos as the run predicted its validation and test photos, in its number format, on a GPU if any.

    Args:
        run: finished; its own photos are not needed.
        precision: the number formats to compute in; those of the run where not given.

    Raises:
        KfoodError: the model's files are missing or damaged.
    """

    def __init__(self, run: Run, precision: Precision | None = None) -> None:
        run.verify(run.weights_file, run.model_file)
        model, about = load_model(run.weights_file, run.model_file)
        keep_freed_memory()
        self.name, self.classes = run.name, about.classes
        self.device = device()
        self._size, self._shrink = run.recipe.data.size, preprocessing(run.recipe.data)
        self.side = self._shrink.size  # of a prepared photo, in pixels
        formats = precision or choose_precision(run.recipe, self.device, run.precision)
        model.to_device(self.device).set_precision(*formats)
        self._network = fold_batchnorm(model, self._size)

    def prepare(self, photo: str | Path | BinaryIO) -> np.ndarray:
        """As `Predictor.prepare`: a square of the recipe's `size` x `presize` pixels."""
        return squared(self._shrink(photo), self.side)

    @torch.inference_mode()
    def probabilities(self, photos: np.ndarray) -> np.ndarray:
        """As `Predictor.probabilities`."""
        return self._logits(photos).softmax(dim=1).cpu().numpy()

    @torch.inference_mode()
    def outputs(self, photos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return probabilities, and the pooled features of one network (n x length, float32), as `embed` gives them."""
        given: list[Tensor] = []
        head: torch.nn.Module = self._network.head  # type: ignore[assignment]  # of a cascade there is none
        hook = head.register_forward_pre_hook(lambda _, inputs: given.append(inputs[0]))
        try:
            logits = self._logits(photos)
        finally:
            hook.remove()
        return logits.softmax(dim=1).cpu().numpy(), given[0].float().cpu().numpy()  # the first: before mirroring

    def _logits(self, photos: np.ndarray) -> Tensor:
        pixels = torch.from_numpy(photos).to(self.device).permute(0, 3, 1, 2)
        logits: Tensor = self._network(shrunk(pixels.float() / 255, self._size) * 2 - 1)
        return logits
