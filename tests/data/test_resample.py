"""The faster affine transform does what fastai's does."""

import pytest
import torch
import torch.nn.functional as F
from fastai.torch_core import TensorImage, set_seed
from fastai.vision.augment import AffineCoordTfm, flip_mat, rotate_mat, zoom_mat

from kfood.data.augment import Resample
from kfood.data.resample import affine_grid, shrunk

N = 16
MATRICES = [flip_mat, rotate_mat, zoom_mat]


def resampled(kind: type[AffineCoordTfm], photos: torch.Tensor, size: int, split: int = 0) -> torch.Tensor:
    set_seed(0)
    transform = kind(MATRICES, size=size, pad_mode="reflection", align_corners=False)
    return transform(TensorImage(photos), split_idx=split)


@pytest.mark.parametrize("split", [0, 1], ids=["train", "valid"])
@pytest.mark.parametrize("size", [64, 48, 32, 20, 80], ids=lambda size: f"64 to {size}")
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_photos_and_random_numbers_are_those_of_fastai(layout, size, split):
    """To 20 pixels fastai averages first."""
    photos = torch.rand(N, 3, 64, 64).contiguous(memory_format=layout)
    theirs, ours = (resampled(kind, photos, size, split) for kind in (AffineCoordTfm, Resample))
    assert type(ours) is TensorImage
    assert ours.shape == (N, 3, size, size)
    torch.testing.assert_close(ours, theirs, atol=2e-5, rtol=0)
    after = torch.rand(1)
    resampled(AffineCoordTfm, photos, size, split)
    assert torch.equal(after, torch.rand(1))


def test_validation_photos_of_the_right_size_are_not_touched():
    photos = torch.rand(N, 3, 64, 64)
    assert torch.equal(resampled(Resample, photos, 64, split=1), photos)
    assert not torch.equal(resampled(Resample, photos, 64, split=0), photos)


def test_the_grid_is_torchs():
    matrices = torch.eye(3)[:2] + torch.randn(N, 2, 3)
    wanted = F.affine_grid(matrices, [N, 3, 20, 31], align_corners=False)
    torch.testing.assert_close(affine_grid(matrices, 20, 31), wanted, atol=2e-6, rtol=0)


@pytest.mark.parametrize("size", [64, 63, 48, 32, 31, 20])
@pytest.mark.parametrize("padding", ["reflection", "border", "zeros"])
def test_without_fastai_validation_photos_are_the_same(size, padding):
    photos = torch.rand(N, 3, 64, 64)
    theirs = AffineCoordTfm([], size=size, pad_mode=padding, align_corners=False)(TensorImage(photos), split_idx=1)
    torch.testing.assert_close(shrunk(photos, size), torch.Tensor(theirs), atol=2e-5, rtol=0)
