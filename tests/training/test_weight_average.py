"""An average of the weights is judged and kept, and training goes on as if there were none."""

import pytest
import torch
from fastai.callback.core import Callback

from kfood.training.callbacks.best_epoch import BestEpoch
from kfood.training.callbacks.weight_average import WeightAverage


class Watch(Callback):
    """The weights after each step, and those that validation sees."""

    order = 50

    def before_fit(self):
        self.started, self.after, self.judged = weights(self.model), [], []

    def after_step(self):
        self.after.append(weights(self.model))

    def before_validate(self):
        self.judged.append(weights(self.model))


def weights(model) -> torch.Tensor:
    return torch.cat([tensor.flatten().float() for tensor in model.state_dict().values()]).clone()


def fitted(made, *callbacks) -> Watch:
    watch = Watch()
    with made.learner.no_logging():
        made.learner.fit(2, lr=0.05, cbs=[watch, *callbacks])
    return watch


@pytest.mark.parametrize("decay", [0.6, 0.9999])
def test_validation_sees_the_average_of_all_steps(tiny, decay):
    made = tiny(norm=True)
    watch = fitted(made, WeightAverage(decay))
    average, per_epoch = watch.started, len(watch.after) // 2
    floats = torch.cat([torch.full((t.numel(),), t.is_floating_point()) for t in made.model.state_dict().values()])
    for number, after in enumerate(watch.after, start=1):
        kept = min(decay, (1 + number) / (10 + number))
        average = torch.where(floats, kept * average + (1 - kept) * after, after)
        if number % per_epoch == 0:
            assert torch.allclose(watch.judged[number // per_epoch - 1], average, atol=1e-5)
    assert torch.equal(weights(made.model), watch.judged[-1])  # the fit ends with it


def test_what_is_learned_is_not_changed_by_it(tiny):
    plain, averaged = (fitted(tiny(norm=True), *callbacks) for callbacks in ([], [WeightAverage(0.9)]))
    for one, other in zip(plain.after, averaged.after, strict=True):
        assert torch.equal(one, other)


def test_the_best_epoch_is_one_of_the_average(tiny):
    made = tiny()
    best = BestEpoch(patience=0, restore=True)
    watch = fitted(made, WeightAverage(0.9), best)
    assert torch.equal(weights(made.model), watch.judged[best.epoch_of_best - 1])


def test_it_goes_on_where_it_was(tiny):
    """Between validation and training, when the network holds the average, and in the middle of an epoch."""
    made = tiny()
    average = WeightAverage(0.9)
    watch = fitted(made, average)
    state = {**average.state_dict()}
    other = WeightAverage(0.9)
    other.learn = average.learn = made.learner
    other.load_state_dict(state)
    assert other.steps == len(watch.after) and other.trained is not None
    other.before_train()
    assert torch.equal(weights(made.model), watch.after[-1])
    assert other.state_dict()["trained"] is None
