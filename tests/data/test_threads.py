"""Photos loaded by threads come as fastai's own loader gives validation photos, in their order."""

import pytest
import torch
from fastai.data.core import TfmdDL

from kfood.data import threads
from kfood.data.loaders import as_items
from kfood.data.threads import prediction_loader
from support.album import loaders_of


def batches(loader):
    return [(photos.as_subclass(torch.Tensor), labels.tolist()) for photos, labels in loader]


@pytest.mark.parametrize("resize", ["squish", "crop", "pad"])
@pytest.mark.parametrize("cache", [True, False])
def test_batches_are_those_of_fastais_loader(album, resize, cache):
    samples = album()
    dls = loaders_of(samples, data={"resize": resize, "cache": cache})
    photos = as_items(samples)
    ours = batches(prediction_loader(dls, photos))
    theirs = batches(dls.test_dl(photos, with_labels=True, cls=TfmdDL, bs=3, num_workers=0))
    assert len(ours) == len(theirs) > 2
    for (mine, my_labels), (other, other_labels) in zip(ours, theirs, strict=True):
        assert torch.equal(mine, other)
        assert my_labels == other_labels


def test_every_photo_comes_once_in_order_however_often_it_is_asked(album):
    samples = album()
    dls = loaders_of(samples)
    shuffled = samples.sample(frac=1, random_state=0)
    loader = prediction_loader(dls, as_items(shuffled))
    wanted = [dls.vocab.o2i[label] for label in shuffled["label"]]
    for _ in range(2):
        assert [label for _, labels in batches(loader) for label in labels] == wanted


def test_made_ready_ahead_the_batches_are_the_same(album, monkeypatch):
    samples = album()
    dls = loaders_of(samples)
    loader = prediction_loader(dls, as_items(samples))
    one_by_one = batches(loader)
    monkeypatch.setattr(threads, "_ahead", lambda device: 2)
    for (mine, _), (other, _) in zip(batches(loader), one_by_one, strict=True):
        assert torch.equal(mine, other)


def test_a_photo_that_cannot_be_read_is_named(album, tmp_path):
    samples = album()
    dls = loaders_of(samples, data={"cache": False})
    (tmp_path / "broken.jpg").write_bytes(b"no photo")
    broken = samples.assign(path=[str(tmp_path / "broken.jpg"), *samples["path"][1:]])
    with pytest.raises(OSError, match=r"broken\.jpg cannot be read"):
        list(prediction_loader(dls, as_items(broken)))
