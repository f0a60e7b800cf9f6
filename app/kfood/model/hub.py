"""The hub of timm's weights: which of them are on this machine already, and whether the hub answers at all."""

from __future__ import annotations

import urllib.error
import urllib.request
from functools import cache
from queue import Empty, Queue
from threading import Thread

import timm
from huggingface_hub import constants, try_to_load_from_cache

_PATIENCE = 2.0  # seconds; the hub's own client would try for most of a minute
_FILES = ("model.safetensors", "pytorch_model.bin")  # as timm looks for them


def is_from_hub(name: str) -> bool:
    """Return whether the weights of a network, by timm's name, are on the hub."""
    return bool(timm.get_pretrained_cfg_value(name, "hf_hub_id"))


def downloaded_weights(name: str) -> str:
    """Return the file that a network's weights were downloaded into, '' where they were not."""
    repository = timm.get_pretrained_cfg_value(name, "hf_hub_id")
    own = timm.get_pretrained_cfg_value(name, "hf_hub_filename")
    for file in (own,) if own else _FILES:
        found = try_to_load_from_cache(f"{repository}", file)
        if isinstance(found, str):
            return found
    return ""


@cache
def hub_answers() -> bool:
    """Return whether the hub can be asked; it is asked once in a process, and has two seconds.

    With HF_HUB_OFFLINE set it is not asked. A name server that does not answer is not waited for either.
    """
    if constants.HF_HUB_OFFLINE:
        return False
    answers: Queue[bool] = Queue()
    Thread(target=lambda: answers.put(_ask()), daemon=True).start()  # may wait for a name server, whoever ends
    try:
        return answers.get(timeout=_PATIENCE)
    except Empty:
        return False


def _ask() -> bool:
    try:
        question = urllib.request.Request(constants.ENDPOINT, method="HEAD")
        urllib.request.urlopen(question, timeout=_PATIENCE).close()
    except urllib.error.HTTPError:  # an answer, too
        return True
    except (OSError, ValueError):  # ValueError: an endpoint that is no address
        return False
    return True
