"""A trained model as two files that hold no code: model.safetensors and model.json."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save
from torch import nn

from kfood.errors import KfoodError
from kfood.model.build import Classifier, build_model
from kfood.model.cascade import Cascade
from kfood.model.finite import require_finite_weights
from kfood.model.normalization import Normalization
from kfood.recipes.schema import Model
from kfood.system.files import write_json, write_whole

_OF_MODEL = ("arch", "head", "dropout", "hflip_tta", "intermediate_maps")  # keys of a recipe's section of that name
_RENAMED = {"mirror": "hflip_tta"}  # after version 0.1


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
    mean: list[float]  # of pixels in 0..1, by channel, as the weights know them
    std: list[float]
    hflip_tta: bool = False  # predict with the mean over a photo and its mirror image
    intermediate_maps: int = 0  # earlier stages whose maps' means the head is given, too

    @property
    def normalization(self) -> Normalization:
        """Mean and deviation."""
        (red, green, blue), (red_std, green_std, blue_std) = self.mean, self.std
        return Normalization((red, green, blue), (red_std, green_std, blue_std))


@dataclass(frozen=True)
class CascadeDescription:
    """All that is needed to rebuild two models that predict as one, and when the first asks the second.

    Both are given the same photos, of the larger size; each is described as it was trained.
    """

    main: Description | CascadeDescription
    specialist: Description
    margin: float

    @property
    def classes(self) -> list[str]:
        """Those of the main model."""
        return self.main.classes

    @property
    def size(self) -> int:
        """Of the photos that the cascade is given: pixels, a square."""
        return max(self.main.size, self.specialist.size)


def save_weights(module: nn.Module, path: Path) -> None:
    """Write a module's parameters and buffers, whole or not at all."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in module.state_dict().items()}
    write_whole(path, lambda partial: partial.write_bytes(save(tensors)))


def save_model(
    model: Classifier | Cascade, description: Description | CascadeDescription, weights: Path, about: Path
) -> None:
    """Write a model and its description."""
    save_weights(model, weights)
    write_json(about, asdict(description))


def read_description(about: Path) -> Description | CascadeDescription:
    """Read a model's description.

    Raises:
        KfoodError: the file is missing or says something else.
    """
    try:
        return _described(json.loads(about.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise KfoodError(f"{about} does not describe a model: {error}.") from None


def read_network_description(about: Path) -> Description:
    """Read the description of one network.

    Raises:
        KfoodError: as `read_description`, or there are two of them: a cascade.
    """
    found = read_description(about)
    if isinstance(found, CascadeDescription):
        raise KfoodError(f"{about} describes a cascade of two networks, but one is needed here: name one of its parts.")
    return found


def load_model(weights: Path, about: Path) -> tuple[Classifier | Cascade, Description | CascadeDescription]:
    """Rebuild a model from its two files, on the CPU and ready to predict; runs no code from them.

    Raises:
        KfoodError: a file is missing, damaged or belongs to another model.
    """
    description = read_description(about)
    try:
        model = build_described(description)
        tensors = load_file(weights)
        model.load_state_dict(tensors)
        require_finite_weights(tensors, str(weights))
    except KfoodError:
        raise
    except Exception as error:  # safetensors and torch raise kinds of their own
        raise KfoodError(f"{weights} does not fit {about.name}: {str(error).splitlines()[0]}") from None
    return model.eval(), description


def build_described(about: Description | CascadeDescription) -> Classifier | Cascade:
    """Return the network of a description, with weights at random.

    Raises:
        KfoodError: as `build_model`.
        ValueError: the classes of a cascade's specialist are not among those of its main model.
    """
    if isinstance(about, CascadeDescription):
        return build_cascade(about)
    return _build_network(about)


def build_cascade(about: CascadeDescription) -> Cascade:
    """As `build_described`, where it is known to be a cascade."""
    first, second = (about.main.classes.index(name) for name in about.specialist.classes)
    sizes = (about.main.size, about.specialist.size)
    return Cascade(build_described(about.main), _build_network(about.specialist), (first, second), about.margin, sizes)


def _build_network(about: Description) -> Classifier:
    section = Model(**{key: getattr(about, key) for key in _OF_MODEL})
    return build_model(section, len(about.classes), about.size).set_normalization(about.normalization)


def _described(raw: dict[str, Any]) -> Description | CascadeDescription:
    raw = {_RENAMED.get(key, key): value for key, value in dict(raw).items()}
    if "specialist" not in raw:
        return Description(**raw)
    main, specialist = _described(raw["main"]), _described(raw["specialist"])
    return CascadeDescription(**raw | {"main": main, "specialist": specialist})
