"""MixUp and CutMix: photos and targets mixed by the same shares, and a loss that class weights do not inflate."""

import fastai.callback.mixup
import pytest
import torch
from fastai.callback.core import Callback

from kfood.training.callbacks.mixtures import Mixtures, rectangles

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


@pytest.mark.parametrize("mixture", [{"mixup": 0.4}, {"cutmix": 1.0}, {"mixup": 0.4, "cutmix": 1.0}])
def test_weights_do_not_change_the_size_of_the_loss(tiny, mixture):
    plain = mean_training_loss(tiny(optimizer=NO_STEP))
    mixed = mean_training_loss(tiny(optimizer=NO_STEP, loss={"class_weights": WEIGHTS}, training=mixture))
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


def first_batch(made, mixtures: Mixtures) -> dict[str, torch.Tensor]:
    """Photos and targets of a training's first batch, before and after they are mixed."""
    seen = {}

    class Look(Callback):
        order = Mixtures.order + 1
        run_valid = False

        def before_batch(self):
            seen.setdefault("mixed", self.x.clone())
            for name, tensor in zip(("targets", "others", "share"), self.yb, strict=True):
                seen.setdefault(name, tensor.clone())

    class Before(Callback):
        order = -1
        run_valid = False

        def before_batch(self):
            seen.setdefault("photos", self.x.clone())

    with made.learner.no_logging():
        made.learner.fit(1, cbs=[mixtures, Look(), Before()])
    return seen


def test_photos_and_classes_are_mixed_by_the_same_shares(tiny):
    seen = first_batch(tiny(), Mixtures(mixup=0.4))
    # the partner of each photo is some photo of the batch with the partner's class
    for index, share in enumerate(seen["share"]):
        partner = (seen["mixed"][index] - share * seen["photos"][index]) / (1 - share).clamp(min=1e-6)
        if share > 0.98:
            continue
        distances = (seen["photos"] - partner).abs().amax(dim=(1, 2, 3))
        assert distances.min() < 0.01
        assert int(seen["targets"][int(distances.argmin())]) == int(seen["others"][index])
    assert seen["share"].min() >= 0.5


def test_cutmix_puts_a_rectangle_of_another_photo_in_and_counts_its_pixels(tiny):
    seen = first_batch(tiny(), Mixtures(cutmix=1.0))
    cut_out = 0
    for index, mixed in enumerate(seen["mixed"]):
        changed = (mixed != seen["photos"][index]).any(0)
        if not changed.any():
            continue  # its partner is itself, or the rectangle has no pixel
        cut_out += 1
        rows, columns = changed.any(1), changed.any(0)
        partners = [
            number
            for number, photo in enumerate(seen["photos"])
            if torch.equal(mixed[:, rows][:, :, columns], photo[:, rows][:, :, columns])
        ]
        assert [int(seen["targets"][number]) for number in partners] == [int(seen["others"][index])]
        rectangle = rows.float().mean() * columns.float().mean()
        assert seen["share"][index] == pytest.approx(1 - float(rectangle), abs=1e-6)
    assert cut_out > len(seen["mixed"]) / 2


def test_rectangles_have_the_area_asked_for_where_no_edge_cuts_them():
    torch.manual_seed(0)
    area = torch.full((4000,), 0.09)
    inside = rectangles(area, 100, 60)
    sides = inside.any(2).sum(1).float(), inside.any(1).sum(1).float()
    assert sides[0].max() == 30 and sides[1].max() == 18  # in the photo's proportions
    whole = inside.float().mean((1, 2))[(sides[0] == 30) & (sides[1] == 18)]
    assert torch.allclose(whole, torch.tensor(0.09), atol=1e-6)
    assert inside.float().mean(0).min() > 0.02  # at every place of the photo


def test_with_both_each_batch_takes_one_of_the_two():
    torch.manual_seed(0)
    mixtures, kinds = Mixtures(0.4, 1.0), []
    photos, targets = torch.rand(6, 3, 16, 16), torch.arange(6)
    for _ in range(200):
        mixtures.learn = type("Learn", (), {"x": photos, "y": targets})()
        mixtures.before_batch()
        (mixed,) = mixtures.learn.xb
        kinds.append(bool(torch.isin(mixed, photos).all()))  # CutMix makes no new values
    assert 70 < sum(kinds) < 130
