"""A timm body with a head of the study's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from timm.models import group_parameters
from torch import Tensor, nn

from kfood.errors import KfoodError
from kfood.model.body import build_body
from kfood.model.joined import JoinedBodies, bodies_of
from kfood.model.normalization import UNIT_RANGE, Normalization, Renormalize
from kfood.model.pretrained import load_pretrained
from kfood.recipes.schema import JOINS, Model


class Precision(NamedTuple):
    """The number formats that a network computes in."""

    training: torch.dtype
    predicting: torch.dtype

    def __str__(self) -> str:
        training, predicting = (str(each).removeprefix("torch.") for each in self)
        return training if training == predicting else f"{training}, predicting {predicting}"

    @classmethod
    def parse(cls, text: str) -> Precision:
        """Return what `str` has written. Raises KfoodError where it is nothing of that kind."""
        training, _, predicting = text.partition(", predicting ")
        known = {"float32": torch.float32, "bfloat16": torch.bfloat16}
        if not {training, predicting or training} <= set(known):
            raise KfoodError(f'The run was computed in "{text}", which is no number format that this version knows.')
        return cls(known[training], known[predicting or training])


class Classifier(nn.Module):
    """Photos in, logits out: `body` (any timm network without its classifier) and `head`.

    timm knows for each of its networks how features are pooled into a vector, so every timm name works:
    convolutional, transformer or mixed.
    """

    body: Any  # nn.Module declares none of what timm's networks have

    def __init__(self, body: nn.Module, head: nn.Module, hflip_tta: bool = False, intermediate_maps: int = 0) -> None:
        super().__init__()
        self.body, self.head, self.hflip_tta, self.intermediate_maps = body, head, hflip_tta, intermediate_maps
        self.renormalize = Renormalize()
        self.feature_map = nn.Identity()  # where activation maps look
        self.precision = Precision(torch.float32, torch.float32)

    def forward(self, photos: Tensor) -> Tensor:
        """Return logits, n x classes, float32, of photos, n x 3 x height x width in -1..1.

        With `hflip_tta`, the prediction is the mean over each photo and its mirror image; training is not concerned.
        """
        logits = self._logits(photos)
        return (logits + self._logits(photos.flip(3))) / 2 if self.hflip_tta and not self.training else logits

    def pooled(self, photos: Tensor) -> Tensor:
        """Return what the head is given, n x features: the pooled last map, then the means of those before it."""
        with self._autocast(photos):
            photos = self.renormalize(photos)
            if not self.intermediate_maps:
                return self._of_last_map(self.body.forward_features(photos))
            last, maps = self.body.forward_intermediates(photos, indices=self.intermediate_maps)
            means = [each.float().mean((2, 3)) for each in maps if each is not last]
            return torch.cat([self._of_last_map(last), *means], dim=1)

    @property
    def normalization(self) -> Normalization:
        """Of the photos that the body's weights know."""
        return self.renormalize.normalization

    def set_normalization(self, normalization: Normalization) -> Classifier:
        """Give the body photos as its weights know them, from now on. Return the classifier."""
        self.renormalize = Renormalize(normalization)
        return self

    def set_precision(self, training: torch.dtype, predicting: torch.dtype | None = None) -> Classifier:
        """Compute in float32 or bfloat16 from now on; weights stay float32. Return the classifier.

        Here and not in a callback, because fastai's MixedPrecision knows GPUs only.

        Args:
            training: the format in training mode.
            predicting: in evaluation mode; the same where not given.
        """
        self.precision = Precision(training, predicting or training)
        return self

    def to_device(self, device: torch.device) -> Classifier:
        """Move to a device, with the colours of a pixel side by side (channels last), and return the classifier.

        Convolutions are faster so on CPUs and GPUs; results differ by rounding.
        """
        layout = torch.channels_last if device.type in ("cpu", "cuda") else torch.preserve_format
        return self.to(device).to(memory_format=layout)

    def _logits(self, photos: Tensor) -> Tensor:
        with self._autocast(photos):
            return self.head(self.pooled(photos)).float()

    def parts(self) -> list[Classifier]:
        """Return each of the joined bodies by itself, sharing its weights; this one where there is but one."""
        if not isinstance(self.body, JoinedBodies):
            return [self]
        return [self._part(body, own) for body, own in zip(self.body.bodies, self.body.normalizations, strict=True)]

    def _part(self, body: nn.Module, normalization: Normalization) -> Classifier:
        part = Classifier(body, nn.Identity(), self.hflip_tta, self.intermediate_maps)
        part.set_normalization(normalization).set_precision(*self.precision).train(self.training)
        part.renormalize.to(self.renormalize.scale.device)
        return part

    def joined_features(self, parts: Sequence[Tensor]) -> Tensor:
        """Return what `pooled` returns, of what it returns for each of `parts`: n x features of each."""
        if not isinstance(self.body, JoinedBodies):
            return parts[0]
        split = [part.tensor_split([length], dim=1) for part, length in zip(parts, self.body.lengths, strict=True)]
        return torch.cat([last for last, _ in split] + [means for _, means in split], dim=1)

    def _of_last_map(self, features: Tensor) -> Tensor:
        return self.body.forward_head(self.feature_map(features), pre_logits=True)

    def _autocast(self, photos: Tensor) -> torch.autocast:
        wanted = self.precision.training if self.training else self.precision.predicting
        return torch.autocast(photos.device.type, wanted, enabled=wanted != torch.float32)


def build_model(model: Model, n_classes: int, size: int) -> Classifier:
    """Return the network that a recipe's model section names, with weights at random (or ImageNet's).

    Args:
        model: the section.
        n_classes: number of logits.
        size: side of the photos in pixels; it matters to networks made for one size, such as transformers.

    Raises:
        KfoodError: timm has no such network, or none for this size, or its ImageNet weights cannot be had.
    """
    body, normalization = build_body(model.arch, size, model.drop_path), UNIT_RANGE
    if model.pretrained:
        normalization = load_pretrained(body, model.arch, size, model.pretrained_file)
    classifier = Classifier(body, nn.Identity(), model.hflip_tta, model.intermediate_maps)
    length = _length_of_features(classifier.set_normalization(normalization), model, size)
    classifier.head = build_head(model.head, length, n_classes, model.dropout)
    return classifier


def build_head(kind: str, n_features: int, n_classes: int, dropout: float) -> nn.Sequential:
    """Return one of the study's heads, which take the pooled vector.

    "plain" is a linear layer; "dropout" has dropout before it; "dropout_bn" batch normalisation, then dropout. A
    single linear layer behind the pooling keeps class activation maps exact (Zhou et al. 2016).
    """
    layers: dict[str, nn.Module] = {}
    if kind == "dropout_bn":
        layers["norm"] = nn.BatchNorm1d(n_features)
    if kind in ("dropout", "dropout_bn"):
        layers["dropout"] = nn.Dropout(dropout)
    layers["linear"] = nn.Linear(n_features, n_classes)
    head = nn.Sequential()
    for name, layer in layers.items():
        head.add_module(name, layer)
    return head


def freeze_stages(model: Classifier, arch: str, stages: int) -> None:
    """Let the body's first stages never learn; timm knows for nearly each network what its stages are.

    Raises:
        KfoodError: the body has no more stages than that, or timm does not know them.
    """
    if not stages:
        return
    for body, name in zip(bodies_of(model.body), arch.split(JOINS), strict=True):
        _freeze_stages(body, name, stages)


def _freeze_stages(body: Any, arch: str, stages: int) -> None:  # noqa: ANN401 - nn.Module declares none of timm's
    if not hasattr(body, "group_matcher"):
        raise KfoodError(f"model.frozen_stages is {stages}, but timm does not know the stages of {arch}: set it to 0.")
    names = group_parameters(body, body.group_matcher(coarse=True))
    if stages >= len(names):
        raise KfoodError(f"model.frozen_stages is {stages}, but {arch} has {len(names)} stages, and one must learn.")
    for stage in range(stages):
        for name in names[stage]:
            body.get_parameter(name).requires_grad_(False)


def parameter_groups(model: Classifier) -> list[list[nn.Parameter]]:
    """Return what learns in two groups, body and head: fastai's splitter."""
    parts = (model.body, model.head)
    return [[parameter for parameter in part.parameters() if parameter.requires_grad] for part in parts]


def parameter_count(module: nn.Module) -> int:
    """Return how many numbers are learned."""
    return sum(parameter.numel() for parameter in module.parameters())


def _length_of_features(model: Classifier, section: Model, size: int) -> int:
    """Try the network on a grey photo: how long what its head is given is, and whether it takes this size at all."""
    model.eval()
    try:
        with torch.no_grad():
            length = model.pooled(torch.zeros(1, 3, size, size)).shape[1]
    except AttributeError as error:
        if "forward_intermediates" not in str(error):
            raise
        raise KfoodError(
            f"model.intermediate_maps is {section.intermediate_maps}, but timm does not know the maps of "
            f"{section.arch}: set it to 0."
        ) from None
    except (AssertionError, RuntimeError, ValueError) as error:  # how timm's networks refuse a size
        reason = str(error).splitlines()[0]
        if section.intermediate_maps and "out of range" in reason:
            raise KfoodError(
                f"model.intermediate_maps is {section.intermediate_maps}, more than {section.arch} has."
            ) from None
        raise KfoodError(f"{section.arch} cannot take photos of data.size = {size} pixels: {reason}.") from None
    model.train()
    return length
