"""What a run's network makes of its own photos, before its last layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from kfood.calibration.judged import Judged
from kfood.errors import KfoodError
from kfood.evaluation.embeddings import embed
from kfood.model.cascade import Cascade
from kfood.model.saved import load_model
from kfood.run.folder import Run
from kfood.statistics.ood_scores import Head, Photos, logits_of

_MOST = 5000  # training photos, over all classes


@dataclass(frozen=True)
class Features:
    """Pooled features and logits of a run's photos.

    Args:
        head: from features to logits.
        train: photos that it learned from, at most 5,000 of them.
        valid, test: in the order of its predictions.
    """

    head: Head
    train: Photos
    valid: Photos
    test: Photos


def features_of_run(run: Run, classes: list[str], valid: Judged, test: Judged) -> Features:
    """Return the features of a run's photos, from the cache where they were computed before.

    Raises:
        KfoodError: it is a cascade, its files are damaged, or photos are not where they were.
    """
    head = head_of_run(run)
    samples = run.samples.set_index("path", drop=False)
    train = _some(samples[samples["split"] == "train"], len(classes))
    parts = [train, *(samples.loc[judged.paths] for judged in (valid, test))]
    features = embed(pd.concat(parts), run)
    numbers = pd.Index(classes).get_indexer(pd.concat(parts)["label"])
    logits = logits_of(head, features)
    ends = np.cumsum([len(part) for part in parts])[:-1]
    split = (np.split(each, ends) for each in (features, logits, numbers))
    return Features(head, *(Photos(*each) for each in zip(*split, strict=True)))


def head_of_run(run: Run) -> Head:
    """Return the head of a run's network as one linear layer: when it predicts, whatever it is made of is one.

    Raises:
        KfoodError: it is a cascade, or its files are damaged.
    """
    run.verify(run.weights_file, run.model_file)
    model, _ = load_model(run.weights_file, run.model_file)
    if isinstance(model, Cascade):
        raise KfoodError(f"{run.folder} is a cascade of two networks, which has no features of its own.")
    length = next(layer.in_features for layer in model.head.modules() if isinstance(layer, torch.nn.Linear))
    with torch.inference_mode():
        biases = model.head(torch.zeros(1, length))
        weights = model.head(torch.eye(length)) - biases
    return Head(weights.T.contiguous().numpy(), biases[0].numpy())


def _some(train: pd.DataFrame, classes: int) -> pd.DataFrame:
    """Return training photos, equally many of each class where there are too many."""
    each = max(10, _MOST // classes)
    shuffled = train.sample(frac=1, random_state=0)
    return shuffled[shuffled.groupby("label").cumcount() < each]
