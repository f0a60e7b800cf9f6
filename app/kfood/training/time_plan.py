"""What can be trained in a given time: the first step of a recipe's ladder that fits, by measurement."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable

import pandas as pd
import torch
import torch.nn.functional as F

from kfood.data.pixel_cache import seconds_to_fill
from kfood.data.preprocess import Preprocess, preprocessing
from kfood.errors import KfoodError
from kfood.model.body import made_for_one_size
from kfood.model.build import build_model, freeze_stages
from kfood.model.device import device
from kfood.model.fold_batchnorm import fold_batchnorm
from kfood.model.precision import choose_precision
from kfood.recipes.load import DEMO, ladder_steps
from kfood.recipes.schema import Recipe
from kfood.system.memory import free_memory, is_out_of_memory, keep_freed_memory
from kfood.system.progress import duration
from kfood.training.callbacks.freeze import keep_norms

log = logging.getLogger(__name__)
_PHOTOS, _PIXELS, _REPEATS = 16, 224, 2  # of the measurement; other sizes take time by their area
_CAUTION = 1.1  # a training may take longer than the same batch again and again
_SECONDS_BESIDE = 6  # to build the network, to make it ready to predict and to write what came of it
_SECONDS_TO_BUILD = 1  # the network, for each trial of lr_find
_SECONDS_A_PROBE_STEP = 0.004
_SECONDS_A_LOGISTIC_ROW = 0.004  # and network, of some 1,800 features and 20 classes: it falls away beside the rest


Before = Callable[[Recipe], Iterable[tuple[Recipe, pd.DataFrame]]]


def choose_step_for_budget(
    recipe: Recipe,
    samples: pd.DataFrame,
    seconds: float,
    trials: tuple[int, int] = (0, 0),
    before: Before | None = None,
    rates: Rates | None = None,
    probed: Recipe | None = None,
) -> Recipe:
    """Return the recipe at the first step of its ladder that takes no longer than `seconds` on this machine.

    All that happens within these seconds counts: what a step starts from, where that is to be trained first, the search
    of its learning rate, and itself. Where no step fits, the last is taken, and how long it takes is said.

    Args:
        recipe: with a ladder.
        samples: its photos.
        seconds: until it is to be done.
        trials: how often lr_find is run, and with how many optimizer steps each.
        before: returns the recipes that are to be trained first for a step, each with its photos.
        rates: of this machine, where some are known; they are measured where not.
        probed: a recipe whose features of all photos are known, so that a step with the same need not compute them.

    Raises:
        KfoodError: the recipe has no ladder.
    """
    require_ladder(recipe)
    steps, began = ladder_steps(recipe), time.monotonic()
    rates, needed, left = rates or Rates(), 0.0, seconds
    for number, step in enumerate(steps, 1):
        known = probed is not None and _features_depend_on(step) == _features_depend_on(probed)
        needed = rates.seconds(step, samples, known) + rates.lr_find_seconds(step, samples, *trials)
        needed += sum(rates.seconds(*each) for each in (before(step) if before else ()))
        left = seconds - (time.monotonic() - began)  # less what measuring has taken
        if needed <= left:
            log.info("In %s: step %d of %d, about %s.", duration(left), number, len(steps), duration(needed))
            return step
    log.warning("%s is too short: the shortest step takes about %s.", duration(left), duration(needed))
    return steps[-1]


def _features_depend_on(recipe: Recipe) -> tuple[object, ...]:
    pixels = recipe.data.model_dump(include={"size", "presize", "resize", "denoise"})
    return recipe.model.arch, recipe.model.intermediate_maps, recipe.probe.views, recipe.augment, pixels


def require_ladder(recipe: Recipe) -> None:
    """Check that there is something to leave out. Raises KfoodError where there is not."""
    if recipe.ladder:
        return
    what_has = "The recipe best has one"
    if recipe.data.root == DEMO:
        what_has += " for photos: name some with --data; on the drawings of the demo no recipe has one"
    raise KfoodError(
        f"{recipe.name} has no ladder (what to leave out when time is short), so --minutes cannot be used with it. "
        f"{what_has}."
    )


class Rates:
    """How fast this machine is with each kind of network, and with these photos, measured when first asked for."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int, bool, str], tuple[float, float]] = {}
        self._decoding: dict[Preprocess, float] = {}  # seconds a photo

    def seconds(self, recipe: Recipe, samples: pd.DataFrame, features_known: bool = False) -> float:
        """Return about how long a recipe takes on these samples, all its epochs made."""
        return seconds_of(recipe, samples, *self._measured(recipe, samples), features_known)

    def lr_find_seconds(self, recipe: Recipe, samples: pd.DataFrame, trials: int, steps: int) -> float:
        """Return about how long lr_find takes beside the training; it decodes photos for it, and computes features."""
        if not trials or not recipe.training.epochs:
            return 0.0
        return lr_find_seconds_of(recipe, samples, trials, steps, *self._measured(recipe, samples))

    def _measured(self, recipe: Recipe, samples: pd.DataFrame) -> tuple[float, float, float]:
        predict, train = map(sum, zip(*map(self._of_network, recipe.networks), strict=True))
        shrink = preprocessing(recipe.data)
        if shrink not in self._decoding:
            self._decoding[shrink] = seconds_to_fill(samples, shrink) / len(samples)
        return predict, train, self._decoding[shrink]

    def _of_network(self, recipe: Recipe) -> tuple[float, float]:
        model, learns = recipe.model, bool(recipe.training.epochs)
        kind = (model.arch, model.frozen_stages, model.freeze_norm, recipe.training.precision)
        if kind not in self._known or (learns and not self._known[kind][1]):
            self._known[kind] = measure_rates(recipe)
        return self._known[kind]


def lr_find_seconds_of(
    recipe: Recipe, samples: pd.DataFrame, trials: int, steps: int, predict: float, train: float, decode: float
) -> float:
    """Return how long the trials of lr_find take at most, with rates as for `seconds_of`."""
    photos, probe, n_train = steps * recipe.training.batch_size, recipe.probe, int((samples["split"] == "train").sum())
    each = train * recipe.data.size**2 * photos + (0 if recipe.data.cache else decode * photos)
    if probe.epochs:
        each += seconds_to_solve(recipe, probe.views * n_train)
    return trials * (_SECONDS_TO_BUILD + _CAUTION * each)


def seconds_of(
    recipe: Recipe,
    samples: pd.DataFrame,
    predict: float,
    train: float,
    decode: float,
    features_known: bool = False,
) -> float:
    """Return how long a recipe takes, from seconds a photo and pixel to predict and train, and a photo to decode.

    With `features_known` the probe computes none, and the photos are decoded.
    """
    count = {split: int((samples["split"] == split).sum()) for split in ("train", "valid", "test")}
    area, probe, epochs = recipe.data.size**2, recipe.probe, recipe.training.epochs
    judge = predict * area * (2 if recipe.model.hflip_tta else 1)
    passes = (0 if features_known else 1) if recipe.data.cache else 1 + epochs
    total = decode * passes * len(samples) + judge * (count["valid"] + count["test"])
    if probe.epochs:
        rows = probe.views * count["train"]
        total += 0 if features_known else predict * area * (rows + count["valid"])
        total += seconds_to_solve(recipe, rows)
    total += epochs * (train * area * count["train"] + judge * count["valid"])
    return _SECONDS_BESIDE + _CAUTION * total


def seconds_to_solve(recipe: Recipe, rows: int) -> float:
    """Return how long a probe takes once it has this many rows of features."""
    probe = recipe.probe
    if probe.solver == "lbfgs":
        return _SECONDS_A_LOGISTIC_ROW * len(recipe.networks) * rows
    return _SECONDS_A_PROBE_STEP * probe.epochs * rows / probe.batch_size


def measure_rates(recipe: Recipe, n_photos: int = _PHOTOS) -> tuple[float, float]:
    """Return seconds a photo and pixel, of predicting and of training, on this device; 0 where the body never learns.

    Measured with `n_photos` at a time; with fewer where memory is too small for them.
    """
    try:
        return _rates(recipe, n_photos)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error) or n_photos < 4:
            raise
    free_memory()
    return measure_rates(recipe, n_photos // 2)


def _rates(recipe: Recipe, n_photos: int) -> tuple[float, float]:
    keep_freed_memory()  # as the training does: without it, both would seem to take longer
    where, precision = device(), choose_precision(recipe, device())
    size = recipe.data.size if made_for_one_size(recipe.model.arch) else min(_PIXELS, recipe.data.size)
    with torch.random.fork_rng():
        section = recipe.model.model_copy(update={"pretrained": False})
        model = build_model(section, 2, size)
        freeze_stages(model, section.arch, section.frozen_stages)
        model.to_device(where).set_precision(*precision).train()
        if section.freeze_norm:
            keep_norms(model.body)
        fast = fold_batchnorm(model, size)
        photos, labels = torch.randn(n_photos, 3, size, size, device=where), torch.arange(n_photos, device=where) % 2

        def predict() -> None:
            with torch.inference_mode():
                fast.pooled(photos)

        def train() -> None:
            F.cross_entropy(model(photos), labels).backward()

        trains = _time(train) if recipe.training.epochs else 0.0
        return _time(predict) / (n_photos * size**2), trains / (n_photos * size**2)


def _time(work: Callable[[], None]) -> float:
    seconds = []
    for _ in range(_REPEATS + 1):  # the first is to warm up
        started = time.perf_counter()
        work()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    return min(seconds[1:])
