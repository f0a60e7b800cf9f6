"""MixUp with class weights: fastai's own makes the loss larger by the weights, kfood's does not."""

import fastai.callback.mixup
import pytest
import torch
from fastai.callback.core import Callback

from kfood.training.callbacks.mixup import MixUp

WEIGHTS = {"갈비찜": 8.0, "김밥": 8.0, "돼지갈비찜": 8.0}
NO_STEP = {"name": "sgd", "lr": 1e-12}


class BatchLosses(Callback):
    run_valid = False

    def before_fit(self):
        self.seen = []

    def after_loss(self):
        self.seen.append(self.loss_grad.item())


def mean_training_loss(made, *callbacks) -> float:
    losses = BatchLosses()
    with made.learner.no_logging():
        made.learner.fit(2, cbs=[losses, *callbacks])
    return sum(losses.seen) / len(losses.seen)


def test_weights_do_not_change_the_size_of_the_loss(tiny):
    plain = mean_training_loss(tiny(optimizer=NO_STEP))
    mixed = mean_training_loss(tiny(optimizer=NO_STEP, loss={"class_weights": WEIGHTS}, training={"mixup": 0.4}))
    assert mixed == pytest.approx(plain, rel=0.1)


def test_fastais_own_mixup_would_inflate_it(tiny):
    """What the fix is for: with reduction="none" and a plain mean, weight 8 makes the loss 8 times as large."""
    made = tiny(optimizer=NO_STEP)
    plain = mean_training_loss(tiny(optimizer=NO_STEP))
    weighted = torch.nn.CrossEntropyLoss(torch.full((3,), 8.0))
    weighted.y_int = True
    made.learner.remove_cb(made.learner.loss_follows_mode)
    made.learner.loss_func = weighted
    assert mean_training_loss(made, fastai.callback.mixup.MixUp(0.4)) > 6 * plain


def test_photos_and_classes_are_mixed_by_the_same_shares(tiny):
    made = tiny()
    seen = {}

    class Look(Callback):
        order = MixUp.order + 1
        run_valid = False

        def before_batch(self):
            seen.setdefault("mixed", self.x.clone())
            seen.setdefault("others", self.yb[1].clone())
            seen.setdefault("share", self.yb[2].clone())

    class Before(Callback):
        order = -1
        run_valid = False

        def before_batch(self):
            seen.setdefault("photos", self.x.clone())
            seen.setdefault("targets", self.y.clone())

    with made.learner.no_logging():
        made.learner.fit(1, cbs=[MixUp(0.4), Look(), Before()])
    # the partner of each photo is some photo of the batch with the partner's class
    for index, share in enumerate(seen["share"]):
        partner = (seen["mixed"][index] - share * seen["photos"][index]) / (1 - share).clamp(min=1e-6)
        if share > 0.98:
            continue
        distances = (seen["photos"] - partner).abs().amax(dim=(1, 2, 3))
        assert distances.min() < 0.01
        assert int(seen["targets"][int(distances.argmin())]) == int(seen["others"][index])
    assert seen["share"].min() >= 0.5
