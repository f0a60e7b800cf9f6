"""In which precision a network runs: bfloat16 where this device is faster with it and it computes the same."""

from __future__ import annotations

import copy
import json
import logging
import platform
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from kfood.files import write_json
from kfood.model.build import Classifier, build_model, made_for_one_size
from kfood.paths import cache_folder
from kfood.recipes.schema import Recipe

log = logging.getLogger(__name__)
_PHOTOS, _PIXELS, _STEPS = 8, 128, 3  # of the measurement; networks made for one size are measured at theirs
_WORTH_IT = 1.15  # times as fast as float32, or it stays with float32
_ALIKE = 0.25  # cosine between the gradients: 1 is the same direction, 0 what chance gives in millions of dimensions


def choose_precision(recipe: Recipe, device: torch.device) -> torch.dtype:
    """Return the number format that a recipe's network runs in, and say which.

    "auto" trains a few steps on noise in float32 and in bfloat16. bfloat16 is taken where it is clearly faster and the
    gradients agree (loosely: an untrained network on noise magnifies rounding). What was measured is remembered for
    this network, device and torch, so that the choice is the same next time.
    """
    asked = recipe.training.precision
    if asked != "auto":
        return getattr(torch, asked)
    if device.type not in ("cpu", "cuda"):
        return torch.float32
    memory = cache_folder() / "precision.json"
    key = "|".join([recipe.model.arch, device_name(device), torch.__version__])
    known = _read(memory)
    if key not in known:
        known[key] = _measure(recipe, device)
        try:
            memory.parent.mkdir(parents=True, exist_ok=True)
            write_json(memory, known)
        except OSError as error:
            log.warning("What was measured cannot be remembered: %s", error)
    speedup, alike = known[key]["speedup"], known[key]["alike"]
    chosen = torch.bfloat16 if speedup >= _WORTH_IT and alike >= _ALIKE else torch.float32
    log.info(
        "Precision %s: here bfloat16 is %.1f times as fast as float32 (their gradients' cosine is %.2f).",
        str(chosen).removeprefix("torch."),
        speedup,
        alike,
    )
    return chosen


def _measure(recipe: Recipe, device: torch.device) -> dict[str, float]:
    """Train the network on noise in both formats, in turns."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(0)
        section = recipe.model.model_copy(update={"pretrained": False, "head": "plain"})
        size = recipe.data.size if made_for_one_size(recipe.model.arch) else min(_PIXELS, recipe.data.size)
        model = build_model(section, _PHOTOS, size).on(device).train()
        photos = torch.randn(_PHOTOS, 3, size, size, device=device)
        formats = (torch.float32, torch.bfloat16)
        gradients = [_gradient(copy.deepcopy(model).run_in(each), photos) for each in formats]
        seconds: dict[torch.dtype, list[float]] = {each: [] for each in formats}
        for _ in range(_STEPS):
            for each in formats:
                started = time.perf_counter()
                _gradient(model.run_in(each), photos)
                seconds[each].append(time.perf_counter() - started)
    slow, fast = (min(seconds[each]) for each in formats)  # the least disturbed by other work
    alike = F.cosine_similarity(*gradients, dim=0).nan_to_num(-1).item()
    return {"speedup": round(slow / fast, 3), "alike": round(alike, 4)}


def _gradient(model: Classifier, photos: Tensor) -> Tensor:
    model.zero_grad()
    F.cross_entropy(model(photos), torch.arange(len(photos), device=photos.device)).backward()
    if photos.device.type == "cuda":
        torch.cuda.synchronize()
    return torch.cat([parameter.grad.flatten() for parameter in model.parameters() if parameter.grad is not None])


def device_name(device: torch.device) -> str:
    """Return what stands for a device's speed."""
    if device.type == "cuda":
        return torch.cuda.getdevice_name(device)
    return f"{platform.node()} {torch.backends.cpu.get_cpu_capability()} {torch.get_num_threads()} threads"


def _read(memory: Path) -> dict[str, dict[str, float]]:
    """Return what was measured before; what is damaged is measured again."""
    try:
        known = json.loads(memory.read_text(encoding="utf-8"))
        return {key: {name: float(each[name]) for name in ("speedup", "alike")} for key, each in known.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}
