"""The device is the one that was asked for, and what is not there is told."""

import pytest
import torch
from typer.testing import CliRunner

from kfood.cli.main import app
from kfood.errors import KfoodError
from kfood.model.device import device
from kfood.system.gpu import may_have_gpu


def test_the_cpu_is_taken_where_it_is_asked_for(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert device().type == "cuda"
    monkeypatch.setenv("KFOOD_DEVICE", "cpu")
    assert device().type == "cpu" and not may_have_gpu()


def test_a_gpu_is_taken_by_its_number(monkeypatch):
    taken = []
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", taken.append)
    monkeypatch.setenv("KFOOD_DEVICE", "cuda:1")
    assert device().type == "cuda" and taken == [1]


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("cuad", 'is "cuad", which is no device. Did you mean "cuda"?'),
        ("cuda:x", 'is "cuda:x", which is no device'),
        ("cuda:", 'is "cuda:", which is no device'),
        ("cuda:2", "is cuda:2, which is not there: choose of cuda (2), cpu."),
        ("mps", "is mps, which is not there"),
    ],
)
def test_what_is_no_device_or_not_there_is_told(monkeypatch, word, told):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setenv("KFOOD_DEVICE", word)
    with pytest.raises(KfoodError) as error:
        device()
    assert told in str(error.value)


def test_the_option_reaches_the_training(monkeypatch, make_photos, tmp_path):
    monkeypatch.setenv("KFOOD_DEVICE", "")  # so that what the option sets is undone
    photos = make_photos(tmp_path / "photos", {"김밥": 8, "냉면": 8})
    asked = ["train", "mission1", "--data", str(photos), "--device", "cuda:77", "--set", "training.batch_size=4"]
    result = CliRunner().invoke(app, asked)
    assert "cuda:77, which is not there" in str(result.exception)
