"""fastai's affine transform, drawn on the CPU and applied without a wait."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from fastai.vision.augment import AffineCoordTfm
from fastai.vision.core import TensorImage
from torch import Tensor

_LARGEST_SHRINK = 2  # from here on fastai averages pixels before it interpolates


class Resample(AffineCoordTfm):
    """Does what `AffineCoordTfm` does, in less time.

    fastai asks the GPU how far the batch's grid reaches, for which all that the GPU still computes must be done, though
    the answer matters only to photos that become less than half as large; it draws each photo's matrix on the GPU in
    some hundred small steps; it interpolates validation photos that have their size already; and its grid comes from
    `F.affine_grid`, which on a CPU takes as long as interpolating.
    """

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
        if min(x.shape[-2] / height, x.shape[-1] / width) > _LARGEST_SHRINK:
            return super()._encode(x, mode, reverse)
        grid = affine_grid(self.mat.as_subclass(Tensor), height, width)
        plain = x.as_subclass(Tensor)
        return TensorImage(F.grid_sample(plain, grid, mode, self.pad_mode, align_corners=False))


def affine_grid(matrices: Tensor, height: int, width: int) -> Tensor:
    """Return n x height x width x 2, as torch's `F.affine_grid` with `align_corners=False`, but for rounding.

    Args:
        matrices: n x 2 x 3.
        height, width: of the result, in pixels.
    """
    x, y = (_centres(pixels, matrices.device) for pixels in (width, height))
    grid = matrices.new_empty(len(matrices), height, width, 2)
    for axis, row in enumerate(matrices.unbind(1)):
        by_x, by_y = row[:, 0, None] * x, row[:, 1, None] * y + row[:, 2, None]
        torch.add(by_x[:, None, :], by_y[:, :, None], out=grid[..., axis])
    return grid


def _centres(pixels: int, device: torch.device) -> Tensor:
    """Return where the pixels' centres are, if the photo reaches from -1 to 1."""
    return (2 * torch.arange(pixels, device=device) + 1) / pixels - 1
