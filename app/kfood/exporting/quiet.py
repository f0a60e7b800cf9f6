"""What torch.onnx, onnxscript and onnxruntime say of themselves, kept off the screen."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_LOGGERS = ("torch.onnx", "onnxscript", "onnx_ir", "torch.export")


@contextmanager
def quiet() -> Iterator[None]:
    """Hold back warnings and log lines; nothing of it stays.

    onnxruntime logs to the root logger, which prints from then on all that anybody logs, unless it has a handler.
    """
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    handler = logging.NullHandler()
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    logging.getLogger().addHandler(handler)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.getLogger().removeHandler(handler)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
