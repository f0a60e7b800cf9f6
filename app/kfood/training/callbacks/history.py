"""The learning curve: a row an epoch, as measured, in a table that grows on disk."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from fastai.callback.core import Callback

from kfood.system.collectives import all_sums
from kfood.system.files import write_csv
from kfood.system.processes import is_main_process


class History(Callback):
    """Writes epoch, learning rate, training loss, validation loss and accuracy, and seconds after each epoch.

    The training loss is the mean over the epoch's photos; fastai's own is smoothed over batches and epochs. The
    learning rate is that of the epoch's last batch.
    """

    order = 55  # after fastai's Recorder, before whatever may end the training

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[dict[str, Any]] = []

    def before_train(self) -> None:
        """Start the epoch's sums."""
        self.started, self.photos = time.monotonic(), 0
        self.total = torch.zeros((), device=self.dls.device)

    def after_batch(self) -> None:
        """Add a training batch."""
        if self.training:
            self.total += self.loss.detach() * len(self.yb[0])  # stays on the device: no wait for each batch
            self.photos += len(self.yb[0])

    def before_validate(self) -> None:
        """Note the learning rate of the epoch, before anything changes it."""
        self.lr_of_epoch = self.opt.hypers[-1]["lr"]

    def after_epoch(self) -> None:
        """Write the row."""
        total, photos = self._sums()
        _, valid_loss, valid_accuracy = self.recorder.values[-1]
        self.add(
            {
                "epoch": self.epoch + 1,
                "lr": self.lr_of_epoch,
                "train_loss": total / max(1, photos),
                "valid_loss": valid_loss,
                "valid_accuracy": valid_accuracy,
                "seconds": round(time.monotonic() - self.started, 2),
            }
        )

    def state_dict(self) -> dict[str, Any]:
        """Return the rows, and the sums of the epoch that is not done; of no epoch, where it is."""
        sums = dict(zip(("total", "photos"), self._sums(), strict=True)) if self.learn.training else {}
        return {"rows": self.rows, "sums": sums}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with rows and sums that `state_dict` returned."""
        self.rows = list(state["rows"])
        if state["sums"]:
            sums = state["sums"] if is_main_process() else {"total": 0.0, "photos": 0}  # they are of all processes
            self.total = torch.full((), sums["total"], device=self.dls.device)
            self.photos = int(sums["photos"])

    def _sums(self) -> list[float]:
        """Return the epoch's sum of losses and number of photos, of all processes."""
        return all_sums(self.total.item(), self.photos)

    def add(self, row: dict[str, float]) -> None:
        """Add a row to the table and write it."""
        self.rows.append(row)
        if is_main_process():
            write_csv(self.path, pd.DataFrame(self.rows))
