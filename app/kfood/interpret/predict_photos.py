"""Photos that belong to no training: what is on them, by a finished run's model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from kfood.data.check import check_photos, readable
from kfood.data.loaders import data_block, device, photo_loader, shrinking, worker_count
from kfood.data.photo import EXTENSIONS
from kfood.errors import KfoodError
from kfood.interpret.predictions import predict_logits
from kfood.model.precision import choose_precision
from kfood.model.saved import load_model
from kfood.run import Run
from kfood.training.learner import build_learner

_BATCH = 64
_NAMED = ("predicted", "second", "third")


def predict_photos(run: Run, source: Path) -> pd.DataFrame:
    """Predict a photo, or every photo in a folder and in the folders below it.

    Args:
        run: finished; its own photos are not needed.
        source: an image file or a folder.

    Returns:
        A row for each photo that can be read, by path: `path`, then `predicted`, `second` and `third`, each followed
        by its probability, 0..1 (`predicted_probability`, …).

    Raises:
        KfoodError: there is no photo that can be read, or the model's files are damaged.
    """
    samples = pd.DataFrame({"path": find_photos(source), "area": "", "split": "test"})
    samples, _ = readable(samples, check_photos(samples, source))
    if samples.empty:
        raise KfoodError(f"No photo in {source} can be read.")
    model, about = load_model(run.weights_file, run.model_file)
    samples["label"] = about.classes[0]  # what is on them is not known; fastai wants some class
    recipe = run.recipe
    block = data_block(recipe, about.classes, len(samples), photo_loader(shrinking(recipe.data), None))
    workers = worker_count(recipe.training.workers, len(samples))
    dls = block.dataloaders(samples, bs=_BATCH, num_workers=workers, device=device())
    model.on(dls.device).run_in(choose_precision(recipe, dls.device))
    probabilities = predict_logits(build_learner(dls, model, recipe), samples, about.size).softmax(dim=1).numpy()
    table = samples[["path"]]
    for name, numbers in zip(_NAMED, np.argsort(-probabilities, axis=1, kind="stable").T, strict=False):
        chosen = {name: np.array(about.classes)[numbers]}
        table = table.assign(**chosen, **{f"{name}_probability": probabilities[np.arange(len(numbers)), numbers]})
    return table.round(6)


def find_photos(source: Path) -> list[str]:
    """Return the photos that `source` is or holds, sorted by path. Raises KfoodError where there is none."""
    if source.is_file():
        return [str(source)]
    if not source.is_dir():
        raise KfoodError(f"There is no photo or folder {source}.")
    found = sorted(str(path) for path in source.rglob("*") if path.suffix.lower() in EXTENSIONS and path.is_file())
    if not found:
        raise KfoodError(f"There is no photo in {source}: their names end in {', '.join(EXTENSIONS)}.")
    return found
