"""Photos that are there twice, known by their content: kept in one split, and said aloud."""

from __future__ import annotations

import logging
from itertools import combinations

import pandas as pd

from kfood.data.fixes import FIX, join_groups
from kfood.data.fixes_file import GROUP
from kfood.data.pixels import photo_key
from kfood.data.split import SPLITS

log = logging.getLogger(__name__)
_NAMED = 3
_LOOK = "kfood data duplicates shows them side by side, and writes a fixes.csv for data.fixes"


def contents(samples: pd.DataFrame) -> pd.Series:
    """Return what stands for each photo's content, n long, or its path where that is not known."""
    digest = samples["digest"].fillna("") if "digest" in samples else pd.Series("", samples.index, dtype="str")
    return digest.where(digest != "", samples["path"])


def join_copies(samples: pd.DataFrame) -> pd.DataFrame:
    """Put photos of equal content into one `group`, with all photos of the groups that they are in.

    Groups are as they were where no content is there twice.

    Args:
        samples: with `path`, `digest` and `group`.
    """
    content = contents(samples)
    twice = samples.assign(digest=content)[content.duplicated(keep=False).to_numpy()]
    wanted = twice.groupby("digest")["group"].agg(["min", "nunique"])
    wanted = wanted[wanted["nunique"] > 1].reset_index()
    if wanted.empty:
        return samples
    joined = join_groups(samples.assign(digest=content), wanted.rename(columns={"min": "value"}).assign(action=GROUP))
    return samples.assign(group=joined["group"])


def say_copies(samples: pd.DataFrame) -> None:
    """Log how many photos are there twice, which of them have two labels, and which splits share some.

    Nothing is said where no content is there twice.

    Args:
        samples: split, with fixes applied: `path`, `label`, `split`, `area`, `digest` and `group`.
    """
    photos = samples.assign(content=contents(samples))
    copies = photos[photos["content"].duplicated(keep=False)]
    if len(copies):
        shared = copies.groupby("content")["split"].transform("nunique") > 1
        log.info(
            "%d photos are there more than once (%d files, equal byte for byte); %d of these photos have all their "
            "copies in one split.",
            copies["content"].nunique(),
            len(copies),
            copies.loc[~shared, "content"].nunique(),
        )
        _say_two_labels(copies)
    _say_shared(photos, "content", "photos that are also in", "kfood's own splits keep equal photos together")
    plates = photos[~photos["content"].isin(photos.loc[_shared(photos, "content"), "content"])]
    _say_shared(plates, "group", "other shots of plates in", "kfood's own splits keep a plate together")


def unseen_test(samples: pd.DataFrame) -> pd.Series:
    """Return, for each sample, whether it is a test photo whose content is in no other split."""
    content, is_test = contents(samples), samples["split"] == SPLITS[-1]
    return is_test & ~content.isin(content[~is_test])


def _say_two_labels(copies: pd.DataFrame) -> None:
    """Two areas of one photo may be two dishes, and a test photo that was decided on keeps its label for the record."""
    open_ones = copies[copies[FIX].fillna("") == ""] if FIX in copies else copies
    keys = [photo_key(*row) for row in zip(open_ones["content"], open_ones["area"], strict=True)]
    by_photo = open_ones.assign(key=keys)
    by_photo = by_photo[by_photo.groupby("key")["label"].transform("nunique") > 1]
    if by_photo.empty:
        return
    named = []
    for _, rows in by_photo.groupby("key", sort=False):
        each = rows.drop_duplicates("label")
        named.append(" = ".join(f"{row.path} ({row.label})" for row in each.itertuples()))
    log.warning(
        "%d photos have two labels, of which one must be wrong: %s%s. %s.",
        len(named),
        "; ".join(named[:_NAMED]),
        f"; and {len(named) - _NAMED} more" if len(named) > _NAMED else "",
        _LOOK,
    )


def _shared(photos: pd.DataFrame, by: str) -> pd.Series:
    return photos.groupby(by)["split"].transform("nunique") > 1


def _say_shared(photos: pd.DataFrame, by: str, words: str, instead: str) -> None:
    """Say which splits share something, which happens only where the data give the splits."""
    split, parts = photos["split"], []
    for other, judged in combinations(SPLITS, 2):
        number = int((split.eq(judged) & photos[by].isin(photos.loc[split == other, by])).sum())
        if number:
            parts.append(f"{number} {judged} photos are {words} {other}")
    if parts:
        log.warning("The splits that the data give are not apart: %s. %s.", ", ".join(parts), instead)
