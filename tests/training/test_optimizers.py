"""The optimizers are torch's, whatever fastai calls by the same names."""

import copy

import pytest
import torch
from torch.nn.functional import cross_entropy

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
