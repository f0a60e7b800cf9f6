"""Weights count classes against each other and leave the size of the loss alone; validation is plain."""

import pytest
import torch
from torch import nn

from kfood.errors import KfoodError
from kfood.recipes.class_weights import weights_by_number
from kfood.training.losses import StudyLoss

torch.manual_seed(0)
LOGITS, TARGETS = torch.randn(20, 4), torch.arange(20) % 4
WEIGHTS = [2.0, 1.0, 2.0, 1.0]


def test_weighted_loss_is_torchs():
    expected = nn.CrossEntropyLoss(torch.tensor(WEIGHTS))(LOGITS, TARGETS)
    torch.testing.assert_close(StudyLoss(WEIGHTS).train()(LOGITS, TARGETS), expected)


def test_smoothed_loss_is_torchs():
    expected = nn.CrossEntropyLoss(label_smoothing=0.1)(LOGITS, TARGETS)
    torch.testing.assert_close(StudyLoss([1.0] * 4, 0.1).train()(LOGITS, TARGETS), expected)


def test_weighted_and_smoothed_loss_is_torchs():
    """In torch's formula, each class's share of the smoothing counts by that class's weight."""
    expected = nn.CrossEntropyLoss(torch.tensor(WEIGHTS), label_smoothing=0.1)(LOGITS, TARGETS)
    loss = StudyLoss(WEIGHTS, 0.1).train()
    torch.testing.assert_close(loss(LOGITS, TARGETS), expected)
    halves = [loss(LOGITS[part], TARGETS[part]) * loss.weight(TARGETS[part]) for part in (slice(7), slice(7, None))]
    torch.testing.assert_close(sum(halves) / loss.weight(TARGETS), expected)  # as MicroBatches adds them up


def test_mixed_weighted_and_smoothed_loss_is_torchs_of_mixed_labels():
    """torch takes probabilities for labels, but then divides by the number of photos."""
    share, others, loss = torch.rand(20), TARGETS.flip(0), StudyLoss(WEIGHTS, 0.1).train()
    mixed = share[:, None] * torch.eye(4)[TARGETS] + (1 - share[:, None]) * torch.eye(4)[others]
    theirs = nn.CrossEntropyLoss(torch.tensor(WEIGHTS), label_smoothing=0.1, reduction="sum")(LOGITS, mixed)
    torch.testing.assert_close(loss(LOGITS, TARGETS, others, share), theirs / loss.weight(TARGETS, others, share))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_without_weights_or_without_smoothing_not_a_digit_changed(smoothing):
    """What was trained before must be trained again alike: weights and smoothing alone have the same arithmetic."""
    weights = WEIGHTS if not smoothing else [1.0] * 4
    each = nn.functional.cross_entropy(LOGITS, TARGETS, reduction="none", label_smoothing=smoothing)
    of_photo = torch.tensor(weights)[TARGETS]
    assert torch.equal(StudyLoss(weights, smoothing).train()(LOGITS, TARGETS), (of_photo * each).sum() / of_photo.sum())


def test_validation_loss_is_neither_weighted_nor_smoothed_nor_robust():
    for loss in (StudyLoss(WEIGHTS, 0.1).eval(), StudyLoss(WEIGHTS, gce_q=0.7).eval()):
        torch.testing.assert_close(loss(LOGITS, TARGETS), nn.CrossEntropyLoss()(LOGITS, TARGETS))


def test_robust_loss_goes_from_cross_entropy_to_the_missing_probability():
    almost = StudyLoss(WEIGHTS, gce_q=1e-4).train()(LOGITS, TARGETS)
    torch.testing.assert_close(almost, StudyLoss(WEIGHTS).train()(LOGITS, TARGETS), rtol=1e-3, atol=0)
    sure = LOGITS.softmax(1)[torch.arange(20), TARGETS]
    torch.testing.assert_close(StudyLoss([1.0] * 4, gce_q=1).train()(LOGITS, TARGETS), (1 - sure).mean())
    assert StudyLoss([1.0] * 4, gce_q=0.7).train()(1e4 * LOGITS, TARGETS) <= 1 / 0.7


def test_robust_loss_learns_less_from_a_label_that_seems_wrong():
    def pull(q: float, logit: float) -> float:
        logits = torch.tensor([[logit, 0.0]], requires_grad=True)
        StudyLoss([1.0] * 2, gce_q=q).train()(logits, torch.tensor([0])).backward()
        return logits.grad.abs().max().item()

    assert pull(0.7, -8) < 0.01 < 0.99 < pull(0, -8)
    assert pull(0.7, 0) > pull(0.7, -8)


def test_larger_weights_for_all_classes_change_nothing():
    share = torch.rand(20)
    small, large = StudyLoss([1.0] * 4).train(), StudyLoss([50.0] * 4).train()
    others = TARGETS.flip(0)
    torch.testing.assert_close(small(LOGITS, TARGETS), large(LOGITS, TARGETS))
    torch.testing.assert_close(small(LOGITS, TARGETS, others, share), large(LOGITS, TARGETS, others, share))


def test_mixed_loss_of_whole_photos_is_the_weighted_loss():
    loss = StudyLoss(WEIGHTS).train()
    whole = loss(LOGITS, TARGETS, TARGETS.flip(0), torch.ones(20))
    torch.testing.assert_close(whole, loss(LOGITS, TARGETS))


def test_a_learner_validates_without_weights(tiny):
    made = tiny(loss={"class_weights": {"김밥": 20.0}})
    valid_loss = made.learner.validate()[0]
    logits, targets = made.learner.get_preds(act=lambda logits: logits)
    assert valid_loss == pytest.approx(nn.functional.cross_entropy(logits, targets).item(), rel=1e-4)


def test_weights_are_given_by_name():
    assert weights_by_number({"김밥": 2.0}, ["갈비찜", "김밥"]) == [1.0, 2.0]


def test_a_weight_for_no_class_names_the_nearest():
    with pytest.raises(KfoodError, match='"갈비짐", which is not a class here. Did you mean "갈비찜"'):
        weights_by_number({"갈비짐": 2.0}, ["갈비찜", "김밥"])
