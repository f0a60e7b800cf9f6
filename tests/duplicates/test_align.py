"""Copies are told from other photos by their detail, wherever they were cut."""

import numpy as np
import pytest
import torch
from PIL import Image

from kfood.duplicates.align import compare_pairs
from kfood.duplicates.image_hashes import SIDE
from kfood.duplicates.matching import COPY, SAME_SCENE
from support.textured import CHANGES, changed, textured


def small(*photos: Image.Image) -> np.ndarray:
    return np.stack(
        [np.asarray(photo.convert("L").resize((SIDE, SIDE), Image.Resampling.BILINEAR)) for photo in photos]
    )


@pytest.mark.parametrize("change", CHANGES)
def test_a_copy_is_known_by_its_detail(change):
    photos = small(*map(textured, range(8)), *(changed(number, change) for number in range(8)))
    similarity, mirrored = compare_pairs(photos, np.stack([np.arange(8), np.arange(8, 16)], 1))
    assert (similarity >= COPY).all()
    assert (mirrored == (change == "mirrored")).all()


def test_other_photos_are_not_alike_and_the_order_of_a_pair_does_not_matter():
    photos = small(*map(textured, range(8)), changed(0, "cut by 20 %"))
    pairs = np.array([[a, b] for a in range(9) for b in range(a)])
    there, back = compare_pairs(photos, pairs), compare_pairs(photos, pairs[:, ::-1])
    np.testing.assert_array_equal(there[0], back[0])
    same = (pairs == [8, 0]).all(1)
    assert there[0][same] >= COPY
    assert (there[0][~same] < SAME_SCENE).all()


def test_what_has_no_detail_is_like_nothing():
    flat = np.full((2, SIDE, SIDE), 200, np.uint8)
    similarity, _ = compare_pairs(np.concatenate([flat, small(textured(0))]), np.array([[0, 1], [0, 2]]))
    assert similarity.tolist() == [0, 0]


def test_no_pairs_and_torch_as_it_was():
    before = torch.get_num_threads()
    similarity, mirrored = compare_pairs(small(textured(0)), np.empty((0, 2), int))
    assert len(similarity) == len(mirrored) == 0
    compare_pairs(small(textured(0), textured(1)), np.array([[0, 1]]))
    assert torch.get_num_threads() == before
