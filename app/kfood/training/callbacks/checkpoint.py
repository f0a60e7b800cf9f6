"""Keeps the state of a training and goes on from it, as if it had never stopped."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import torch
from fastai.callback.core import Callback, CancelBatchException
from fastai.data.core import DataLoaders

from kfood.errors import Stopped
from kfood.system.collectives import all_maxima
from kfood.system.processes import is_main_process
from kfood.training.callbacks.asking import Asking
from kfood.training.checkpoint_files import State, save_checkpoint
from kfood.training.optimizers import take_back
from kfood.training.shares import seed_per_rank
from kfood.training.stop import Stop


class Stateful(Protocol):
    """A callback that knows something that a training needs to go on."""

    def state_dict(self) -> dict[str, Any]:
        """Return it as plain numbers and containers."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take it back."""


class Checkpoint(Callback):
    """Saves after each epoch, within an epoch every so many minutes, and when the training is asked to stop.

    Within an epoch, the photos already trained on are drawn and loaded again, but not computed: shuffling, loading
    processes and augmentation are then where they were. See `SkipDone`.

    Args:
        folder: of the checkpoints.
        minutes: between two of them within an epoch; 0 for none there.
        parts: callbacks that have a state, by name.
        stop: whether someone wants the training to stop.
        begun: the state to go on from; None from the start.
    """

    order = 99  # after all that changes anything

    def __init__(
        self, folder: Path, minutes: float, parts: dict[str, Stateful], stop: Stop, begun: State | None = None
    ) -> None:
        self.folder, self.minutes, self.parts, self.stop, self.begun = folder, minutes, parts, stop, begun
        self.started, self.seconds_before = time.monotonic(), begun["seconds"] if begun else 0.0

    @property
    def seconds(self) -> float:
        """Time that the training took so far, over all its parts."""
        return self.seconds_before + time.monotonic() - self.started

    def before_fit(self) -> None:
        """Take back the state, if there is one."""
        self.saved_at, self.asking = time.monotonic(), Asking()
        if not self.begun:
            return
        self.model.load_state_dict(self.begun["model"])
        take_back(self.opt.opt, self.begun["optimizer"])
        self._load_parts(self.begun["parts"])
        set_random_state(self.begun["random_of_epoch"])
        set_loader_states(self.dls, self.begun["loaders"])
        seed_per_rank(self.begun["epoch"])

    def before_train(self) -> None:
        """Note what the epoch's photos are drawn from."""
        self.of_epoch = {"random_of_epoch": random_state(), "loaders": loader_states(self.dls)}

    def after_batch(self) -> None:
        """Go on exactly where it was after the last batch that was done; save where it is time."""
        if not self.training:
            return
        done = self.iter + 1
        if self.begun and self.epoch == self.begun["epoch"] and done <= self.begun["batch"]:
            if done == self.begun["batch"]:
                self._load_parts(self.begun["parts"])
                set_random_state(self.begun["random"])
                seed_per_rank(self.begun["epoch"] + done)
            return
        asked = self.asking.now(self.stop.requested, self._is_due())
        if asked.stop or asked.save:
            self._save(self.epoch, done, self.of_epoch)
        _stop_if(asked.stop)

    def _is_due(self) -> bool:
        return bool(self.minutes) and time.monotonic() - self.saved_at >= 60 * self.minutes

    def after_epoch(self) -> None:
        """Save."""
        self._save(self.epoch + 1, 0, {"random_of_epoch": random_state(), "loaders": loader_states(self.dls)})
        _stop_if(int(*all_maxima(self.stop.requested)))

    def _save(self, epoch: int, batch: int, of_epoch: dict[str, Any]) -> None:
        self.saved_at = time.monotonic()
        # In every process: sums are of all of them, and a NaN is found where it is.
        parts = {name: _plain(part.state_dict()) for name, part in self.parts.items()}
        if not is_main_process():
            return
        state = {
            "epoch": epoch,
            "batch": batch,
            "model": self.model.state_dict(),
            "optimizer": _plain(self.opt.opt.state_dict()),
            "parts": parts,
            "random": random_state(),
            "seconds": self.seconds,
            **of_epoch,
        }
        save_checkpoint(state, self.folder)

    def _load_parts(self, states: dict[str, Any]) -> None:
        for name, part in self.parts.items():
            part.load_state_dict(states[name])


class SkipDone(Callback):
    """Leaves out batches of the first epoch that were trained on before the training stopped."""

    order = -20  # before anything is done with the batch

    def __init__(self, epoch: int, batches: int) -> None:
        self.of_epoch, self.batches = epoch, batches

    def before_batch(self) -> None:
        """Leave this one out."""
        if self.training and self.epoch == self.of_epoch and self.iter < self.batches:
            raise CancelBatchException


def _stop_if(requested: int) -> None:
    if requested:
        raise Stopped(requested)


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever an optimizer holds
    """Turn numpy's numbers into Python's, which alone may be read back."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_plain(inner) for inner in value)
    return value


def random_state() -> dict[str, Any]:
    """Return the states of Python's, numpy's and torch's random numbers."""
    name, keys, *rest = cast(tuple[str, np.ndarray, int, int, float], np.random.get_state())
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return {
        "python": random.getstate(),
        "numpy": (name, torch.from_numpy(keys.astype(np.int64)), *rest),
        "torch": torch.get_rng_state(),
        "cuda": cuda,
    }


def set_random_state(state: dict[str, Any]) -> None:
    """Go back to a state that `random_state` returned, on as many GPUs as there were then and are now."""
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers), gauss))
    name, keys, *rest = state["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), *rest))
    torch.set_rng_state(state["torch"])
    for number, of_device in enumerate(state["cuda"][: torch.cuda.device_count()]):
        torch.cuda.set_rng_state(of_device, number)


def loader_states(dls: DataLoaders) -> list[Any]:
    """Return the states from which each of fastai's loaders shuffles and draws."""
    return [loader.rng.getstate() for loader in dls]


def set_loader_states(dls: DataLoaders, states: list[Any]) -> None:
    """Go back to states that `loader_states` returned."""
    for loader, (version, numbers, gauss) in zip(dls, states, strict=True):
        loader.rng.setstate((version, tuple(numbers), gauss))
