"""All photos of a data set: which labels may be wrong; and of a pair, how many are and what error comes of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from kfood.data.prepare import prepare_samples
from kfood.duplicates.matching import find_pairs
from kfood.errors import KfoodError
from kfood.evaluation.embeddings import embed, require_network
from kfood.evaluation.predictions import is_right
from kfood.label_issues.error_estimates import error_estimates
from kfood.label_issues.noise_rates import NoiseRates, noise_rates
from kfood.label_issues.out_of_fold import pair_scores, probabilities, require_enough
from kfood.label_issues.ranking import most_alike, rank_labels
from kfood.pairs.photos import judged_photos, of_either, pair_among
from kfood.recipes.schema import Data
from kfood.run.folder import Run
from kfood.statistics.estimates import share_interval

Reached = tuple[str, float, float, float, int, str]  # a row of the error estimates

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PairLabelIssues:
    """What is known of a pair's labels.

    Args:
        pair: the two classes.
        noise_rates: how many labels are wrong.
        error_estimates: as `error_estimates` returns them; with a last row for what a run reaches, where one was named.
    """

    pair: tuple[str, str]
    noise_rates: NoiseRates
    error_estimates: pd.DataFrame


@dataclass(frozen=True)
class LabelIssues:
    """What was found.

    Args:
        data: which photos were looked at.
        photos: a row a photo, as `rank_labels` returns it, and `alike`: the path of the photo most like it of those
            with the proposed label; '' where that is its own.
        pair: what is known of a pair, if one was named.
    """

    data: Data
    photos: pd.DataFrame
    pair: PairLabelIssues | None


def find_label_issues(data: Data, pair: tuple[str, str] | None = None, run: Run | None = None) -> LabelIssues:
    """Judge every label by models that have not seen the photo.

    Args:
        data: which photos; fixes that it names are followed first.
        pair: two classes whose wrong labels are to be counted.
        run: a finished run, whose network's features are used; None for EfficientNet-Lite0's from ImageNet. Of a run
            that was trained on these photos the labels are believed more than they should be.

    Raises:
        KfoodError: there are too few photos, a class is unknown, or as `prepare_samples` and `embed`.
    """
    require_network(run)
    samples = prepare_samples(data, partial(_look_ahead, pair, run)).samples.reset_index(drop=True)
    classes = sorted(samples["label"].unique())
    names = pair_among(pair, classes) if pair else None
    reached = _reached(run, names) if names and run else None
    samples["group"] = samples["group"].where(samples["group"] != "", samples["path"])
    labels, groups = pd.Index(classes).get_indexer(samples["label"]), pd.factorize(samples["group"])[0]
    require_enough(labels, groups)
    features = embed(samples, run)
    log.info("Judging %s labels by photos of other plates.", f"{len(samples):,}")
    said = probabilities(features, labels, groups)
    photos = rank_labels(samples, said, classes)
    alike = np.append(samples["path"].to_numpy(object), "")[most_alike(features, labels, groups, said.argmax(axis=1))]
    photos["alike"] = photos["path"].map(dict(zip(samples["path"], alike, strict=True)))
    return LabelIssues(data, photos, _of_pair(samples, features, names, reached) if names else None)


def _look_ahead(pair: tuple[str, str] | None, run: Run | None, counts: Mapping[str, int]) -> None:
    """Say before photos are opened what is wrong with the pair that is named."""
    names = pair_among(pair, sorted(counts)) if pair else None
    if names and run:
        _reached(run, names)


def _of_pair(
    samples: pd.DataFrame, features: np.ndarray, pair: tuple[str, str], reached: Reached | None
) -> PairLabelIssues:
    own = samples["label"].isin(pair).to_numpy()
    photos, features = samples[own].reset_index(drop=True), features[own]
    second = (photos["label"] == pair[1]).to_numpy()
    rates = noise_rates(pair_scores(features, second, pd.factorize(photos["group"])[0]), second)
    estimates = error_estimates(rates, features, photos, find_pairs(photos))
    if reached:
        estimates.loc[len(estimates)] = reached
    return PairLabelIssues(pair, rates, estimates)


def _reached(run: Run, pair: tuple[str, str]) -> Reached:
    """Return what the run's errors on the pair's test photos are: those taken for the other dish alone."""
    test = judged_photos(run, "test")
    told = test[of_either(test, pair) & test["predicted"].isin(pair)]
    if told.empty:
        raise KfoodError(f"{run.folder} takes no test photo of {pair[0]} or {pair[1]} for either.")
    wrong = ~is_right(told)
    low, high = share_interval(wrong, told["group"])
    return (f"reached by {run.name}", wrong.mean(), low, high, len(told), "on test, of photos taken for either dish")
