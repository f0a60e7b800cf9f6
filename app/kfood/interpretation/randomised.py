"""Whether activation maps depend on what the network has learned: they are made again with weights at random."""

from __future__ import annotations

import copy
from typing import NamedTuple

import numpy as np
import torch
from scipy.stats import rankdata
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from kfood.interpretation.activation import maps_of_batch
from kfood.model.build import Classifier
from kfood.statistics.estimates import mean_interval

_PHOTOS = 16  # on which it is measured
_ALIKE = 0.5  # rank correlation


class Similarity(NamedTuple):
    """Spearman's rank correlation of two maps, mean over photos with its interval, each -1 to 1."""

    mean: float
    low: float
    high: float

    @property
    def is_alike(self) -> bool:
        """Whether maps are as good as the same: more than 0.5, and not by chance."""
        return self.low > _ALIKE

    def __str__(self) -> str:
        return f"{self.mean:+.2f} ({self.low:+.2f} to {self.high:+.2f})"


def similarity_when_randomised(
    model: Classifier, photos: Tensor, targets: list[int], maps: Tensor, method: str, level: float, seed: int
) -> tuple[Similarity, Similarity]:
    """Return how alike the maps stay with the head's weights, and with all weights at random.

    The sanity check of Adebayo et al., "Sanity Checks for Saliency Maps" (2018): maps that stay the same show edges or
    the middle of photos, not what the network has learned. As there, absolute values are compared, as a weight of the
    other sign turns a map round. It is measured on up to 16 of the photos.

    Args:
        model: stays as it is.
        photos: n x 3 x height x width, as the network takes them.
        targets: n class numbers.
        maps: n x height x width, made with the model as it is.
        method: that made them.
        level: of the intervals, 0 to 1.
        seed: of the weights.
    """
    some, wanted, known = photos[:_PHOTOS], targets[:_PHOTOS], maps[:_PHOTOS].abs().flatten(1).numpy()
    results = []
    for whole in (False, True):
        changed = randomised(model, whole, some, seed)
        other = maps_of_batch(changed, some, wanted, method=method).abs().flatten(1).numpy()
        found = np.array([rank_correlation(*pair) for pair in zip(known, other, strict=True)])
        results.append(Similarity(float(found.mean()), *mean_interval(found, np.arange(len(found)), level)))
    return results[0], results[1]


def randomised(model: Classifier, whole: bool, photos: Tensor, seed: int = 0) -> Classifier:
    """Return a copy whose weights are shuffled within each tensor, so that they stay as large as they were.

    Batch normalisations of a shuffled network take their means and variances from `photos`, as those of the learned
    one would let its features vanish.

    Args:
        model: stays as it is.
        whole: all of its weights, or those of its head.
        photos: n x 3 x height x width.
        seed: of the order.
    """
    rng = torch.Generator().manual_seed(seed)
    changed = copy.deepcopy(model)
    heads = [module.head for module in changed.modules() if isinstance(module, Classifier)]
    with torch.no_grad():
        for module in [changed] if whole else heads:
            for weights in module.parameters():
                order = torch.randperm(weights.numel(), generator=rng).to(weights.device)
                weights.copy_(weights.flatten()[order].view_as(weights))
        norms = [module for module in changed.modules() if isinstance(module, _BatchNorm)]
        if whole and norms:
            for norm in norms:
                norm.reset_running_stats()
                norm.momentum = None  # the mean over all batches
                norm.train()
            changed(photos)
            changed.eval()
    return changed


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Return Spearman's rank correlation; where a map is the same everywhere, 1 if the other is too, else 0."""
    ranks = [rankdata(each) - (len(each) + 1) / 2 for each in (first, second)]
    sizes = [float((each**2).sum()) for each in ranks]
    if not all(sizes):
        return float(not any(sizes))
    return float((ranks[0] * ranks[1]).sum() / (sizes[0] * sizes[1]) ** 0.5)
