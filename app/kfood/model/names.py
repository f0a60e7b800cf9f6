"""The names of timm's networks, kept on disk: importing timm takes seconds, in which a typo could have been told."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from importlib.metadata import version
from pathlib import Path

from kfood.errors import KfoodError
from kfood.recipes.schema import JOINS
from kfood.system.cache import Cache
from kfood.system.files import write_text
from kfood.text import did_you_mean

# Names that people (and the report) use, for what timm calls otherwise.
ALIASES = {"mobilenet_v2": "mobilenetv2_100", "mobilenetv2": "mobilenetv2_100"}
_CACHE = Cache("networks", version=1, most_bytes=2**22)


def require_known_network(arch: str) -> None:
    """Check the name of a network, or of several with + between them, by those that an earlier training has kept.

    Nothing is checked where none has.

    Raises:
        KfoodError: timm has no such network.
    """
    names = _CACHE.read(_file(), lambda file: list(map(str, json.loads(file.read_text(encoding="utf-8")))))
    if not names:
        return
    for name in arch.split(JOINS):
        if ALIASES.get(name, name).partition(".")[0] not in names:
            raise unknown_network(name, names)


def keep_names(names: Collection[str]) -> None:
    """Keep the names of all networks that this version of timm has, unless they are kept."""
    if not _file().exists():
        text = json.dumps(sorted(names))
        _CACHE.keep(_file(), lambda file: write_text(file, text), "The names of timm's networks")


def unknown_network(arch: str, names: Collection[str]) -> KfoodError:
    """Return the sentence about a network that timm does not have, with the nearest of the names that it has."""
    plain = re.sub(r"[^a-z0-9]", "", arch.lower())
    same = [name for name in names if name.replace("_", "") == plain]
    near = f' Did you mean "{same[0]}"?' if same else did_you_mean(arch.lower(), names)
    return KfoodError(
        f'model.arch = "{arch}" is not a network that timm knows.{near} '
        "The report's are resnet18, resnet34, resnet50, densenet121, efficientnet_b0, efficientnet_b1 and "
        "mobilenetv2_100."
    )


def _file() -> Path:
    return _CACHE.folder / f"{_CACHE.key([version('timm')])}.json"
