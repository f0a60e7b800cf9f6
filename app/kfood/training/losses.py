"""Cross-entropy with class weights, and with label smoothing or made robust to wrong labels, in training only.

Validation loss is plain cross-entropy, so that it means the same in every row of a study.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from fastai.callback.core import Callback
from torch import Tensor, nn


class StudyLoss(nn.Module):
    """Mean cross-entropy of a batch, each photo weighted by its class.

    As in `torch.nn.CrossEntropyLoss(weight, label_smoothing=…)`, the mean is divided by the weights in the batch: a
    class counts more against the others, but the loss, and with it the effective learning rate, keeps its size. With
    both, the formula is torch's too: of the part of the label that smoothing gives to every class, each class's share
    counts by its own weight, not by that of the photo's class.

    Args:
        weights: one a class, in class order.
        label_smoothing: 0 up to but not including 1.
        gce_q: q of the generalised cross-entropy, (1 - p^q) / q (Zhang and Sabuncu 2018), above 0 up to 1: the
            larger, the less is learned from photos whose label seems improbable. 0 is cross-entropy, its limit.
    """

    weights: Tensor

    def __init__(self, weights: Sequence[float], label_smoothing: float = 0.0, gce_q: float = 0.0) -> None:
        super().__init__()
        self.register_buffer("weights", torch.tensor(weights, dtype=torch.float32))
        self.label_smoothing, self.gce_q = label_smoothing, gce_q
        self.weights_smooth = label_smoothing > 0 and len(set(weights)) > 1  # else the photo's weight is a factor

    def forward(
        self,
        logits: Tensor,
        targets: Tensor,
        others: Tensor | None = None,
        share: Tensor | None = None,
        reduction: str = "mean",
    ) -> Tensor:
        """Return the loss of a batch.

        Args:
            logits: n x classes.
            targets: n class numbers.
            others, share: where photos are mixed (MixUp): the class numbers of what was mixed in, and the share, 0..1,
                of the photo itself; n each.
            reduction: as in torch.
        """
        if not self.training or reduction != "mean":
            return F.cross_entropy(logits, targets, reduction=reduction)
        losses = self._by_photo(logits, targets, self.weights[targets])
        if others is not None and share is not None:
            losses = share * losses + (1 - share) * self._by_photo(logits, others, self.weights[others])
        return losses.sum() / self.weight(targets, others, share)

    def weight(self, targets: Tensor, others: Tensor | None = None, share: Tensor | None = None) -> Tensor:
        """Return what the photos of a batch, or of a part of one, weigh together. Arguments as in `forward`."""
        weights = self.weights[targets]
        if others is not None and share is not None:
            weights = share * weights + (1 - share) * self.weights[others]
        return weights.sum()

    def activation(self, logits: Tensor) -> Tensor:
        """Return probabilities; fastai asks for it when it predicts."""
        return logits.softmax(dim=-1)

    def decodes(self, logits: Tensor) -> Tensor:
        """Return the most probable class; fastai asks for it when it shows results."""
        return logits.argmax(dim=-1)

    def _by_photo(self, logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
        if self.gce_q:
            surprise = F.cross_entropy(logits, targets, reduction="none")
            return weights * -torch.expm1(-self.gce_q * surprise) / self.gce_q
        if self.weights_smooth:
            return F.cross_entropy(
                logits, targets, weight=self.weights, reduction="none", label_smoothing=self.label_smoothing
            )
        return weights * F.cross_entropy(logits, targets, reduction="none", label_smoothing=self.label_smoothing)


class LossFollowsMode(Callback):
    """Lets the loss know whether the model trains or is judged."""

    order = -5

    def before_train(self) -> None:
        """Weigh and smooth."""
        self.learn.loss_func.train()

    def before_validate(self) -> None:
        """Judge plainly."""
        self.learn.loss_func.eval()
