"""Where networks run."""

from __future__ import annotations

import os

import torch

from kfood.errors import KfoodError
from kfood.system.cores import limit_threads
from kfood.system.gpu import CHOSEN
from kfood.system.processes import world_size
from kfood.text import did_you_mean


def device() -> torch.device:
    """Return the device that KFOOD_DEVICE (`--device`) names; else the GPU where there is one, else the CPU.

    On a CPU, torch then computes with the cores that this process may use. Of processes that train together each has
    a GPU of its own, the current one, whichever is named.

    Raises:
        KfoodError: there is no such device.
    """
    limit_threads()
    there = _there()
    if word := os.environ.get(CHOSEN):
        return _named(word, there)
    return torch.device(next(kind for kind, number in there.items() if number))


def _there() -> dict[str, int]:
    """Return how many devices of each kind there are, the best first."""
    intel = torch.xpu.device_count() if torch.xpu.is_available() else 0
    return {"cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available()), "xpu": intel, "cpu": 1}


def _named(word: str, there: dict[str, int]) -> torch.device:
    kind, _, number = word.partition(":")
    if kind not in there or not (number.isdecimal() or word == kind):
        raise KfoodError(
            f'--device or {CHOSEN} is "{word}", which is no device.{did_you_mean(kind, [*there])} Choose '
            f"{', '.join(there)}, or one by its number, such as cuda:1."
        )
    if int(number or 0) >= there[kind]:
        usable = [f"{name} ({n})" if n > 1 else name for name, n in there.items() if n]
        raise KfoodError(f"--device or {CHOSEN} is {word}, which is not there: choose of {', '.join(usable)}.")
    if kind == "cuda" and number and world_size() == 1:
        torch.cuda.set_device(int(number))  # what is said of "cuda" without a number is of this one
    return torch.device(kind)
