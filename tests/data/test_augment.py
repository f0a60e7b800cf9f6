"""Augmentations do what their names and limits say, each photo for itself, in training only.

Most tests give the transforms a picture whose pixels hold their own coordinates: what comes out says which place of
the photo each pixel shows, and from that the affine matrix is read.
"""

import math
from types import SimpleNamespace

import pytest
import torch
from fastai.torch_core import TensorImage, set_seed
from scipy.stats import ks_2samp
from torch import Tensor
from torchvision.transforms import RandomResizedCrop

from kfood.data.augment import augmentations, random_crop
from kfood.recipes.schema import Augment

SIZE, N = 64, 300
NAMES = ("random_crop", "rotation", "height_shift", "shear", "horizontal_flip", "vertical_flip", "zoom")
TRAINING, VALIDATION = 0, 1


def augmented(photos: Tensor, split: int = TRAINING, size: int | None = None, seed: int = 0, **augment) -> Tensor:
    """Photos after the augmentations, as fastai applies them to a batch."""
    set_seed(seed)
    batch = TensorImage(photos)
    for transform in augmentations(Augment(**augment), size or photos.shape[-1], resize=size is not None):
        batch = transform(batch, split_idx=split)
    return Tensor(batch)


def coordinates(size: int = SIZE) -> Tensor:
    """n x 3 x size x size: a pixel's x, its y, and 1; the photo's edges are at -1 and 1."""
    centres = (2 * torch.arange(size) + 1) / size - 1
    y, x = torch.meshgrid(centres, centres, indexing="ij")
    return torch.stack([x, y, torch.ones_like(x)]).repeat(N, 1, 1, 1)


def matrices(size: int = SIZE, **kwargs) -> Tensor:
    """n x 2 x 3: how the augmentations map places of the result to places of the photo, read off its middle."""
    result = augmented(coordinates(size), **kwargs)[:, :2]
    low = result.shape[-1] // 2 - 1
    middle, step = result[:, :, low : low + 2, low : low + 2], 2 / result.shape[-1]
    by_x = (middle[..., 1] - middle[..., 0]).mean(-1) / step
    by_y = (middle[..., 1, :] - middle[..., 0, :]).mean(-1) / step
    return torch.stack([by_x, by_y, middle.mean((-2, -1))], dim=-1)


def parts(found: Tensor) -> SimpleNamespace:
    """Named entries: x = xx * x + xy * y + dx, y = yx * x + yy * y + dy."""
    (xx, xy, dx), (yx, yy, dy) = found.permute(1, 2, 0)
    return SimpleNamespace(xx=xx, xy=xy, dx=dx, yx=yx, yy=yy, dy=dy)


def require(values: Tensor, wanted: float) -> None:
    assert torch.allclose(values, torch.full_like(values, wanted), atol=1e-4)


def require_spread(values: Tensor, low: float, high: float) -> None:
    """Values lie between the limits, come near both and are as good as all different."""
    width = high - low
    assert values.min() >= low - 1e-4 and values.max() <= high + 1e-4
    assert values.min() < low + 0.1 * width and values.max() > high - 0.1 * width
    assert len(values.mul(1e4).round().unique()) > 0.9 * min(N, 1e4 * width)


def torchvisions_crops(n: int, min_scale: float) -> Tensor:
    """Width, height and middle of `n` of torchvision's random crops, as shares of the photo: n x 4."""
    torch.manual_seed(1)
    side = 10_000
    photo = torch.zeros(1).expand(1, side, side)
    crops = [RandomResizedCrop.get_params(photo, (min_scale, 1), (3 / 4, 4 / 3)) for _ in range(n)]
    top, left, height, width = torch.tensor(crops, dtype=torch.float32).div(side).unbind(1)
    return torch.stack([width, height, left + width / 2, top + height / 2], dim=1)


def our_crops(n: int, min_scale: float) -> Tensor:
    torch.manual_seed(0)
    found = random_crop(torch.zeros(n, 1), min_scale)
    return torch.stack([found[:, 0, 0], found[:, 1, 1], (found[:, 0, 2] + 1) / 2, (found[:, 1, 2] + 1) / 2], dim=1)


@pytest.mark.parametrize("min_scale", [0.08, 0.35, 0.8])
@pytest.mark.parametrize(
    "feature",
    [
        lambda crop: crop[:, 0] * crop[:, 1],
        lambda crop: crop[:, 0] / crop[:, 1],
        lambda crop: crop[:, 2],
        lambda crop: crop[:, 3],
        lambda crop: crop[:, 2] - crop[:, 0] / 2,
        lambda crop: crop[:, 3] + crop[:, 1] / 2,
    ],
    ids=["area", "ratio", "x", "y", "left edge", "lower edge"],
)
def test_random_crop_is_distributed_as_torchvisions(min_scale, feature):
    ours, theirs = (feature(crops(3000, min_scale)).numpy() for crops in (our_crops, torchvisions_crops))
    assert ks_2samp(ours, theirs).pvalue > 0.001  # 18 comparisons


def test_the_comparison_of_crops_would_see_another_scale():
    ours, theirs = our_crops(3000, 0.30), torchvisions_crops(3000, 0.35)
    assert ks_2samp(ours[:, :2].prod(1).numpy(), theirs[:, :2].prod(1).numpy()).pvalue < 1e-6


def test_random_crop_shows_a_part_of_its_own_of_each_photo():
    found = parts(matrices(transforms=["random_crop"], min_scale=0.35))
    require(found.xy, 0)
    require(found.yx, 0)
    require_spread(found.xx * found.yy, 0.35, 1)
    ratios = found.xx / found.yy
    assert ratios.min() >= 3 / 4 - 1e-4 and ratios.max() <= 4 / 3 + 1e-4
    for middle, width in ((found.dx, found.xx), (found.dy, found.yy)):
        assert (middle.abs() + width <= 1 + 1e-4).all()  # nothing outside the photo
        assert middle.mul(1e4).round().unique().numel() > 0.9 * N


def test_rotation_turns_by_at_most_its_degrees():
    found = parts(matrices(transforms=["rotation"], max_degrees=25))
    require(found.xx**2 + found.xy**2, 1)
    require(found.xx - found.yy, 0)
    require(found.xy + found.yx, 0)
    require_spread(torch.atan2(found.yx, found.xx).rad2deg(), -25, 25)
    require(found.dx, 0)
    require(found.dy, 0)


def test_height_shift_moves_up_or_down_by_at_most_its_share():
    found = parts(matrices(transforms=["height_shift"], max_shift=0.2))
    require_spread(found.dy / 2, -0.2, 0.2)  # the height is 2
    for values, wanted in ((found.dx, 0), (found.xx, 1), (found.yy, 1), (found.xy, 0), (found.yx, 0)):
        require(values, wanted)


def test_shear_slants_sideways_by_at_most_its_degrees():
    found = parts(matrices(transforms=["shear"], max_shear=15))
    require_spread(found.xy.atan().rad2deg(), -15, 15)
    for values, wanted in ((found.dx, 0), (found.dy, 0), (found.xx, 1), (found.yy, 1), (found.yx, 0)):
        require(values, wanted)


def test_zoom_enlarges_by_at_most_its_factor_and_shows_nothing_outside():
    found = parts(matrices(transforms=["zoom"], max_zoom=1.5))
    require(found.xx - found.yy, 0)
    require_spread(1 / found.xx, 1, 1.5)
    assert (found.dx.abs() + found.xx <= 1 + 1e-4).all()
    assert (found.dy.abs() + found.yy <= 1 + 1e-4).all()


@pytest.mark.parametrize(("name", "axis"), [("horizontal_flip", -1), ("vertical_flip", -2)])
def test_flips_turn_about_half_of_the_photos_exactly(name, axis):
    photos = torch.rand(N, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    result = augmented(photos, transforms=[name])
    flipped, same = (
        torch.isclose(result, expected, atol=1e-5).flatten(1).all(1) for expected in (photos.flip(axis), photos)
    )
    assert (flipped ^ same).all()
    assert N * 0.4 < flipped.sum() < N * 0.6


def test_several_augmentations_are_all_applied():
    found = parts(matrices(transforms=["random_crop", "rotation", "vertical_flip"], min_scale=0.35, max_degrees=25))
    determinant = found.xx * found.yy - found.xy * found.yx
    require_spread(determinant.abs(), 0.35, 1)  # of the crop: a rotation keeps areas
    assert 0.4 * N < (determinant < 0).sum() < 0.6 * N  # upside down
    assert found.xy.abs().max() > 0.2  # turned


@pytest.mark.parametrize("name", NAMES)
def test_random_numbers_are_the_seeds(name):
    photos = coordinates(16)
    first, again, other = (augmented(photos, transforms=[name], seed=seed) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_validation_photos_stay_as_they_are():
    photos = torch.rand(4, 3, 20, 20, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(augmented(photos, VALIDATION, transforms=NAMES), photos, atol=1e-5)


def test_without_augmentation_there_is_nothing_to_apply():
    assert augmentations(Augment(), 224, resize=False) == []


@pytest.mark.parametrize("split", [TRAINING, VALIDATION])
@pytest.mark.parametrize("size", [32, 48])
def test_larger_photos_come_out_whole_at_the_input_size(split, size):
    found = matrices(split=split, size=size)
    require(found - torch.eye(2, 3), 0)
    assert augmented(coordinates(), split, size).shape == (N, 3, size, size)


def test_augmented_photos_come_out_at_the_input_size_too():
    assert augmented(coordinates(), TRAINING, 40, transforms=NAMES).shape == (N, 3, 40, 40)
    require(matrices(split=VALIDATION, size=40, transforms=NAMES) - torch.eye(2, 3), 0)


@pytest.mark.parametrize(("padding", "darkest"), [("zeros", 0), ("border", 1), ("reflection", 1)])
def test_corners_are_filled_as_the_recipe_says(padding, darkest):
    white = augmented(coordinates(), transforms=["rotation"], max_degrees=45, padding=padding)[:, 2]
    assert math.isclose(white.min(), darkest, abs_tol=1e-5)
    assert math.isclose(white[:, SIZE // 2, SIZE // 2].min(), 1, abs_tol=1e-5)
