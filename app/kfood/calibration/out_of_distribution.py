""" "None of these dishes" as an answer: a score of how strange a photo is, and from where on it is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kfood.calibration.judged import Judged
from kfood.errors import KfoodError
from kfood.statistics.auroc import auroc
from kfood.statistics.conformal import needed_photos, require_share, share_as_strange
from kfood.statistics.linear_head import fit_head
from kfood.statistics.one_of_each import one_of_each
from kfood.statistics.ood_scores import OOD_SCORES, Head, Photos, fit_ood_score, logits_of, ood_score

if TYPE_CHECKING:
    from kfood.calibration.features import Features  # which loads torch

_FOLDS = 5
_LEAST_CLASSES = 4  # two are left out, two are known
_FAR = "knn"  # the guard, and the score where classes are too few to choose by
_SEES_FEATURES = ("knn", "mahalanobis", "vim", "cosine")
_GUARD_SHARES = (0.2, 0.5)  # of what may be refused: the first that validation plates are enough for


@dataclass(frozen=True)
class Part:
    """One score of strangeness, as it was fitted.

    Args:
        kind: of `kfood.statistics.ood_scores.OOD_SCORES`.
        share: of the refusals that are allowed, above 0 to 1.
        arrays: what the score was fitted with.
        known: (validation plates,), the score of one photo of each.
        test: (test photos,), their scores, in the order of the run's predictions.
    """

    kind: str
    share: float
    arrays: Mapping[str, np.ndarray]
    known: np.ndarray
    test: np.ndarray

    def strange(self, scores: np.ndarray) -> np.ndarray:
        """Return the share of known photos that are as strange, divided by the part's share of refusals."""
        shares: np.ndarray = share_as_strange(scores, self.known) / self.share
        return shares


@dataclass(frozen=True)
class OutOfDistribution:
    """When a photo is "none of these dishes".

    Logits tell best what is another dish, and see little of what is no food at all; distances of features are the other
    way round. So two scores decide: that which is chosen, and, where that one sees logits alone, a guard by distance,
    which gets a fifth of the refusals. A photo's share is the smaller of both, each divided by its part of the
    refusals (C. E. Bonferroni): at most so many photos of known dishes have it or less.

    Args:
        refuse: the share of photos of known dishes that may be refused, between 0 and 1.
        head: of the network, from features to logits.
        parts: the score that was chosen, and the guard where there is one.
        aurocs: of each kind, the AUROC of each fold of dishes that the choice was made by.
    """

    refuse: float
    head: Head
    parts: list[Part]
    aurocs: dict[str, list[float]]

    @property
    def kind(self) -> str:
        """The score that was chosen."""
        return self.parts[0].kind

    @property
    def plates(self) -> int:
        """How many validation plates thresholds are taken from."""
        return len(self.parts[0].known)

    def share(self, features: np.ndarray) -> np.ndarray:
        """Return the share of photos of known dishes that are as strange as each photo or stranger, 0 to 1.

        Args:
            features: photos x length, pooled, of the run's network.
        """
        photos = Photos(features, logits_of(self.head, features), np.empty(0, int))
        return self._smallest([part.strange(ood_score(part.kind, photos, part.arrays)) for part in self.parts])

    def share_of_test(self) -> np.ndarray:
        """Return `share` of the run's test photos, in the order of its predictions."""
        return self._smallest([part.strange(part.test) for part in self.parts])

    def _smallest(self, shares: list[np.ndarray]) -> np.ndarray:
        smallest: np.ndarray = np.minimum(np.min(shares, axis=0), 1.0)
        return smallest

    def refused(self, share: np.ndarray, refuse: float | None = None) -> np.ndarray:
        """Return which photos are none of the dishes, bool.

        Args:
            share: as `share` gives it.
            refuse: the share of photos of known dishes that may be refused; that of the run where not given.

        Raises:
            KfoodError: it is not between 0 and 1, or needs more validation photos.
        """
        wanted = self.refuse if refuse is None else refuse
        require_refusable(self.plates, wanted)
        refused: np.ndarray = share <= wanted
        return refused


def fit_out_of_distribution(features: Features, valid: Judged, refuse: float) -> OutOfDistribution:
    """Choose the score by leaving dishes out of its fitting, fit it on training photos, take thresholds on validation.

    Args:
        features: of the run's photos.
        valid: the validation photos.
        refuse: the share of photos of known dishes that may be refused.

    Raises:
        KfoodError: `refuse` is not between 0 and 1, or there are too few validation plates for it.
    """
    drawn = one_of_each(valid.groups)
    require_refusable(len(drawn), refuse)
    aurocs = aurocs_of_left_out(features)
    kind = max(aurocs, key=lambda each: np.mean(aurocs[each])) if aurocs else _FAR
    enough = (share for share in _GUARD_SHARES if len(drawn) >= needed_photos(1 - share * refuse))
    guard = 0.0 if kind in _SEES_FEATURES else next(enough, 0.0)
    parts = []
    for each, share in ((kind, 1 - guard), (_FAR, guard)):
        if share:
            arrays = fit_ood_score(each, features.train, features.head)
            known, test = (ood_score(each, photos, arrays) for photos in (features.valid, features.test))
            parts.append(Part(each, share, arrays, known[drawn], test))
    return OutOfDistribution(refuse, features.head, parts, aurocs)


def aurocs_of_left_out(features: Features) -> dict[str, list[float]]:
    """Return of each score the AUROC, fold by fold, of validation photos of dishes that it was not fitted on.

    A fold of dishes is left out of the score's fitting, and of the head: one is fitted on the features of the other
    dishes' training photos. The head of the network would not do, even without the weights of the dishes left out: it
    has learned that their photos are none of the others, and scores of logits look better than they are. The features
    are still those of a network that knows these dishes: what is told apart here is which score is good, not how good
    it is. {} with fewer than four dishes.
    """
    classes = len(features.head.biases)
    if classes < _LEAST_CLASSES:
        return {}
    folds = np.random.default_rng(0).permutation(classes) % min(_FOLDS, classes // 2)
    found: dict[str, list[float]] = {kind: [] for kind in OOD_SCORES}
    for fold in range(folds.max() + 1):
        kept = np.flatnonzero(folds != fold)
        strange = ~np.isin(features.valid.labels, kept)
        if not strange.any() or strange.all():
            continue
        own = np.isin(features.train.labels, kept)
        labels = np.searchsorted(kept, features.train.labels[own])
        head = fit_head(features.train.features[own], labels)
        learned, valid = (
            Photos(of, logits_of(head, of), numbers)
            for of, numbers in ((features.train.features[own], labels), (features.valid.features, np.empty(0, int)))
        )
        for kind in OOD_SCORES:
            scores = ood_score(kind, valid, fit_ood_score(kind, learned, head))
            found[kind].append(auroc(scores[strange], scores[~strange]))
    return found


def require_refusable(plates: int, refuse: float) -> None:
    """Raise KfoodError where a share to be refused is none, or needs more validation plates than there are."""
    require_share(refuse, "The share of known dishes that may be refused")
    if plates < (needed := needed_photos(1 - refuse)):
        raise KfoodError(
            f"To refuse {refuse:g} of photos of known dishes, {needed} validation photos of different plates are "
            f"needed; there are {plates}. Allow more, or hold out more photos (data.valid)."
        )
