"""A trained model as two files that hold no code: model.safetensors and model.json."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors.torch import load_file, save
from torch import nn

from kfood.errors import KfoodError
from kfood.files import write_json, write_whole
from kfood.model.build import Classifier, build_model
from kfood.recipes.schema import Model


@dataclass(frozen=True)
class Description:
    """All that is needed to rebuild a model and to give it photos as it was given them in training."""

    arch: str
    head: str
    dropout: float
    classes: list[str]
    size: int  # pixels, a square
    presize: float  # photos are resized to size x presize first
    resize: str  # squish, crop or pad
    denoise: str
    mean: list[float]  # of pixels in 0..1, by channel
    std: list[float]
    mirror: bool = False  # predict with the mean over a photo and its mirror image


def save_weights(module: nn.Module, path: Path) -> None:
    """Write a module's parameters and buffers, whole or not at all."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in module.state_dict().items()}
    write_whole(path, lambda partial: partial.write_bytes(save(tensors)))


def save_model(model: Classifier, description: Description, weights: Path, about: Path) -> None:
    """Write a model and its description."""
    save_weights(model, weights)
    write_json(about, asdict(description))


def read_description(about: Path) -> Description:
    """Read a model's description.

    Raises:
        KfoodError: the file is missing or says something else.
    """
    try:
        return Description(**json.loads(about.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise KfoodError(f"{about} does not describe a model: {error}.") from None


def load_model(weights: Path, about: Path) -> tuple[Classifier, Description]:
    """Rebuild a model from its two files, on the CPU and ready to predict; runs no code from them.

    Raises:
        KfoodError: a file is missing, damaged or belongs to another model.
    """
    description = read_description(about)
    section = Model(
        arch=description.arch, head=description.head, dropout=description.dropout, mirror=description.mirror
    )
    model = build_model(section, len(description.classes), description.size)
    try:
        model.load_state_dict(load_file(weights))
    except Exception as error:  # safetensors and torch raise kinds of their own
        raise KfoodError(f"{weights} does not fit {about.name}: {str(error).splitlines()[0]}") from None
    return model.eval(), description
