"""Batch normalisation of parts in several processes is that of the whole batch."""

from pathlib import Path

import pytest
import torch
from timm.layers import BatchNormAct2d
from torch import nn

from kfood.model.sync_batchnorm import synchronized_batchnorm
from support.ranks import Ranks

SHARES = (3, 5)  # photos of each process


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), BatchNormAct2d(4), nn.Flatten(), nn.LazyLinear(6), nn.BatchNorm1d(6))


def batch() -> torch.Tensor:
    return torch.randn(sum(SHARES), 3, 5, 5, generator=torch.Generator().manual_seed(1)) + 2


def learned(model: nn.Sequential, photos: torch.Tensor) -> dict[str, torch.Tensor]:
    """The gradients of a step, and what the normalisations then know."""
    model(photos).pow(3).sum().backward()
    gradients = {f"{name}, gradient": each.grad for name, each in model.named_parameters()}
    return gradients | dict(model.named_buffers())


def learn_a_part(folder: Path) -> None:
    from kfood.system.processes import rank
    from kfood.training.distributed import process_group

    with process_group():
        model, photos = network(), batch()
        model(photos)
        model.load_state_dict(torch.load(folder / "weights.pt"))
        with synchronized_batchnorm(model):
            found = learned(model, photos.split(SHARES)[rank()])
        torch.save(found, folder / f"{rank()}.pt")


@pytest.mark.slow
def test_gradients_and_statistics_are_those_of_the_whole_batch(tmp_path):
    model, photos = network(), batch()
    model(photos)  # lazy weights, and statistics that are not those of the start
    torch.save(model.state_dict(), tmp_path / "weights.pt")
    whole = learned(model, photos)
    ranks = Ranks(len(SHARES), tmp_path / "said", learn_a_part, tmp_path)
    assert ranks.finish() == 0, ranks.said()
    parts = [torch.load(tmp_path / f"{rank}.pt") for rank in range(len(SHARES))]
    for name, wanted in whole.items():
        found = sum(part[name] for part in parts) if name.endswith("gradient") else parts[0][name]
        torch.testing.assert_close(found, wanted, rtol=1e-3, atol=1e-4)


def test_the_layers_are_what_they_were_afterwards_and_frozen_ones_all_the_time():
    model = network()
    model(batch())
    model[1].requires_grad_(False)
    layers, weights = list(model), dict(model.named_parameters())
    with synchronized_batchnorm(model):
        assert model[1] is layers[1] and model[4] is not layers[4]
        assert all(each is weights[name] for name, each in model.named_parameters())
        model.eval()
        with torch.no_grad():
            inside = model(batch())
    assert list(model) == layers and not model[4].training
    with torch.no_grad():
        torch.testing.assert_close(model(batch()), inside)
