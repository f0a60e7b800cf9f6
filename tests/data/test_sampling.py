"""Classes of different size: drawn equally often, or cut to the smallest; and by the training's seed alone."""

import random

import numpy as np
import pandas as pd
import pytest
from fastai.data.core import TfmdLists

from kfood.data.sampling import SeededWeightedDL, class_balancing_weights, undersample

COUNTS = {"갈비찜": 300, "김밥": 90, "돼지갈비찜": 10}
LABELS = pd.Series([label for label, count in COUNTS.items() for _ in range(count)])


def loader(seed: int = 0, shuffle: bool = True) -> SeededWeightedDL:
    random.seed(seed)
    items = TfmdLists(list(range(len(LABELS))), [])
    return SeededWeightedDL(items, bs=10, wgts=class_balancing_weights(LABELS), shuffle=shuffle, num_workers=0)


def epoch(of: SeededWeightedDL) -> list[int]:
    """The numbers of the photos that one epoch shows."""
    return [int(number) for batch in of for number in batch]


def test_weights_give_every_class_the_same_share():
    weights = pd.Series(class_balancing_weights(LABELS))
    assert weights.groupby(LABELS).sum().tolist() == pytest.approx([1 / 3] * 3)
    assert weights.groupby(LABELS).nunique().tolist() == [1, 1, 1]


def test_an_epoch_draws_classes_equally_and_as_many_photos_as_there_are():
    drawn = epoch(loader())
    assert len(drawn) == len(LABELS)
    shares = LABELS[drawn].value_counts(normalize=True)
    standard_error = (1 / 3 * 2 / 3 / len(LABELS)) ** 0.5
    assert shares.to_numpy() == pytest.approx([1 / 3] * 3, abs=3 * standard_error)


def test_draws_depend_on_the_seed_and_not_on_numpys_global_state():
    draws = []
    for global_seed in (1, 2):
        np.random.seed(global_seed)
        of = loader()
        before = np.random.get_state()[1].copy()
        draws.append([epoch(of), epoch(of)])
        assert (np.random.get_state()[1] == before).all()
    assert draws[0] == draws[1]
    assert draws[0][0] != draws[0][1]  # another epoch, other photos
    assert epoch(loader(seed=1)) != draws[0][0]


def test_without_shuffling_every_photo_comes_once_in_order():
    assert epoch(loader(shuffle=False)) == list(range(len(LABELS)))


@pytest.fixture
def samples() -> pd.DataFrame:
    """COUNTS training photos of each class, 5 validation and 4 test photos."""
    rows = [
        {"path": f"{split}-{label}-{number}", "label": label, "split": split}
        for label, count in COUNTS.items()
        for split, photos in (("train", count), ("valid", 5), ("test", 4))
        for number in range(photos)
    ]
    return pd.DataFrame(rows)


def test_undersampling_cuts_training_classes_to_the_smallest(samples):
    counts = undersample(samples, 0).groupby(["split", "label"]).size().unstack()
    assert counts.loc["train"].tolist() == [10] * 3
    assert counts.loc["valid"].tolist() == [5] * 3
    assert counts.loc["test"].tolist() == [4] * 3


def test_undersampling_keeps_photos_as_they_are_and_follows_the_seed(samples):
    kept = undersample(samples, 3)
    assert kept["path"].is_unique
    assert len(kept.merge(samples)) == len(kept)
    assert kept.equals(undersample(samples, 3))
    assert not kept.equals(undersample(samples, 4))
