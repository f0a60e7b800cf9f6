"""Two networks as one: a classifier of all dishes that asks another one where it cannot tell two of them apart."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kfood.model.build import Classifier, Precision

NEVER, ALWAYS = 0.0, 1.0  # margins; two answers are closer than 1 but where one has all the probability


class Cascade(nn.Module):
    """Photos in, logits of all classes out, as a `Classifier`; only to predict with, not to be trained.

    Where the main network's two best answers are the pair, and their probabilities differ by less than `margin`, the
    specialist is asked: what the main network gives to the two together is divided as the specialist says. All other
    classes keep their probabilities, and photos that are not asked about keep all.

    Args:
        main: knows all classes; a cascade itself where it asks about another pair already.
        specialist: knows the two.
        pair: the specialist's two classes as class numbers of `main`, in the specialist's order.
        margin: from `NEVER` to `ALWAYS`, which asks wherever the two best answers are the pair.
        sizes: sides of the photos in pixels that the two networks are made for.
    """

    def __init__(
        self,
        main: Classifier | Cascade,
        specialist: Classifier,
        pair: tuple[int, int],
        margin: float,
        sizes: tuple[int, int],
    ) -> None:
        super().__init__()
        self.main, self.specialist = main, specialist
        self.pair, self.margin, self.sizes = pair, margin, sizes
        # No one place's features decide: a map of what comes after all places makes activation maps go by occlusion.
        self.feature_map = nn.Identity()

    def forward(self, photos: Tensor) -> Tensor:
        """Return logits, n x classes, float32, of photos, n x 3 x height x width in -1..1, of the larger size."""
        logits = self.feature_map(self.main(at_size(photos, self.sizes[0])))
        asked = self.unsure(logits.softmax(dim=1))
        if not asked.any():
            return logits
        divided = logits.clone()
        divided[asked] = self.divide(logits[asked], self.specialist(at_size(photos[asked], self.sizes[1])))
        return divided

    def divide(self, logits: Tensor, says: Tensor) -> Tensor:
        """Return logits in which what the pair has together is divided as the specialist says (its logits, n x 2)."""
        first, second = self.pair
        together = logits[:, [first, second]].logsumexp(dim=1, keepdim=True)
        divided = together + says.log_softmax(dim=1)
        number = torch.arange(logits.shape[1], device=logits.device)
        return torch.where(number == first, divided[:, :1], torch.where(number == second, divided[:, 1:], logits))

    def unsure(self, probabilities: Tensor) -> Tensor:
        """Return for each photo (n x classes, of `main`) whether the specialist is to be asked."""
        best = probabilities.topk(2, dim=1)
        is_pair = best.indices.sort(dim=1).values == best.indices.new_tensor(sorted(self.pair))
        return is_pair.all(dim=1) & (best.values[:, 0] - best.values[:, 1] < self.margin)

    @property
    def body(self) -> nn.Module:
        """The main network's body."""
        return self.main.body

    def pooled(self, photos: Tensor) -> Tensor:
        """Return what the main network's head is given, n x features."""
        return self.main.pooled(at_size(photos, self.sizes[0]))

    @property
    def hflip_tta(self) -> bool:
        """Whether a network predicts with the mean over a photo and its mirror image; setting it sets both."""
        return self.main.hflip_tta or self.specialist.hflip_tta

    @hflip_tta.setter
    def hflip_tta(self, hflip_tta: bool) -> None:
        self.main.hflip_tta = self.specialist.hflip_tta = hflip_tta

    @property
    def precision(self) -> Precision:
        """The number formats of the main network."""
        return self.main.precision

    def set_precision(self, training: torch.dtype, predicting: torch.dtype | None = None) -> Cascade:
        """As `Classifier.set_precision`, of both networks."""
        self.main.set_precision(training, predicting)
        self.specialist.set_precision(training, predicting)
        return self

    def to_device(self, device: torch.device) -> Cascade:
        """As `Classifier.to_device`, of both networks."""
        self.main.to_device(device)
        self.specialist.to_device(device)
        return self


def at_size(photos: Tensor, size: int) -> Tensor:
    """Return square photos, n x 3 x side x side, with sides of `size`, as a cascade's networks are given them."""
    if photos.shape[-1] == size:
        return photos
    return F.interpolate(photos, size=(size, size), mode="bilinear", antialias=True)
