"""What kfood says while it works: plain lines on stdout, and the same lines in a run's log.txt."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kfood.system.console import go_on_without_stdout
from kfood.system.os_errors import cannot_use
from kfood.system.processes import is_main_process
from kfood.text import printable

_KFOOD = logging.getLogger("kfood")


class _Printable(logging.Formatter):
    """Keeps a message on its line, whatever the names of files in it hold."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = printable(record.message)
        return super().formatMessage(record)


class _LogFile(logging.FileHandler):
    """A log that cannot be written, as on a full disk, is said once and ends nothing: the results matter more."""

    told = False

    def handleError(self, record: logging.LogRecord) -> None:
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
        elif not self.told:
            self.told = True
            _KFOOD.warning("%s", cannot_use(self.baseFilename, error))

    def close(self) -> None:
        with suppress(OSError):  # what was not written before cannot be written now
            super().close()


class _Console(logging.StreamHandler):  # type: ignore[type-arg]  # generic for type checkers only
    """Prints; a reader that went away, such as head, ends the printing and not the work."""

    def handleError(self, record: logging.LogRecord) -> None:
        if isinstance(sys.exc_info()[1], BrokenPipeError):
            go_on_without_stdout()
        else:
            super().handleError(record)


@contextmanager
def shown(of: str = "kfood") -> Iterator[None]:
    """Print kfood's messages on stdout, unless somebody already listens to them.

    Args:
        of: the package whose messages are shown; of the others, only warnings are.
    """
    if _KFOOD.handlers:
        yield
        return
    handler: logging.Handler = _Console(sys.stdout) if is_main_process() else logging.NullHandler()
    handler.setFormatter(_Printable())
    handler.addFilter(lambda record: record.levelno >= logging.WARNING or f"{record.name}.".startswith(f"{of}."))
    with _listening(handler):
        yield


@contextmanager
def written_to(path: Path) -> Iterator[None]:
    """Append kfood's messages, with the time, to a file."""
    handler = _LogFile(path, encoding="utf-8")
    handler.setFormatter(_Printable("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
    with _listening(handler):
        yield


@contextmanager
def _listening(handler: logging.Handler) -> Iterator[None]:
    before = _KFOOD.level
    _KFOOD.setLevel(logging.INFO)
    _KFOOD.addHandler(handler)
    try:
        yield
    finally:
        _KFOOD.removeHandler(handler)
        _KFOOD.setLevel(before)
        handler.close()
