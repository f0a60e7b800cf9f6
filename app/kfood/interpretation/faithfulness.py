"""Whether activation maps show what decides: the places they name are taken away, and the network is asked again."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from fastai.learner import Learner
from torch import Tensor

from kfood.data.loaders import Photo
from kfood.data.threads import prediction_loader
from kfood.interpretation.activation import exact, maps_of_batch
from kfood.model.build import Classifier
from kfood.model.fold_batchnorm import fold_batchnorm

SHARES = tuple(np.linspace(0, 1, 6))  # of the photo's area
_DRAWS = 2000  # of the bootstrap
_BLURRED_TO = 4


class Faithfulness(NamedTuple):
    """What places do to the probability of the predicted class.

    `deletion`, `insertion` and the same of chance: mean probability (0..1) at each of `SHARES`, after the places that
    the map names first are made grey, or sharp while all else is blurred. `gain`: area between the curves of map and
    chance, both ways together, with its 95 % interval: 0 where the map tells no more than chance.
    """

    deletion: np.ndarray
    chance_deletion: np.ndarray
    insertion: np.ndarray
    chance_insertion: np.ndarray
    gain: float
    low: float
    high: float
    n: int

    def verdict(self) -> str:
        """Return in a sentence whether the maps can be believed."""
        if self.low > 0:
            words = "the maps show what decides, better than maps drawn at random"
        elif self.high < 0:
            words = "the maps are misleading: worse than maps drawn at random"
        else:
            words = "these maps cannot be told from maps drawn at random: do not read anything into them"
        return (
            f"Faithfulness (deletion and insertion, beside random maps): {self.gain:+.3f} (95 % interval "
            f"{self.low:+.3f} to {self.high:+.3f}, n = {self.n}): {words}."
        )

    def table(self) -> pd.DataFrame:
        """Return the four curves, a row a share of the photo's area."""
        names = ("deletion", "chance_deletion", "insertion", "chance_insertion")
        return pd.DataFrame({"share": SHARES, **{name: getattr(self, name) for name in names}})


def faithfulness(learner: Learner, photos: list[Photo], targets: list[int], seed: int = 0) -> Faithfulness:
    """Measure how faithful the activation maps of `photos` for the classes `targets` are.

    Deletion and insertion (Petsiuk, Das and Saenko 2018), beside maps of the same coarseness drawn at random, because
    a photo loses by whatever is taken from it.

    Args:
        learner: of a finished run.
        photos: n of them, 2 or more.
        targets: n class numbers, the predicted ones.
        seed: of the random maps and the bootstrap.
    """
    model, rng = exact(learner), torch.Generator().manual_seed(seed)
    curves, done = [], 0
    for batch, _ in prediction_loader(learner.dls, photos):
        pixels = batch.as_subclass(Tensor)
        wanted = targets[done : done + len(pixels)]
        done += len(pixels)
        maps = maps_of_batch(model, pixels, wanted)
        chance = torch.rand(maps.shape, generator=rng)
        fast = fold_batchnorm(model, pixels.shape[-1])
        curves.append(torch.stack([_curves(fast, pixels, wanted, each) for each in (maps, chance)]))
    deletion, insertion = torch.cat(curves, dim=2).unbind(1)  # each: (map, chance) x n x shares
    gains = ((deletion[1] - deletion[0]) + (insertion[0] - insertion[1])).mean(1).numpy()
    draws = np.random.default_rng(seed).choice(gains, (_DRAWS, len(gains))).mean(1)
    low, high = np.quantile(draws, [0.025, 0.975])
    by_map, by_chance, into_map, into_chance = (curve.mean(0).numpy() for curve in (*deletion, *insertion))
    return Faithfulness(
        by_map, by_chance, into_map, into_chance, float(gains.mean()), float(low), float(high), len(gains)
    )


@torch.inference_mode()
def _curves(model: Classifier, photos: Tensor, targets: list[int], maps: Tensor) -> Tensor:
    """Return probabilities of the targets, (deletion, insertion) x n x shares."""
    heat = F.interpolate(maps[:, None].to(photos.device), photos.shape[2:], mode="bilinear").flatten(1)
    rank = heat.argsort(1, descending=True).argsort(1).view(len(photos), 1, *photos.shape[2:]) / heat.shape[1]
    rows = torch.arange(len(photos))
    results = []
    for first, rest in ((torch.zeros_like(photos), photos), (photos, _blurred(photos))):
        asked = (model(torch.where(rank < share, first, rest)).softmax(1)[rows, targets] for share in SHARES)
        results.append(torch.stack(list(asked), dim=1).cpu())
    return torch.stack(results)


def _blurred(photos: Tensor) -> Tensor:
    """Blur photos (n x channels x height x width) so far that dishes cannot be told: 4 x 4 colours, run together."""
    return F.interpolate(F.adaptive_avg_pool2d(photos, _BLURRED_TO), photos.shape[2:], mode="bilinear")
