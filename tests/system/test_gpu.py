"""What is said of a GPU without torch is never that there is none where torch has one."""

import os

import pytest
import torch

from kfood.system.gpu import may_have_gpu


def test_where_torch_has_a_gpu_there_may_be_one():
    assert may_have_gpu() or not torch.cuda.is_available()


@pytest.mark.parametrize(
    ("system", "there", "hidden", "expected"),
    [
        ("linux", "", None, False),
        ("linux", "/dev/nvidiactl", None, True),
        ("linux", "/dev/nvidiactl", "0", True),
        ("linux", "/dev/nvidiactl", "-1", False),
        ("linux", "/dev/nvidiactl", "", False),
        ("linux", "/dev/kfd", "", True),
        ("darwin", "", None, True),
    ],
)
def test_what_tells_of_one(monkeypatch, system, there, hidden, expected):
    monkeypatch.setattr("sys.platform", system)
    monkeypatch.setattr(os.path, "exists", lambda path: path == there)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if hidden is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    assert may_have_gpu() is expected
