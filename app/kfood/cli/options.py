"""Options that several commands share."""

import os
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from kfood.system.gpu import CHOSEN

Data = Annotated[
    str | None,
    typer.Option(
        "--data",
        help='Folder or CSV with your photos, or "demo". Default: what the recipe says in data.root, then the '
        "environment variable KFOOD_DATA, then the demo.",
        show_default=False,
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", help="Change a value of the recipe, as training.epochs=5. May be repeated.", show_default=False
    ),
]
FinishedRun = Annotated[
    str | None,
    typer.Argument(
        metavar="RUN",
        help="A run folder, a name from kfood runs ls, or a recipe. Default: the latest.",
        show_default=False,
    ),
]
Coverage = Annotated[
    float | None,
    typer.Option("--coverage", help="Of a calibrated run: how often a set is to contain the dish.", show_default=False),
]
Refuse = Annotated[
    float | None,
    typer.Option(
        "--refuse",
        help="Of a calibrated run: the share of photos of its dishes that may be taken for none of them.",
        show_default=False,
    ),
]


def _choose_device(word: str | None) -> str | None:
    if word:
        os.environ[CHOSEN] = word
    return word


Device = Annotated[
    str | None,
    typer.Option(
        "--device",
        help="cpu, cuda, cuda:1, mps or xpu. Default: the environment variable KFOOD_DEVICE, then a GPU if there is "
        "one.",
        callback=_choose_device,
        expose_value=False,
        show_default=False,
    ),
]
Runs = Annotated[Path, typer.Option("--runs", help="Folder of all runs.", envvar="KFOOD_RUNS")]
RUNS = Path("runs")


class Order(str, Enum):
    """Of classes in a picture."""

    name = "name"
    similar = "similar"
