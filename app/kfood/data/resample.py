"""Photos at places between their pixels, as fastai interpolates them, but without fastai."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

LARGEST_SHRINK = 2  # from here on fastai averages pixels before it interpolates


def shrunk(photos: Tensor, size: int) -> Tensor:
    """Return photos `size` pixels wide and high, as fastai brings validation photos of a larger `presize` to size.

    Args:
        photos: n x channels x side x side, with a side of `size` or more; or rows of pixels, n x channels x side.
        size: pixels.
    """
    side = photos.shape[-1]
    if side == size:
        return photos
    # How far apart the outermost centres are has a part in when fastai averages pixels first.
    if side / size / LARGEST_SHRINK > size / (size - 1):
        photos = F.interpolate(photos, scale_factor=2 * size / side, mode="area", recompute_scale_factor=True)
    mode = "linear" if photos.dim() == 3 else "bilinear"
    return F.interpolate(photos, size=size, mode=mode, align_corners=False)


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
