"""What a person sees of a training: a bar within the epoch, a line after it, and the time that is left."""

from __future__ import annotations

import logging
import sys
import time

from fastai.callback.core import Callback
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from kfood.system.processes import is_main_process
from kfood.system.progress import duration

log = logging.getLogger(__name__)


class ShowProgress(Callback):
    """Logs a line an epoch with the time left; on a terminal also draws a bar while the epoch runs."""

    order = 56  # after History, whose row it shows

    def __init__(self) -> None:
        self.bar: Progress | None = None

    def before_fit(self) -> None:
        """Start the clock."""
        self.started = time.monotonic()

    def before_epoch(self) -> None:
        """Start the epoch's bar."""
        if sys.stderr.isatty() and is_main_process():
            columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(compact=True))
            self.bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self.bar.start()
            self.task = self.bar.add_task(f"epoch {self.epoch + 1} of {self.n_epoch}", total=len(self.dls.train))

    def after_batch(self) -> None:
        """Move the bar."""
        if self.bar and self.training:
            self.bar.advance(self.task)

    def after_epoch(self) -> None:
        """Log the epoch."""
        self.close()
        row, done = self.history.rows[-1], self.epoch + 1
        left = (time.monotonic() - self.started) / (done - self.first_epoch) * (self.n_epoch - done)
        log.info(
            "epoch %*d of %d   training loss %.4f   validation loss %.4f   accuracy %.4f   %s%s",
            len(str(self.n_epoch)),
            done,
            self.n_epoch,
            row["train_loss"],
            row["valid_loss"],
            row["valid_accuracy"],
            duration(row["seconds"]),
            f"   at most {duration(left)} left" if done < self.n_epoch else "",
        )

    def close(self) -> None:
        """Take the bar away. To be called however the fit ended; fastai tells callbacks of good ends only."""
        if self.bar:
            self.bar.stop()
            self.bar = None
