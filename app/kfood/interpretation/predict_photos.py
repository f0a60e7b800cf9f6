"""Photos that belong to no training: what is on them, by a finished run's model."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from kfood.data.loaders import Photo, photo_loader, preprocessing
from kfood.data.photo import EXTENSIONS
from kfood.data.preprocess import Preprocess
from kfood.data.tree import describe_unread, list_tree
from kfood.errors import KfoodError
from kfood.evaluation.predict import predict_logits
from kfood.model.saved import read_description
from kfood.run.folder import Run
from kfood.system.paths import as_on_disk
from kfood.text import listed
from kfood.training.restore import predicting_learner

log = logging.getLogger(__name__)
_NAMED = ("predicted", "second", "third")
_NAMED_FAULTS = 5
_NO_PHOTOS = {
    **dict.fromkeys((".zip", ".tar", ".gz", ".tgz"), "kfood data unpack makes a folder of it, to be named here"),
    **dict.fromkeys((".csv", ".txt", ".xlsx"), "name the photos themselves, or their folder"),
}


def predict_photos(run: Run, *sources: Path) -> pd.DataFrame:
    """Predict photos, and every photo in folders and in the folders below them.

    Args:
        run: finished; its own photos are not needed.
        sources: image files and folders.

    Returns:
        A row for each photo that can be read, by path: `path`, then `predicted`, `second` and `third`, each followed
        by its probability, 0..1 (`predicted_probability`, …).

    Raises:
        KfoodError: there is no photo that can be read, or the model's files are damaged.
    """
    classes = read_description(run.model_file).classes
    # What is on them is not known; fastai wants some class.
    samples = pd.DataFrame({"path": find_photos(sources), "area": "", "label": classes[0]})
    load_photo, faults = _forgiving(preprocessing(run.recipe.data))
    learner = predicting_learner(run, samples, load_photo)
    probabilities = predict_logits(learner, samples, run.recipe.data.size).softmax(dim=1).numpy()
    _say_left_out(faults, sources, len(samples))
    read = ~samples["path"].isin(faults).to_numpy()
    table, probabilities = samples.loc[read, ["path"]].reset_index(drop=True), probabilities[read]
    for name, numbers in zip(_NAMED, np.argsort(-probabilities, axis=1, kind="stable").T, strict=False):
        chosen = {name: np.array(classes)[numbers]}
        table = table.assign(**chosen, **{f"{name}_probability": probabilities[np.arange(len(numbers)), numbers]})
    return table.round(6)


def _forgiving(shrink: Preprocess) -> tuple[Callable[[Photo], np.ndarray], dict[str, str]]:
    """Return what opens a photo, and the faults by path of those that it found unreadable and gave as black instead."""
    faults: dict[str, str] = {}
    load_photo = photo_loader(shrink, None)

    def load(photo: Photo) -> np.ndarray:
        try:
            return load_photo(photo)
        except OSError as error:
            faults[photo.path] = str(error)
            return np.zeros((shrink.size, shrink.size, 3), np.uint8)

    return load, faults


def _say_left_out(faults: dict[str, str], sources: Sequence[Path], n_photos: int) -> None:
    if len(faults) == n_photos:
        raise KfoodError(f"No photo in {listed(map(str, sources), 3)} can be read.")
    for path in sorted(faults)[:_NAMED_FAULTS]:
        log.warning("Left out: %s", faults[path])
    if len(faults) > _NAMED_FAULTS:
        log.warning("… and %d more: %d photos are left out in all.", len(faults) - _NAMED_FAULTS, len(faults))


def find_photos(sources: Iterable[Path]) -> list[str]:
    """Return the photos that the sources are or hold, each once, sorted by path; as training finds them.

    Raises:
        KfoodError: a source is not there, or holds no photo.
    """
    return sorted({photo for source in sources for photo in _photos_of(Path(as_on_disk(str(source))))})


def _photos_of(source: Path) -> list[str]:
    if source.is_file():
        if source.suffix.lower() in _NO_PHOTOS:
            raise KfoodError(f"{source} is not a photo: {_NO_PHOTOS[source.suffix.lower()]}.")
        return [str(source)]
    if not source.is_dir():
        raise KfoodError(f"There is no photo or folder {source}.")
    tree, left_out = list_tree(source)
    unread = describe_unread(left_out)
    found = tree.all_photos()
    if not found:
        but = f", but {unread}" if unread else f": their names end in {', '.join(EXTENSIONS)}"
        raise KfoodError(f"There is no photo in {source}{but}.")
    if unread:
        log.warning("Left out: %s.", unread)
    return found
