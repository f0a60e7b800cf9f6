"""Batches out of the cache are those that fastai would make of the same photos, one by one."""

import pytest
import torch
from fastai.data.core import TfmdDL

from kfood.data.cached_batches import CachedDL, CachedWeightedDL
from kfood.data.sampling import SeededWeightedDL
from support.album import AUGMENT, loaders_of, same_as_without_cache, two_epochs


@pytest.mark.parametrize("sampling", ["none", "over", "under"])
@pytest.mark.parametrize("presize", [1.0, 1.5])
def test_every_number_is_the_same(album, sampling, presize):
    """With seven photos of one class and three of the other."""
    samples = album(20)
    uneven = samples[(samples["label"] == "가") | (samples.index < 10)].reset_index(drop=True)
    sections = {"data": {"presize": presize}, "sampling": {"method": sampling}, "augment": AUGMENT}
    assert same_as_without_cache(uneven, **sections)


@pytest.mark.parametrize(
    ("resize", "sampling", "kind"),
    [
        ("squish", "none", CachedDL),
        ("squish", "over", CachedWeightedDL),
        ("crop", "none", TfmdDL),  # cut at random, photo by photo
        ("pad", "over", SeededWeightedDL),
    ],
)
def test_only_squares_of_one_size_come_at_once(album, resize, sampling, kind):
    dls = loaders_of(album(), data={"resize": resize}, sampling={"method": sampling})
    assert [type(of) for of in dls] == [kind, kind]


def test_photos_that_are_not_all_in_the_cache_come_one_by_one(album, limit):
    limit(3)
    dls = loaders_of(album())
    assert type(dls.train) is TfmdDL
    assert len(two_epochs(dls))


def pixels_and_labels(loader) -> list[tuple[bytes, int]]:
    return [(photo.numpy().tobytes(), int(label)) for batch in loader for photo, label in zip(*batch, strict=True)]


def test_labels_belong_to_their_photos(album):
    """Also in another order, and in a loader made of this one."""
    dls = loaders_of(album(20))
    labels = {pixels: number for pixels, number in pixels_and_labels(dls.valid)}
    assert sorted(labels.values()) == sorted(dls.vocab.o2i[photo.label] for photo in dls.valid.items)
    assert dict(pixels_and_labels(dls.valid.new(shuffle=True, bs=2))) == labels


def test_batches_can_be_loaded_by_other_processes(album):
    samples = album()
    here, there = (two_epochs(loaders_of(samples, training={"workers": workers})) for workers in (0, 2))
    assert torch.equal(here, there)
