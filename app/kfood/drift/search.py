"""Are the photos of a folder like those that a run was trained for?"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from kfood.calibration.features import head_of_run
from kfood.data.check import check_photos, readable
from kfood.data.copies import join_copies
from kfood.data.preprocess import preprocessing
from kfood.data.split import add_groups
from kfood.data.tree import LeftOut, describe_unread, photos_below
from kfood.drift.compare import Difference, Side, compare
from kfood.drift.facts import facts_of
from kfood.drift.shifts import powers
from kfood.errors import DataError, KfoodError
from kfood.evaluation.embeddings import embed
from kfood.evaluation.predictions import class_names
from kfood.run.folder import Run
from kfood.statistics.one_of_each import one_of_each
from kfood.statistics.ood_scores import logits_of
from kfood.system.paths import real_path

log = logging.getLogger(__name__)
LEAST = 20  # plates on each side: with fewer, the test finds next to nothing
_UNSEEN = ("valid", "test")


@dataclass(frozen=True)
class Drift:
    """What was found of a folder's photos.

    Args:
        run: whose photos they are compared with.
        folder: of the new photos.
        difference: what differs.
        powers: what the test would find with so many new photos, see `kfood.drift.shifts.powers`.
        before, new: photos compared on either side, one of each plate.
        photos: new photos that can be read, before one of each plate was drawn.
        known: of the folder's photos, how many are photos of the run, and left out.
        unreadable: `path` and `fault`.
    """

    run: Run
    folder: Path
    difference: Difference
    powers: pd.DataFrame
    before: int
    new: int
    photos: int
    known: int
    unreadable: pd.DataFrame


def find_drift(run: Run, folder: Path) -> Drift:
    """Compare a folder's photos with the validation and test photos of a run.

    The network has not learned from those. The photos of its training would not do: it knows them too well, so that
    new photos of the same source differ from them. One photo of each plate is drawn on either side, by the run's own
    rule of what is a plate (`data.group`, and equal content), as shots of one plate are no independent photos.

    Args:
        run: finished, with its photos where they were.
        folder: with photos at any depth; labels are not needed.

    Raises:
        KfoodError: the run has no test photos, there are too few photos of different plates on a side, photos of the
            run are gone, or it is a cascade of two networks.
        DataError: there is no such folder, no photo in it, or none that is new.
    """
    known = _unseen_photos(run)
    found = _photos_in(folder)
    good, unreadable = readable(found, check_photos(found, folder))
    if good.empty:
        raise DataError(f"None of the {len(found)} photos in {folder} can be read. See kfood data check.")
    new = _new_photos(good, run, folder)
    samples = [drawn(side) for side in (known, new)]
    if len(samples[1]) < LEAST:
        raise DataError(
            f"{folder} has new photos of {len(samples[1])} different plates: to compare them, {LEAST} or more are "
            "needed."
        )
    before, after = sides(run, *samples)
    difference = compare(before, after, class_names(run.predictions))
    log.info("What the test would find is measured on photos that the run knows.")
    found_of = powers(run, before.samples, before.features, before.predicted, len(after.samples))
    counts = (len(before.samples), len(after.samples), len(new), len(good) - len(new))
    return Drift(run, folder, difference, found_of, *counts, unreadable)


def drawn(samples: pd.DataFrame) -> pd.DataFrame:
    """Return one photo of each plate (`group`)."""
    return samples.iloc[one_of_each(samples["group"].to_numpy())].reset_index(drop=True)


def sides(run: Run, before: pd.DataFrame, new: pd.DataFrame) -> tuple[Side, Side]:
    """Return what is compared of photos that a run knows and of new ones.

    Args:
        run: whose network looks at them, at both without mirroring.
        before, new: photos of different plates, with `path`, `area`, `digest`, `label` and `group`.

    Raises:
        KfoodError: a photo cannot be read, or the run is a cascade.
    """
    head, shrink = head_of_run(run), preprocessing(run.recipe.data)
    both = pd.concat([before, new], ignore_index=True)
    features = embed(both, run)
    predicted = logits_of(head, features).argmax(axis=1)
    facts = facts_of(both, check_photos(both, run.folder), shrink)
    cut = len(before)
    first = Side(before, features[:cut], predicted[:cut], facts.iloc[:cut])
    return first, Side(new, features[cut:], predicted[cut:], facts.iloc[cut:])


def _unseen_photos(run: Run) -> pd.DataFrame:
    samples = run.samples[run.samples["split"].isin(_UNSEEN)]
    if not (samples["split"] == "test").any():
        raise KfoodError(
            f"{run.folder} has no test photos: only with photos that it did not learn from can others be compared. "
            "Train with data.test above 0."
        )
    known = samples.reset_index(drop=True)
    there = known["path"].map(lambda path: Path(path).is_file())
    if not there.all():
        raise KfoodError(
            f"{(~there).sum()} of {len(known)} validation and test photos of {run.folder} are not where they were, "
            f"such as {known['path'][~there].iloc[0]}."
        )
    if (plates := known["group"].nunique()) < LEAST:
        raise KfoodError(
            f"{run.folder} has validation and test photos of {plates} different plates: to compare others with them, "
            f"{LEAST} or more are needed."
        )
    return known


def _photos_in(folder: Path) -> pd.DataFrame:
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}.")
    left_out: list[LeftOut] = []
    paths = list(photos_below(real_path(folder), left_out))
    if not paths:
        unread = describe_unread(left_out)
        raise DataError(f"There is no photo in {folder}{f', but {unread}' if unread else ''}.")
    return pd.DataFrame({"path": paths, "label": "", "area": "", "split": ""})


def _new_photos(good: pd.DataFrame, run: Run, folder: Path) -> pd.DataFrame:
    new = good[~good["digest"].isin(set(run.samples["digest"]) - {""})].reset_index(drop=True)
    if new.empty:
        raise DataError(f"All {len(good)} photos in {folder} are photos of the run itself: name new ones.")
    if len(new) < len(good):
        log.info("%d photos are photos of the run itself, and left out.", len(good) - len(new))
    return join_copies(add_groups(new, run.recipe.data.group))
