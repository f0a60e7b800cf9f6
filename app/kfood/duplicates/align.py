"""Whether two photos show the same: laid upon each other as well as they go, then compared in their detail.

One photo is stretched, shifted and turned a little until it fits the other, by the steps of Lucas and Kanade in an
image pyramid (Baker and Matthews, "Lucas-Kanade 20 years on", 2004). What is compared is detail: what is left when a
blurred copy is taken away. Two white plates on one table have their large forms in common, but not their detail.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from kfood.duplicates.image_hashes import SIDE
from kfood.system.cores import available_cores
from kfood.system.progress import track

_BATCH = 256  # pairs
_SCALES = (1.0, 0.8)  # to start from: a photo as it is, and as a part of the other
_LARGEST_STEP = 0.1  # of the fit, in numbers of a place
_MOST = torch.tensor([1.6, 1.6, 0.6, 0.6, 0.3])  # of a place: see `_fit`
_LEAST = torch.tensor([1 / 1.6, 1 / 1.6, -0.6, -0.6, -0.3])
_LEAST_COMMON = 0.4  # share of a photo that lies upon the other
_FAINT = 1e-3  # spread of grey below which there is no detail, 1 is from black to white


class _Level(NamedTuple):
    """A size to compare at, the steps to fit with, and the similarity below which a pair is given up."""

    side: int
    steps: int
    enough: float


_LEVELS = (_Level(16, 5, 0.4), _Level(32, 6, 0.5), _Level(SIDE, 5, -1.0))


def compare_pairs(small: np.ndarray, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how alike the photos of each pair are, and whether one is mirrored.

    Args:
        small: grey pixels of photos, n x 64 x 64, uint8.
        pairs: m x 2, positions among the photos.

    Returns:
        The correlation of their detail where they lie upon each other, float32, -1 to 1, m long, the same for both
        orders of a pair; 0 says that they were seen to differ at a smaller size. And m booleans.
    """

    similarity, mirrored = np.zeros(len(pairs), np.float32), np.zeros(len(pairs), bool)

    def compare_some(start: int) -> None:
        some = pairs[start : start + _BATCH]
        photos = (torch.from_numpy(small[some[:, side]])[:, None] / 255 for side in (0, 1))
        # Copied, as each small tensor that stayed would keep a piece of the memory of this batch from being used again.
        similarity[start : start + _BATCH], mirrored[start : start + _BATCH] = _similarity(*photos)

    starts = range(0, len(pairs), _BATCH)
    with _threads_of_our_own() as pool:
        for _ in track(pool.map(compare_some, starts), len(starts), "comparing photos"):
            pass
    return similarity, mirrored


@contextmanager
def _threads_of_our_own() -> Iterator[ThreadPoolExecutor]:
    """Share the cores by batches: torch would share each small step of them, which costs more than it saves."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(available_cores()) as pool:
            yield pool
    finally:
        torch.set_num_threads(before)


@torch.inference_mode()
def _similarity(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Compare photos, each n x 1 x 64 x 64 in 0..1, at the smallest size in every way, then at larger ones in the best.

    The ways: either photo may be the one that is moved, mirrored or not, from each scale.
    """
    n, coarse, ways = len(first), _LEVELS[0], 4 * len(_SCALES)
    still = torch.cat([first, first, second, second])
    moving = torch.cat([second, second.flip(3), first, first.flip(3)])
    start = torch.tensor([[scale, scale, 0.0, 0.0, 0.0] for scale in _SCALES]).repeat_interleave(4 * n, 0)
    a, b = (_resized(photos, coarse.side).repeat(len(_SCALES), 1, 1, 1) for photos in (still, moving))
    place, similarity = _fit(a, b, start, coarse.steps)
    way = similarity.view(ways, n).argmax(0)
    best = way * n + torch.arange(n)
    still, moving = (photos[best % (4 * n)] for photos in (still, moving))
    place, similarity = place[best], similarity[best]
    left = torch.nonzero(similarity >= coarse.enough).flatten()
    found = torch.zeros(n)
    for level in _LEVELS[1:]:
        if len(left):
            a, b = (_resized(photos[left], level.side) for photos in (still, moving))
            place[left], similarity[left] = _fit(a, b, place[left], level.steps)
            left = left[similarity[left] >= level.enough]
    found[left] = similarity[left]
    return found, way % 2 == 1


def _fit(still: Tensor, moving: Tensor, place: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    """Return where the moving photos lie upon the others, and the correlation of their detail there.

    A place is n x 5: the factors by which the coordinates of the still photo (-1 to 1) are multiplied, across and
    down, what is then added to them, and the sine of the angle by which they are turned.
    """
    wanted, blurred = _blurred(still, 3), _blurred(moving, 3)
    with_slopes = torch.cat([blurred, *_slopes(blurred)], 1)
    for _ in range(steps):
        place = place + _step(wanted, with_slopes, place)
        place = place.clamp(_LEAST, _MOST)
    moved, common = _moved(moving, place)
    enough = _common_share(common, place) >= _LEAST_COMMON
    return place, _correlation(_detail(still), _detail(moved), common) * enough


def _step(wanted: Tensor, moving: Tensor, place: Tensor) -> Tensor:
    """Return the change of place that brings the moving photos nearest to the wanted ones, seen from here."""
    moved, common = _moved(moving, place)
    (now, spread), (goal, _) = _standard(moved[:, :1], common), _standard(wanted, common)
    across, down = (slope * common[:, 0] / spread[:, 0] for slope in (moved[:, 1], moved[:, 2]))
    x = _coordinates(wanted.shape[-1])
    y = x[:, None]
    slopes = torch.stack([across * x, down * y, across, down, down * x - across * y], 1).flatten(2)
    squares = slopes @ slopes.transpose(1, 2)
    damping = 1e-3 * squares.diagonal(dim1=1, dim2=2).mean(1) + 1e-6
    squares = squares + torch.eye(5) * damping[:, None, None]
    change = torch.linalg.solve(squares, slopes @ (goal - now).flatten(1)[..., None])
    return change[..., 0].clamp(-_LARGEST_STEP, _LARGEST_STEP)


def _moved(photos: Tensor, place: Tensor) -> tuple[Tensor, Tensor]:
    """Return photos as seen from their place, and 1 where there is something to see, else 0."""
    side = photos.shape[-1]
    x = _coordinates(side)
    y = x[:, None]
    wider, higher, right, lower, turned = place.T[..., None, None]
    grid = torch.stack([wider * x - turned * y + right, higher * y + turned * x + lower], -1)
    inside = (grid.abs() <= 1 - 0.5 / side).all(-1)[:, None].float()
    return F.grid_sample(photos, grid, align_corners=False, padding_mode="border"), inside


def _correlation(first: Tensor, second: Tensor, common: Tensor) -> Tensor:
    (first, spread), (second, other) = _standard(first, common), _standard(second, common)
    seen = (spread.flatten() > _FAINT) & (other.flatten() > _FAINT)
    return (first * second).mean((1, 2, 3)) / common.mean((1, 2, 3)).clamp(min=1e-6) * seen


def _common_share(common: Tensor, place: Tensor) -> Tensor:
    """Return how much of one photo lies upon the other: of that photo of which it is more, as one may be a part."""
    return common.mean((1, 2, 3)) * place[:, :2].prod(1).clamp(min=1)


def _standard(photos: Tensor, common: Tensor) -> tuple[Tensor, Tensor]:
    """Return photos with mean 0 and spread 1 over what they have in common, 0 elsewhere; and what their spread was."""
    n = common.sum((2, 3), keepdim=True).clamp(min=1)
    centred = (photos - (photos * common).sum((2, 3), keepdim=True) / n) * common
    spread = (centred.square().sum((2, 3), keepdim=True) / n).sqrt().clamp(min=_FAINT)
    return centred / spread, spread


def _detail(photos: Tensor) -> Tensor:
    return photos - _blurred(_blurred(photos, 5), 5)


def _blurred(photos: Tensor, width: int) -> Tensor:
    return F.avg_pool2d(F.pad(photos, (width // 2,) * 4, mode="replicate"), width, 1)


def _slopes(photos: Tensor) -> tuple[Tensor, Tensor]:
    """Return how fast photos become lighter across and down, by coordinate."""
    wide = F.pad(photos, (1, 1, 1, 1), mode="replicate") * photos.shape[-1] / 4
    return wide[..., 1:-1, 2:] - wide[..., 1:-1, :-2], wide[..., 2:, 1:-1] - wide[..., :-2, 1:-1]


def _resized(photos: Tensor, side: int) -> Tensor:
    return F.interpolate(photos, (side, side), mode="area")


def _coordinates(side: int) -> Tensor:
    return (torch.arange(side) + 0.5) / side * 2 - 1
