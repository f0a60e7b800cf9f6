"""A batch in parts is the whole batch."""

import pytest
import torch

from support.tiny import numbers


def trained(tiny, batch_size: int, accumulate: int, **sections) -> torch.Tensor:
    training = {"batch_size": batch_size, "accumulate": accumulate, **sections.pop("training", {})}
    made = tiny(optimizer={"name": "sgd", "lr": 0.05, "momentum": 0.9}, training=training, **sections)
    with made.learner.no_logging():
        made.learner.fit(3)
    return numbers(made.model)


@pytest.mark.parametrize(
    "sections",
    [{}, {"loss": {"class_weights": {"김밥": 7.0}}}, {"training": {"mixup": 0.4}}, {"training": {"cutmix": 1.0}}],
    ids=["plain", "class weights", "mixup", "cutmix"],
)
@pytest.mark.parametrize("parts", [3, 5])
def test_parts_learn_what_the_whole_batch_learns(tiny, parts, sections):
    parts, whole = (trained(tiny, 12, number, **sections) for number in (parts, 1))
    torch.testing.assert_close(parts, whole, rtol=1e-4, atol=1e-6)


def test_an_unfinished_batch_is_left_out_at_the_epochs_end(tiny):
    """60 photos are 3 batches of 16 and a rest of 12, which whole batches leave out."""
    torch.testing.assert_close(trained(tiny, 16, 4), trained(tiny, 16, 1), rtol=1e-4, atol=1e-6)


def test_the_logged_loss_is_not_scaled(tiny):
    losses = []
    for accumulate in (1, 3):
        made = tiny(optimizer={"name": "sgd", "lr": 1e-12}, training={"batch_size": 12, "accumulate": accumulate})
        with made.learner.no_logging():
            made.learner.fit(1)
        losses.append(made.learner.recorder.values[-1][0])
    torch.testing.assert_close(losses[0], losses[1], rtol=0.01, atol=0)
