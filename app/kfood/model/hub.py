"""The hub of timm's weights: which of them are on this machine already, and whether the hub answers at all."""

from __future__ import annotations

import logging
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import cache
from queue import Empty, Queue
from threading import Thread
from typing import TypeVar

import timm
from huggingface_hub import constants, hf_hub_download, try_to_load_from_cache

Answer = TypeVar("Answer")
log = logging.getLogger(__name__)
_PATIENCE = 2.0  # seconds; the hub's own client would try for most of a minute
_FILES = ("model.safetensors", "pytorch_model.bin")  # as timm looks for them


def is_from_hub(name: str) -> bool:
    """Return whether the weights of a network, by timm's name, are on the hub."""
    return bool(timm.get_pretrained_cfg_value(name, "hf_hub_id"))


def downloaded_weights(name: str) -> str:
    """Return the file that a network's weights were downloaded into, '' where they were not."""
    repository, files = _place(name)
    for file in files:
        found = try_to_load_from_cache(repository, file)
        if isinstance(found, str):
            return found
    return ""


def download_weights(name: str, seconds: float) -> str:
    """Bring a network's weights from the hub into its cache and return the file, '' where that did not come about.

    Args:
        name: of a network, timm's, whose weights `is_from_hub`.
        seconds: to wait at most; what is not there by then goes on in the background and is there the next time.
    """
    return _within(seconds, lambda: _download(*_place(name)), "")


def _place(name: str) -> tuple[str, tuple[str, ...]]:
    """Return a network's repository, and the names that the file of its weights may have there."""
    repository, own = (timm.get_pretrained_cfg_value(name, key) for key in ("hf_hub_id", "hf_hub_filename"))
    return f"{repository}", (f"{own}",) if own else _FILES


def _download(repository: str, files: tuple[str, ...]) -> str:
    for file in files:
        try:
            return hf_hub_download(repository, file, etag_timeout=_PATIENCE)
        except Exception as error:  # the hub, its transport and the disk raise kinds of their own
            log.debug("%s of %s: %s", file, repository, error)
    return ""


@cache
def hub_answers() -> bool:
    """Return whether the hub can be asked; it is asked once in a process, and has two seconds.

    With HF_HUB_OFFLINE set it is not asked. A name server that does not answer is not waited for either.
    """
    if constants.HF_HUB_OFFLINE:
        return False
    return _within(_PATIENCE, _ask, False)


def _within(seconds: float, work: Callable[[], Answer], otherwise: Answer) -> Answer:
    """Return what `work` returns; `otherwise` where it takes longer. It may wait for a name server, whoever ends."""
    answers: Queue[Answer] = Queue()
    Thread(target=lambda: answers.put(work()), daemon=True).start()
    try:
        return answers.get(timeout=seconds)
    except Empty:
        return otherwise


def _ask() -> bool:
    try:
        question = urllib.request.Request(constants.ENDPOINT, method="HEAD")
        urllib.request.urlopen(question, timeout=_PATIENCE).close()
    except urllib.error.HTTPError:  # an answer, too
        return True
    except (OSError, ValueError):  # ValueError: an endpoint that is no address
        return False
    return True
