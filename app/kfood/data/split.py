"""Train, validation and test: stratified, seeded, and never through the middle of a group."""

from __future__ import annotations

import re
import zlib
from os.path import basename, splitext

import numpy as np
import pandas as pd

from kfood.errors import DataError
from kfood.recipes.schema import nfc
from kfood.text import listed

SPLITS = ("train", "valid", "test")


def add_groups(samples: pd.DataFrame, pattern: str) -> pd.DataFrame:
    """Give each photo a `group`: what the pattern's first parentheses match in its name, else itself.

    A `group` that the samples bring along (from a CSV) is kept.
    """
    search = re.compile(nfc(pattern)).search if pattern else lambda name: None
    found = (search(nfc(splitext(basename(path))[0])) for path in samples["path"])
    own = [match[1] if match and match[1] else path for match, path in zip(found, samples["path"], strict=True)]
    group = pd.Series(own, index=samples.index, dtype="str")
    if "group" in samples:
        group = samples["group"].where(samples["group"] != "", group)
    return samples.assign(group=group)


def split_samples(samples: pd.DataFrame, valid: float, test: float, seed: int) -> pd.DataFrame:
    """Fill the column `split` where the data set leaves it open.

    The test set is drawn first (unless given), the validation set then from the rest, so both shares count as
    in the report: 0.8 : 0.2 of what is not test. Each class is drawn with random numbers of its own: which photos
    of 갈비찜 are test photos does not depend on which other classes there are, so that a model of all classes
    and a model of a pair can be compared, and one can start from the other.

    Args:
        samples: with `label`, `group` and `split`.
        valid, test: shares of photos, 0 to 1.
        seed: another seed is another split.
    """
    split = samples["split"].copy()
    for name, share in (("test", test), ("valid", valid)):
        if (split == name).any():
            continue
        # With a test set given, "" and "train" both mean: may be used for training.
        free = split.isin(["", "train"])
        split[free & samples["group"].isin(_drawn(samples[free], share, f"{seed}/{name}"))] = name
    return samples.assign(split=split.replace("", "train"))


def subsample(samples: pd.DataFrame, most: int, seed: int) -> pd.DataFrame:
    """Keep at most `most` photos of each class, with the shares that its splits have; 0 keeps all.

    A photo that is kept stays in its split, and one of every split is kept at least. With the same seed, a larger
    `most` keeps the same photos and more.
    """
    if not most:
        return samples
    kept: list[int] = []
    for label, photos in samples.groupby("label"):
        share = min(1.0, most / len(photos))
        for split, part in photos.groupby("split"):
            order = np.random.default_rng(zlib.crc32(f"{seed}/few/{label}/{split}".encode())).permutation(len(part))
            kept += part.index[order[: max(1, round(share * len(part)))]].tolist()
    return samples.loc[sorted(kept)].reset_index(drop=True)


def counts_by_split(samples: pd.DataFrame) -> pd.DataFrame:
    """Return how many photos each class (row) has in each split (column); 0 where it has none."""
    return samples.groupby(["label", "split"]).size().unstack(fill_value=0).reindex(columns=SPLITS, fill_value=0)


def require_every_class(samples: pd.DataFrame) -> None:
    """Check that there are two classes or more and that each has photos in every split.

    Raises:
        DataError: naming the classes.
    """
    counts = counts_by_split(samples)
    if len(counts) < 2:
        raise DataError(
            f"There is only one class, {listed(counts.index)}: a classifier needs two or more class folders."
        )
    poor = counts[(counts == 0).any(axis=1)]
    if len(poor):
        lacking = {label: " or ".join(row.index[row == 0]) for label, row in poor.iterrows()}
        shown = [f"{label} ({counts.loc[label].sum()} photos, none in {splits})" for label, splits in lacking.items()]
        raise DataError(
            f"Too few photos to have some of each class in train, valid and test: {listed(shown)}. Add photos there "
            "(shots of one plate count once), or leave the class out with data.classes."
        )


def _drawn(samples: pd.DataFrame, share: float, salt: str) -> list[str]:
    counts = samples.groupby(["group", "label"]).size().rename("photos").reset_index()
    counts["in_group"] = counts.groupby("group", sort=False)["photos"].transform("sum")
    # A group with photos under two labels belongs to the class that has more of it.
    home = counts.sort_values(["photos", "label"], ascending=[False, True]).drop_duplicates("group")
    chosen: list[str] = []
    for label, groups in home.sort_index().groupby("label"):  # in order of group, as `counts` is
        rng = np.random.default_rng(zlib.crc32(f"{salt}/{label}".encode()))
        order = rng.permutation(len(groups))
        photos = groups["in_group"].to_numpy()[order]
        before, wanted = photos.cumsum() - photos, max(1, round(share * photos.sum()))
        chosen += groups["group"].iloc[order[before < wanted]].tolist()
    return chosen
