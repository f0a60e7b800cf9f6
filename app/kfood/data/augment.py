"""The report's augmentations, as one random affine transform a photo.

fastai's `aug_transforms` gives rotation, horizontal flip and zoom. It has no shift, shear or flip top to bottom
of its own, and its random crop cuts every photo of a batch at the same place; these four are added here as affine
matrices. All matrices are multiplied, and pixels are interpolated once.

A matrix maps a place in the result to the place in the photo that it shows; both run from -1 to 1.
"""

from __future__ import annotations

import math
from functools import partial

import torch
import torch.nn.functional as F
from fastai.vision.augment import AffineCoordTfm, aug_transforms
from fastai.vision.core import TensorImage
from fasttransform import Transform
from torch import Tensor

from kfood.data.resample import LARGEST_SHRINK, affine_grid
from kfood.recipes.schema import Augment

_RATIOS = (3 / 4, 4 / 3)  # width : height of a random crop, as in torchvision
_ATTEMPTS = 10  # as in torchvision


def augmentations(augment: Augment, size: int, resize: bool) -> list[Transform]:
    """Return fastai batch transforms that augment training photos; validation photos stay as they are.

    With `resize`, photos of both kinds come out `size` pixels wide and high.
    """
    names = augment.transforms
    if not names and not resize:
        return []
    interpolation = {"size": size, "pad_mode": augment.padding, "align_corners": False}
    matrices = {
        "vertical_flip": vertical_flip,
        "height_shift": partial(height_shift, largest=augment.max_shift),
        "shear": partial(shear, max_degrees=augment.max_shear),
        "random_crop": partial(random_crop, min_scale=augment.min_scale),
    }
    own = [AffineCoordTfm(matrix, **interpolation) for name, matrix in matrices.items() if name in names]
    together, *others = aug_transforms(
        do_flip="horizontal_flip" in names,
        max_rotate=augment.max_degrees if "rotation" in names else 0,
        max_zoom=augment.max_zoom if "zoom" in names else 1,
        max_lighting=0,
        max_warp=0,
        p_affine=1,
        xtra_tfms=[*own, AffineCoordTfm(**interpolation)],  # the last one resizes where nothing else is asked for
        **interpolation,
    )
    return [Resample(together.aff_fs, **interpolation), *others]


def random_crop(photos: Tensor, min_scale: float) -> Tensor:
    """Cut each photo at a place and size of its own: torchvision's RandomResizedCrop, for a batch.

    Area uniform in [min_scale, 1] of the photo, logarithm of the ratio uniform, place uniform.

    Args:
        photos: n x 3 x height x width; only n and the device count.
        min_scale: share of the area, 0 to 1.

    Returns:
        n x 3 x 3 matrices.
    """
    area = _uniform(photos, min_scale, 1, _ATTEMPTS)
    ratio = _uniform(photos, math.log(_RATIOS[0]), math.log(_RATIOS[1]), _ATTEMPTS).exp()
    sides = torch.stack([(area * ratio).sqrt(), (area / ratio).sqrt()])
    fits = (sides <= 1).all(0)
    first = sides.gather(1, fits.int().argmax(0).expand(2, 1, -1))[:, 0]
    width, height = torch.where(fits.any(0), first, 1.0)  # the whole photo where none fits
    x, y = _uniform(photos, -1, 1) * (1 - width), _uniform(photos, -1, 1) * (1 - height)
    return _matrices(photos, {(0, 0): width, (0, 2): x, (1, 1): height, (1, 2): y})


def vertical_flip(photos: Tensor) -> Tensor:
    """Turn each photo upside down with probability 0.5. Arguments and result as in `random_crop`."""
    return _matrices(photos, {(1, 1): torch.where(_uniform(photos, 0, 1) < 0.5, -1.0, 1.0)})


def height_shift(photos: Tensor, largest: float) -> Tensor:
    """Move each photo up or down by at most `largest` (share of the height)."""
    return _matrices(photos, {(1, 2): 2 * _uniform(photos, -largest, largest)})


def shear(photos: Tensor, max_degrees: float) -> Tensor:
    """Slant each photo sideways by at most `max_degrees`."""
    return _matrices(photos, {(0, 1): torch.deg2rad(_uniform(photos, -max_degrees, max_degrees)).tan()})


def _uniform(photos: Tensor, low: float, high: float, times: int | None = None) -> Tensor:
    """Return a number for each photo, or `times` x n of them."""
    shape = (len(photos),) if times is None else (times, len(photos))
    return torch.empty(shape, device=photos.device).uniform_(low, high)


def _matrices(photos: Tensor, entries: dict[tuple[int, int], Tensor]) -> Tensor:
    result = torch.eye(3, device=photos.device).repeat(len(photos), 1, 1)
    for (row, column), values in entries.items():
        result[:, row, column] = values
    return result


class Resample(AffineCoordTfm):
    """Does what `AffineCoordTfm` does, in less time.

    fastai asks the GPU how far the batch's grid reaches, for which all that the GPU still computes must be done, though
    the answer matters only to photos that become less than half as large; it draws each photo's matrix on the GPU in
    some hundred small steps; it interpolates validation photos that have their size already; and its grid comes from
    `F.affine_grid`, which on a CPU takes as long as interpolating.
    """

    mat: Tensor

    def before_call(self, b: Tensor | tuple[Tensor, ...], split_idx: int) -> None:
        """Draw a matrix for each photo."""
        photos = b[0] if isinstance(b, tuple) else b
        no_pixels = torch.empty(len(photos), 0, *photos.shape[2:])  # the matrices depend on number and size only
        super().before_call(no_pixels, split_idx)
        self.mat = self.mat.to(photos.device, non_blocking=True)

    def _encode(self, x: TensorImage, mode: str, reverse: bool = False) -> TensorImage:
        height, width = self.size if isinstance(self.size, tuple) else (self.size, self.size)
        if self.split_idx and x.shape[-2:] == (height, width):
            return x  # a validation photo, each of whose pixels would be interpolated where it is
        if min(x.shape[-2] / height, x.shape[-1] / width) > LARGEST_SHRINK:
            return super()._encode(x, mode, reverse)
        grid = affine_grid(self.mat.as_subclass(Tensor), height, width)
        plain = x.as_subclass(Tensor)
        return TensorImage(F.grid_sample(plain, grid, mode, self.pad_mode, align_corners=False))
