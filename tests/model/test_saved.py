"""A saved model predicts as it did, and loading it runs nobody's code."""

import pickle

import pytest
import torch

from kfood.errors import KfoodError
from kfood.model.build import build_model
from kfood.model.saved import Description, load_model, save_model
from kfood.recipes.schema import Model

ABOUT = Description(
    arch="resnet18",
    head="dropout_bn",
    dropout=0.5,
    classes=["갈비찜", "김밥"],
    size=64,
    presize=1.0,
    resize="squish",
    denoise="none",
    mean=[0.5] * 3,
    std=[0.5] * 3,
)


@pytest.fixture
def saved(tmp_path):
    model = build_model(Model(arch=ABOUT.arch, head=ABOUT.head), 2, ABOUT.size)
    model(torch.randn(4, 3, 64, 64))  # gives batch normalisation a history
    paths = tmp_path / "model.safetensors", tmp_path / "model.json"
    save_model(model, ABOUT, *paths)
    return model.eval(), *paths


def test_a_saved_model_predicts_the_same(saved):
    model, weights, about = saved
    loaded, description = load_model(weights, about)
    photos = torch.randn(3, 3, 64, 64)
    torch.testing.assert_close(loaded(photos), model(photos), rtol=0, atol=0)
    assert description == ABOUT
    assert "갈비찜" in about.read_text(encoding="utf-8")


def test_a_pickle_is_refused_and_not_run(saved, tmp_path):
    _, weights, about = saved
    ran = tmp_path / "ran"

    class Evil:
        def __reduce__(self):
            return ran.touch, ()

    weights.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(KfoodError, match=r"model\.safetensors does not fit"):
        load_model(weights, about)
    assert not ran.exists()


@pytest.mark.parametrize("text", ["", "[]", '{"arch": "resnet18"}'])
def test_a_description_that_says_something_else_is_an_error(saved, text):
    _, weights, about = saved
    about.write_text(text)
    with pytest.raises(KfoodError, match="does not describe a model"):
        load_model(weights, about)


def test_weights_of_another_model_are_an_error(saved):
    _, weights, about = saved
    about.write_text(about.read_text(encoding="utf-8").replace("resnet18", "resnet34"))
    with pytest.raises(KfoodError, match="does not fit"):
        load_model(weights, about)
