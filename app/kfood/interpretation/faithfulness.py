"""Whether activation maps show what decides: the places they name are taken away, and the network is asked again."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from fastai.learner import Learner
from scipy.integrate import trapezoid
from torch import Tensor

from kfood.data.loaders import Photo
from kfood.data.threads import prediction_loader
from kfood.interpretation.activation import exact, maps_of_batch
from kfood.interpretation.randomised import Similarity, similarity_when_randomised
from kfood.interpretation.section import CAM
from kfood.model.build import Classifier
from kfood.model.fold_batchnorm import fold_batchnorm
from kfood.statistics.estimates import mean_interval

SHARES = tuple(np.linspace(0, 1, 6))  # of the photo's area
FEWEST = 8  # photos that can be judged
_BLOCK = 4  # photos on whose maps each of them is tried
_BATCH = 64
_BLURRED_TO = 4
_ROUNDING = 5  # decimals: what a network computes differs by more than that only where photos do


class Gain(NamedTuple):
    """How much better the maps are than others: the mean difference of their scores, -2 to 2, with its interval.

    A map's score (-1 to 1) is the area under its insertion curve less the area under its deletion curve: both curves
    are of the probability of the predicted class (0..1) over the share of the photo's area (0..1), as in Petsiuk, Das
    and Saenko (2018). 0 where the others do as well; the interval is NaN to NaN where there is nothing to tell it by.
    """

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:+.3f} ({self.low:+.3f} to {self.high:+.3f})"


class Faithfulness(NamedTuple):
    """What places do to the probability of the predicted class.

    Args:
        curves: a row for each of `SHARES`: mean probability (0..1) after that share of the photo, which a map names
            first, is made grey (`deletion`), or sharp while all else is blurred (`insertion`); by the photo's own map,
            by maps of other photos (`..._swapped`) and from the middle outwards (`..._centre`).
        swapped: the gain over the maps of other photos.
        centre: the gain over a round blob in the middle.
        head, network: rank correlation with the maps that come with the head's, and with all weights at random.
        n: photos.
        level: of all intervals, 0 to 1.
        method: of the maps.
        cells: of a map: height and width.
    """

    curves: pd.DataFrame
    swapped: Gain
    centre: Gain
    head: Similarity
    network: Similarity
    n: int
    level: float
    method: str
    cells: tuple[int, ...]

    @property
    def is_faithful(self) -> bool:
        """Whether all that was compared speaks for the maps."""
        return self.swapped.low > 0 and self.centre.low > 0 and not self.network.is_alike

    def verdict(self) -> str:
        """Return what was compared, how far the maps depend on the weights, and what that shows."""
        size = f"{self.cells[0]} x {self.cells[1]} cells"
        return (
            f'Faithfulness of the maps ("{self.method}", {size}; area between insertion and deletion, '
            f"{100 * self.level:.3g} % intervals, n = {self.n} photos, one a plate): {self.swapped} against another "
            f"photo's map, {self.centre} against a blob in the middle. Rank correlation with the maps of random "
            f"weights in the head {self.head}, in the whole network {self.network} (1: the same, 0: nothing alike). "
            f"{self._words()}"
        )

    def _words(self) -> str:
        if self.is_faithful:
            return "The maps show what decides: the places that they name matter more than those of either."
        if self.swapped.high < 0:
            return "The maps are misleading: those of other photos name places that matter more."
        if self.swapped.low > 0 and self.centre.low > 0:
            return (
                "That the maps show what decides is not shown: their places matter, but a network that has learned "
                "nothing gives much the same maps."
            )
        if self.swapped.low > 0:
            middle = "matters more" if self.centre.high < 0 else "may matter as much"
            return (
                "That the maps show what decides is not shown: they fit their own photo better than another, but its "
                f"middle {middle}."
            )
        if self.centre.low > 0:
            return (
                "That the maps show what decides is not shown: other photos' maps may do as well, so they say where "
                "dishes lie, not what decided in this photo."
            )
        middle = ", and the middle of a photo matters more" if self.centre.high < 0 else ""
        return f"Nothing shows that these maps are faithful{middle}: do not read anything into them."


def faithfulness(
    learner: Learner, photos: list[Photo], targets: list[int], method: str = CAM, level: float = 0.95, seed: int = 0
) -> Faithfulness:
    """Measure how faithful the activation maps of `photos` for the classes `targets` are.

    A photo loses by whatever is taken from it, and food lies in the middle of photos, so that each map is judged beside
    two others that know nothing of what decides in this photo: maps of other photos of the same run, and a round blob
    in the middle. (Against noise, any smooth map wins.) Photos are put into blocks of four, each map of a block is
    tried on each photo of it, and the interval is that of t over blocks: what makes a photo or a map good in itself
    cancels out in a block. In simulations (12 to 48 photos; maps of noise, smooth ones and blobs near the middle, which
    knew nothing of their photo) 2 to 3 % beat maps of other photos and less than 1 % were called faithful.

    Places are made grey, so that "occlusion", which asks just that, has it easier here than the other methods.

    Maps may follow the photo and not the network: how alike they stay when weights are at random is measured as well
    (`randomised.similarity_when_randomised`).

    Args:
        learner: of a finished run.
        photos: n of them, `FEWEST` or more, in random order, no two of one plate.
        targets: n class numbers, the predicted ones.
        method: of the maps, see `activation_maps`.
        level: of all intervals, 0 to 1.
        seed: of the random weights.

    Raises:
        KfoodError: there is no such method, or the network has no places for it.
    """
    model = exact(learner)
    pixels = torch.cat([batch.as_subclass(Tensor) for batch, _ in prediction_loader(learner.dls, photos)])
    maps = maps_of_batch(model, pixels, targets, method=method)
    curves, swapped, centre = compared(fold_batchnorm(model, pixels.shape[-1]), pixels, targets, maps, level)
    head, network = similarity_when_randomised(model, pixels, targets, maps, method, level, seed)
    return Faithfulness(curves, swapped, centre, head, network, len(photos), level, method, tuple(maps.shape[1:]))


def compared(
    model: Classifier, photos: Tensor, targets: list[int], maps: Tensor, level: float = 0.95
) -> tuple[pd.DataFrame, Gain, Gain]:
    """Return the curves of `Faithfulness`, and the gains over maps of other photos and over a blob in the middle.

    Args:
        model: predicts.
        photos: n x 3 x height x width, as the network takes them.
        targets: n class numbers.
        maps: n x any height x any width.
        level: of the intervals, 0 to 1.
    """
    alone = np.arange(len(photos))
    of_block = alone * max(len(photos) // _BLOCK, 1) // len(photos)
    tried, judged = (of_block[:, None] == of_block[None]).nonzero()  # all of a block with all of it
    by_maps = _curves(model, photos, targets, maps, tried, judged)
    by_centre = _curves(model, photos, targets, _centre(photos.shape[-1]), np.zeros_like(alone), alone)
    deletion, insertion = torch.cat([by_maps, by_centre], dim=1).double().numpy()
    kinds = np.concatenate([np.where(tried == judged, "", "_swapped"), np.full(len(photos), "_centre")])
    scores = pd.DataFrame({"photo": np.concatenate([judged, alone]), "kind": kinds})
    scores["score"] = area(insertion) - area(deletion)
    of_kind = scores.groupby(["photo", "kind"])["score"].mean().unstack()
    columns: dict[str, np.ndarray] = {"share": np.array(SHARES)}
    for name, curves in (("deletion", deletion), ("insertion", insertion)):
        columns |= {f"{name}{kind}": curves[kinds == kind].mean(0) for kind in ("", "_swapped", "_centre")}
    swapped = _gain(of_kind[""] - of_kind["_swapped"], of_block, level)
    return pd.DataFrame(columns), swapped, _gain(of_kind[""] - of_kind["_centre"], alone, level)


def area(curves: np.ndarray) -> np.ndarray:
    """Return the area under curves (n x shares) over `SHARES`, each 0 to 1, by trapezoids."""
    return trapezoid(curves, SHARES, axis=1)


def _gain(differences: pd.Series, groups: np.ndarray, level: float) -> Gain:
    values = differences.to_numpy().round(_ROUNDING)
    return Gain(float(values.mean()), *mean_interval(values, groups, level))


def _centre(side: int) -> Tensor:
    """Return a Gaussian blob in the middle, 1 x side x side. Its width is of no matter: the order of places counts."""
    away = torch.linspace(-1, 1, side) ** 2
    return torch.exp(-(away[:, None] + away[None]) * 2)[None]


@torch.inference_mode()
def _curves(
    model: Classifier, photos: Tensor, targets: list[int], maps: Tensor, tried: np.ndarray, judged: np.ndarray
) -> Tensor:
    """Return probabilities of the photos' targets, (deletion, insertion) x pairs x shares.

    Args:
        model, photos, targets: as for `compared`.
        maps: m x any height x any width.
        tried, judged: of each pair, the number of the map and that of the photo.
    """

    def asked(shown: Tensor, numbers: np.ndarray) -> Tensor:
        rows = torch.arange(len(shown))
        return model(shown).softmax(1)[rows, [targets[number] for number in numbers]].cpu()

    results = []
    for first in range(0, len(tried), _BATCH):
        part = slice(first, first + _BATCH)
        number, sharp = judged[part], photos[judged[part]]
        heat = F.interpolate(maps[tried[part]][:, None].to(photos.device), photos.shape[2:], mode="bilinear").flatten(1)
        order = heat.argsort(dim=1, descending=True, stable=True)
        rank = order.argsort(dim=1).view(len(sharp), 1, *photos.shape[2:]) / heat.shape[1]
        grey, blurred = torch.zeros_like(sharp), _blurred(sharp)
        between = SHARES[1:-1]
        deleted = [asked(torch.where(rank < share, grey, sharp), number) for share in between]
        inserted = [asked(torch.where(rank < share, sharp, blurred), number) for share in between]
        results.append(torch.stack([torch.stack(deleted, 1), torch.stack(inserted, 1)]))
    ends = []
    for first in range(0, len(photos), _BATCH):
        sharp, number = photos[first : first + _BATCH], np.arange(first, min(first + _BATCH, len(photos)))
        ends.append(torch.stack([asked(each, number) for each in (sharp, torch.zeros_like(sharp), _blurred(sharp))]))
    whole, none, blur = torch.cat(ends, dim=1)[:, judged]
    starts, stops = torch.stack([whole, blur])[..., None], torch.stack([none, whole])[..., None]
    return torch.cat([starts, torch.cat(results, dim=1), stops], dim=2)


def _blurred(photos: Tensor) -> Tensor:
    """Blur photos (n x channels x height x width) so far that dishes cannot be told: 4 x 4 colours, run together."""
    return F.interpolate(F.adaptive_avg_pool2d(photos, _BLURRED_TO), photos.shape[2:], mode="bilinear")
