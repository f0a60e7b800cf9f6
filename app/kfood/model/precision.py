"""In which precision a network runs: bfloat16 where this device is faster with it and it computes alike."""

from __future__ import annotations

import copy
import json
import logging
import platform
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from kfood.model.body import made_for_one_size
from kfood.model.build import Classifier, Precision, build_model
from kfood.model.fused import onednn_computes_in
from kfood.recipes.schema import JOINS, Recipe
from kfood.system.cache import Cache
from kfood.system.files import write_json
from kfood.system.memory import free_memory, is_out_of_memory

log = logging.getLogger(__name__)
_CACHE = Cache("precision", version=1)  # of what is measured, and how
_PHOTOS, _PIXELS, _STEPS = 8, 128, 3  # of the measurement on a CPU, at most
_FEWEST = 2  # photos, for batch normalisation
_WORTH_IT = 1.15  # times as fast as float32, or it stays with float32
# Cosine between the gradients, or the features: 1 is the same direction. Rounding turns the gradients of an untrained
# network on noise far more than its features; chance gives 0 in millions of dimensions.
_ALIKE = {"training": 0.25, "predicting": 0.99}
_FORMATS = (torch.float32, torch.bfloat16)
_MEASURED = [f"{work}_{what}" for work in _ALIKE for what in ("speedup", "alike")]
Measured = dict[str, float]


def choose_precision(recipe: Recipe, device: torch.device, noted: str = "") -> Precision:
    """Return the number formats that a recipe's network trains and predicts in, and say which.

    A choice is made once for a run and is part of it: where it goes on, and where its network predicts, on whatever
    device, the formats are those that it noted.

    "auto" runs a few steps on noise in float32 and in bfloat16. bfloat16 is taken where it is clearly faster and
    computes alike. What was measured is remembered for this network, device and torch, so that the choice is the same
    next time.

    Args:
        recipe: asks for a format or for "auto", and says what is measured.
        device: on which it is to run.
        noted: `kfood.run.folder.Run.precision` of the run whose network it is; '' for a new one.
    """
    if noted:
        return Precision.parse(noted)
    asked = recipe.training.precision
    if asked != "auto":
        return Precision(getattr(torch, asked), getattr(torch, asked))
    if JOINS in recipe.model.arch:
        return _of_joined(recipe, device)
    if device.type not in ("cpu", "cuda"):
        return Precision(torch.float32, torch.float32)
    if device.type == "cpu" and not onednn_computes_in(torch.bfloat16):
        log.info("Precision float32: this CPU has no fast bfloat16.")
        return Precision(torch.float32, torch.float32)
    n_photos, size = _measured_with(recipe, device)
    found = _known_or_measured(recipe, device, n_photos, size)
    if found is None:
        log.info("Precision float32: there is not enough memory to measure bfloat16.")
        return Precision(torch.float32, torch.float32)
    chosen = Precision(*(_better(found, work) for work in Precision._fields))
    trains, predicts = (found[f"{work}_speedup"] for work in _ALIKE)
    _say(f"Precision {chosen}: here bfloat16 trains {trains:.1f} and predicts {predicts:.1f} times as fast as float32.")
    return chosen


@cache
def _say(sentence: str) -> None:
    """Log a sentence once in a process: of several networks, each is asked for several times."""
    log.info("%s", sentence)


def _of_joined(recipe: Recipe, device: torch.device) -> Precision:
    """Return what each of several networks would choose by itself, where they agree; float32 where they do not."""
    chosen = [choose_precision(part, device) for part in recipe.networks]
    both = (each[0] if len(set(each)) == 1 else torch.float32 for each in zip(*chosen, strict=True))
    return Precision(*both)


def _known_or_measured(recipe: Recipe, device: torch.device, n_photos: int, size: int) -> Measured | None:
    """Return what was measured of this network, now or earlier; with fewer photos where memory is too small.

    None where it is too small for two of them.
    """
    of = [recipe.model.arch, device_model(device), torch.__version__]
    if device.type == "cuda":  # a CPU's ratio is the same at other sizes
        of.append(f"{n_photos} x {size}")
    file = _CACHE.folder / f"{_CACHE.key(of)}.json"
    found = _CACHE.read(file, _parse)
    if found is not None:
        return found
    try:
        measured = _measure(recipe, device, n_photos, size)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    else:
        _CACHE.keep(file, lambda file: write_json(file, {"of": of, **measured}), "What was measured")
        return measured
    free_memory()
    return _known_or_measured(recipe, device, n_photos // 2, size) if n_photos >= 2 * _FEWEST else None


def _better(found: Measured, work: str) -> torch.dtype:
    worth_it = found[f"{work}_speedup"] >= _WORTH_IT and found[f"{work}_alike"] >= _ALIKE[work]
    return torch.bfloat16 if worth_it else torch.float32


def _measured_with(recipe: Recipe, device: torch.device) -> tuple[int, int]:
    """Return number and size of the photos to measure with.

    A CPU takes time by the photo and the pixel, so few and small ones will do, but for networks made for one size. A
    GPU is busy with real batches only.
    """
    size = recipe.data.size
    if device.type == "cuda":
        return recipe.training.batch_size // recipe.training.accumulate, size
    return _PHOTOS, size if made_for_one_size(recipe.model.arch) else min(_PIXELS, size)


def _measure(recipe: Recipe, device: torch.device, n_photos: int, size: int) -> Measured:
    """Run the network on noise in both formats, in turns."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(0)
        section = recipe.model.model_copy(update={"pretrained": False, "head": "plain"})
        model = build_model(section, n_photos, size).to_device(device)
        photos = torch.randn(n_photos, 3, size, size, device=device)
        found: dict[str, float] = {}
        for work, run in (("training", _gradient), ("predicting", _features)):
            exact, rounded = (run(copy.deepcopy(model).set_precision(each), photos) for each in _FORMATS)
            alike = F.cosine_similarity(exact, rounded, dim=0).nan_to_num(-1).item()
            found |= {f"{work}_speedup": round(_speedup(run, model, photos), 3), f"{work}_alike": round(alike, 4)}
    return found


def _speedup(run: Callable[[Classifier, Tensor], Tensor], model: Classifier, photos: Tensor) -> float:
    seconds: dict[torch.dtype, list[float]] = {each: [] for each in _FORMATS}
    for _ in range(_STEPS):
        for each in _FORMATS:
            started = time.perf_counter()
            run(model.set_precision(each), photos)
            seconds[each].append(time.perf_counter() - started)
    slow, fast = (min(seconds[each]) for each in _FORMATS)  # the least disturbed by other work
    return slow / fast


def _gradient(model: Classifier, photos: Tensor) -> Tensor:
    model.train().zero_grad()
    F.cross_entropy(model(photos), torch.arange(len(photos), device=photos.device)).backward()
    _wait_for(photos.device)
    return torch.cat([parameter.grad.flatten() for parameter in model.parameters() if parameter.grad is not None])


@torch.inference_mode()
def _features(model: Classifier, photos: Tensor) -> Tensor:
    pooled = model.eval().pooled(photos).float().flatten()
    _wait_for(photos.device)
    return pooled


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def device_model(device: torch.device) -> str:
    """Return what stands for a device's speed."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{platform.node()} {torch.backends.cpu.get_cpu_capability()} {torch.get_num_threads()} threads"


def _parse(file: Path) -> Measured:
    kept = json.loads(file.read_text(encoding="utf-8"))
    return {name: float(kept[name]) for name in _MEASURED}
