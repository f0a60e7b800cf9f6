"""Rectangles of training photos become noise, each at a place of its own."""

import torch
from fastai.torch_core import TensorImage

from kfood.data.erasing import RandomErasing, erased

TRAINING, VALIDATION = 0, 1


def test_areas_shapes_and_places_are_those_of_the_paper():
    torch.manual_seed(0)
    inside = erased(3000, 60, 40, 1.0)
    area = inside.float().mean((1, 2))
    height, width = inside.any(2).sum(1) / 60, inside.any(1).sum(1) / 40
    assert torch.allclose(height * width, area, atol=1e-6)  # one rectangle, wholly inside
    assert 0.015 < area.min() < 0.03 and 0.31 < area.max() < 0.36
    free = (height < 1) & (width < 1)
    ratio = (height / width)[free]
    assert ratio.min() < 0.4 and ratio.max() > 2.5
    assert inside.any(0).all()  # every place now and then


def test_each_photo_has_its_own_chance():
    torch.manual_seed(0)
    share = erased(4000, 16, 16, 0.25).flatten(1).any(1)
    assert 0.22 < share.float().mean() < 0.28
    assert not erased(100, 16, 16, 0.0).any()


def test_pixels_outside_stay_and_inside_are_noise_in_range():
    torch.manual_seed(0)
    photos = TensorImage(torch.full((64, 3, 32, 32), 0.5))
    changed = torch.Tensor(RandomErasing(1.0)(photos, split_idx=TRAINING))
    inside = (changed != 0.5).any(1)
    assert inside.flatten(1).any(1).all() and not inside.flatten(1).all(1).any()
    noise = changed.permute(0, 2, 3, 1)[inside]
    assert noise.min() >= -1 and noise.max() <= 1 and noise.std() > 0.5
    assert (photos == 0.5).all()  # those of the caller are left alone


def test_validation_photos_are_spared():
    photos = TensorImage(torch.full((8, 3, 32, 32), 0.5))
    assert (RandomErasing(1.0)(photos, split_idx=VALIDATION) == 0.5).all()
