"""The optimizers are torch's, whatever fastai calls by the same names."""

import copy

import pytest
import torch
from torch.nn.functional import cross_entropy

from kfood.training.optimizers import take_back
from support.tiny import numbers

CASES = {
    "sgd": ({"momentum": 0.99, "nesterov": True, "weight_decay": 0.001}, torch.optim.SGD),
    "rmsprop": ({"momentum": 0.5, "eps": 0.01, "weight_decay": 0.01}, torch.optim.RMSprop),
    "adam": ({"betas": [0.8, 0.99], "eps": 1e-4, "weight_decay": 0.01}, torch.optim.Adam),
    "adamw": ({"betas": [0.9, 0.999], "weight_decay": 0.1}, torch.optim.AdamW),
    "nadam": ({"betas": [0.999, 0.999], "weight_decay": 0.001}, torch.optim.NAdam),
}


@pytest.mark.parametrize("name", CASES)
def test_training_equals_torch_step_by_step(tiny, name):
    options, torch_class = CASES[name]
    made = tiny(norm=True, optimizer={"name": name, "lr": 0.01, **options})
    theirs = copy.deepcopy(made.model).train()
    optimizer = torch_class(theirs.parameters(), lr=0.01, **options)
    batches = []
    made.learner.add_cb(_Keep(batches))
    made.learner.fit(2)
    for photos, targets in batches:
        optimizer.zero_grad()
        cross_entropy(theirs(photos), targets).backward()
        optimizer.step()
    assert len(batches) == 10
    torch.testing.assert_close(numbers(made.model), numbers(theirs), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_what_an_optimizer_takes_back_is_where_it_was(name):
    """torch moves NAdam's `mu_product`, a number, to the parameter's device and type; its steps then wait for a GPU."""
    options, torch_class = CASES[name]
    before, after = (torch.nn.Parameter(torch.ones(3, dtype=kind)) for kind in (torch.float32, torch.float64))
    optimizer, other = (torch_class([weight], lr=0.01, **options) for weight in (before, after))
    for _ in range(3):
        before.grad = torch.ones(3)
        optimizer.step()
    state = optimizer.state_dict()
    take_back(other, state)
    for key, value in state["state"].get(0, {}).items():
        taken = other.state[after][key]
        if torch.is_tensor(value) and value.ndim == 0:
            assert (taken.device.type, taken.dtype) == ("cpu", value.dtype), key
            assert taken == value
        elif torch.is_tensor(value):
            assert taken.dtype == torch.float64, key
    after.grad = torch.ones(3, dtype=torch.float64)
    other.step()
    assert state["state"].get(0, {}).get("step", torch.tensor(3)) == 3  # the checkpoint itself stays as it was


def test_l2_shrinks_norms_and_biases_too_as_torch_does(tiny):
    plain = tiny(norm=True, optimizer={"name": "sgd", "lr": 0.01})
    decayed = tiny(norm=True, optimizer={"name": "sgd", "lr": 0.01, "weight_decay": 0.5})
    for made in (plain, decayed):
        made.learner.fit(1)
    assert decayed.model.body.norm.weight.mean() < plain.model.body.norm.weight.mean() - 0.01


def _Keep(batches):
    from fastai.callback.core import Callback

    class Keep(Callback):
        run_valid = False

        def before_batch(self):
            batches.append((self.x.as_subclass(torch.Tensor).clone(), self.y.as_subclass(torch.Tensor).clone()))

    return Keep()
