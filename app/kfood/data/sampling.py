"""What is done about classes of different size: training photos drawn more often, or left out."""

from __future__ import annotations

import random

import numpy as np
import pandas as pd
from fastai.callback.data import WeightedDL


def undersample(samples: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Keep as many training photos of each class as the smallest class has; other splits stay whole."""
    train = samples[samples["split"] == "train"]
    fewest = train["label"].value_counts().min()
    kept = train.groupby("label").sample(n=fewest, random_state=seed)
    return samples[(samples["split"] != "train") | samples.index.isin(kept.index)].reset_index(drop=True)


def class_balancing_weights(labels: pd.Series) -> np.ndarray:
    """Return a weight a photo with which every class is drawn equally often (float64, sums to 1)."""
    weights = 1 / labels.map(labels.value_counts()).to_numpy(dtype=float)
    return weights / weights.sum()


def draw(state: random.Random, weights: np.ndarray) -> list[int]:
    """Return as many places as there are weights (which sum to 1), drawn with replacement by them."""
    return np.random.default_rng(state.getrandbits(64)).choice(len(weights), len(weights), p=weights).tolist()


class SeededWeightedDL(WeightedDL):
    """fastai's weighted loader, drawing from its own random state.

    `WeightedDL` draws from numpy's global state, so that anything else that uses it changes which photos a
    training sees; this one depends on the training's seed alone.
    """

    def get_idxs(self) -> list[int]:
        """Return the photos of one epoch, drawn with replacement by weight; in order where not shuffled."""
        return draw(self.rng, self.wgts) if self.shuffle else super().get_idxs()
