"""Learning rates equal torch's by epoch; one-cycle leaves the momentum alone."""

import pandas as pd
import pytest
import torch
from torch.optim import lr_scheduler

from kfood.training.callbacks.history import History
from kfood.training.callbacks.schedules import schedule_callbacks

EPOCHS = 7
CASES = {
    "step": ({"step_size": 3, "gamma": 0.1}, lambda o: lr_scheduler.StepLR(o, 3, 0.1)),
    "exponential": ({"gamma": 0.9}, lambda o: lr_scheduler.ExponentialLR(o, 0.9)),
    "cosine": ({"min_lr": 1e-5}, lambda o: lr_scheduler.CosineAnnealingLR(o, EPOCHS, 1e-5)),
    "none": ({}, lambda o: lr_scheduler.LambdaLR(o, lambda epoch: 1.0)),
}


def trained_history(made, tmp_path) -> pd.DataFrame:
    history = History(tmp_path / "history.csv")
    lrs = [made.recipe.optimizer.lr * made.recipe.optimizer.body_lr, made.recipe.optimizer.lr]
    callbacks = schedule_callbacks(made.recipe.schedule, lrs, made.recipe.training.epochs)
    with made.learner.no_logging():
        made.learner.fit(made.recipe.training.epochs, lr=lrs, cbs=[history, *callbacks])
    return pd.read_csv(history.path)


@pytest.mark.parametrize("name", CASES)
def test_learning_rate_of_each_epoch_is_torchs(tiny, tmp_path, name):
    parameters, make = CASES[name]
    made = tiny(schedule={"name": name, **parameters}, training={"epochs": EPOCHS})
    optimizer = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], lr=0.001)
    scheduler, expected = make(optimizer), []
    for _ in range(EPOCHS):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    assert trained_history(made, tmp_path)["lr"].tolist() == pytest.approx(expected, rel=1e-12)
    # every step of an epoch has the epoch's learning rate
    assert made.learner.recorder.lrs == pytest.approx([lr for lr in expected for _ in range(5)], rel=1e-12)


def test_cosine_comes_down_to_its_lowest_after_its_period(tiny, tmp_path):
    made = tiny(schedule={"name": "cosine", "min_lr": 1e-5, "period": 4}, training={"epochs": 5})
    assert trained_history(made, tmp_path)["lr"].iloc[4] == pytest.approx(1e-5)


def test_one_cycle_rises_and_falls_by_batch_and_keeps_the_betas(tiny, tmp_path):
    made = tiny(
        schedule={"name": "one_cycle", "warmup": 0.25},
        optimizer={"name": "adam", "lr": 0.01, "betas": [0.7, 0.9]},
        training={"epochs": 4},
    )
    trained_history(made, tmp_path)
    lrs = made.learner.recorder.lrs
    assert lrs[0] == pytest.approx(0.01 / 25)
    assert max(lrs) == pytest.approx(0.01, rel=0.01)
    assert lrs.index(max(lrs)) == 5  # a quarter of 20 steps
    assert lrs[-1] < 0.001
    assert made.learner.opt.opt.param_groups[0]["betas"] == (0.7, 0.9)
