"""Pairs of photos that show the same: copies to the byte, changed copies, and shots of one scene."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd

from kfood.data.split import SPLITS
from kfood.duplicates.align import compare_pairs
from kfood.duplicates.candidates import candidates
from kfood.duplicates.image_hashes import image_hashes
from kfood.errors import KfoodError
from kfood.evaluation.embeddings import embed
from kfood.run.folder import Run

log = logging.getLogger(__name__)
EXACT, NEAR, SCENE = KINDS = ("exact", "near", "scene")
# Of 540 changed copies of real photos (saved again, resized, cut by 5 or 20 %, mirrored, several of it) all reach this,
# and none of 135 pairs of shots of one plate (the nearest: 0.80); see tests/benchmarks/planted_copies.py.
COPY = 0.92
SAME_SCENE = 0.6  # of 19 pairs above it that were looked at, 18 were shots of one table and one of the same bowl
_PAIR = {"a": "int64", "b": "int64", "kind": "str", "how": "str", "similarity": "float64", "mirrored": "bool"}


def find_pairs(samples: pd.DataFrame, run: Run | None = None) -> pd.DataFrame:
    """Return the pairs of photos that show the same.

    Of photos with the same content, each is paired with one alone (a training photo if there is one), and that one
    stands for all where changed copies are looked for: a photo that is there a thousand times makes a thousand pairs.

    Args:
        samples: with `path`, `label`, `split`, `area` and `digest`; all can be read.
        run: finds what looks alike if the ImageNet weights are not installed.

    Returns:
        A row a pair: `a` and `b` (positions among the samples); `kind`: "exact" (the files are the same), "near" (a
        copy saved again, resized, cut or mirrored) or "scene" (another shot of the same); `how` it was found: "digest",
        "phash" or "features"; `similarity`, -1 to 1, of the detail; and `mirrored`.

    Raises:
        KfoodError: a photo cannot be read.
    """
    order = samples["split"].map({split: number for number, split in enumerate(SPLITS)}).fillna(len(SPLITS))
    digests = samples["digest"].reset_index(drop=True)
    by_split = digests.iloc[np.argsort(order.to_numpy(), kind="stable")]
    first = pd.Series(by_split.index, index=by_split).groupby(level=0, sort=False).first()
    stands_for = digests.map(first)
    twice = np.nonzero(stands_for.to_numpy() != np.arange(len(digests)))[0]
    exact = pd.DataFrame({"a": stands_for.iloc[twice].to_numpy(), "b": twice})
    exact = exact.assign(kind=EXACT, how="digest", similarity=1.0, mirrored=False)
    alike = _alike(samples.iloc[first], run)
    alike[["a", "b"]] = first.to_numpy()[alike[["a", "b"]]]
    return pd.concat([exact, alike]).astype(_PAIR).reset_index(drop=True)


def _alike(samples: pd.DataFrame, run: Run | None) -> pd.DataFrame:
    """Return pairs of changed copies and of shots of one scene, among photos of different content."""
    hashes = image_hashes(samples)
    pairs = candidates(hashes, _features(samples, run))
    log.info("Comparing %s pairs of photos that may show the same.", f"{len(pairs):,}")
    similarity, mirrored = compare_pairs(hashes.small, pairs[["a", "b"]].to_numpy())
    pairs = pairs.assign(similarity=similarity.astype(float).round(4), mirrored=mirrored)
    pairs = pairs[similarity >= SAME_SCENE]
    return pairs.assign(kind=np.where(pairs["similarity"] >= COPY, NEAR, SCENE))


def _features(samples: pd.DataFrame, run: Run | None) -> np.ndarray | None:
    for network in dict.fromkeys([None, run]):
        try:
            return embed(samples, network)
        except KfoodError as error:
            log.warning("%s", error)
    log.warning("Photos are compared by hashes alone, which miss copies that were cut.")
    return None
