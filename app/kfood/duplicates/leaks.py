"""Test photos that a run has seen in training, as a copy: which they are, and what is left of its accuracy."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from kfood.data.check import check_photos, readable
from kfood.data.prepare import data_folder
from kfood.duplicates.matching import KINDS, SCENE, find_pairs
from kfood.errors import KfoodError
from kfood.evaluation.predictions import LABEL, PATH, PREDICTED, SPLIT, groups_of, is_right, of_split
from kfood.run.find import trainings
from kfood.run.folder import Run
from kfood.statistics.estimates import share_interval

_SEEN = "train"  # as what photos count that a training has learned from or was chosen by
_TEST = "test"


@dataclass(frozen=True)
class Leaks:
    """What a run's test photos have in common with what it has seen.

    Args:
        table: a row a test photo that was seen, in order of seriousness: `path`, `label`, `predicted`, `right`;
            `kind`, `how` and `similarity` as in `find_pairs`; `seen_path`, `seen_label`, `seen_split` and `seen_by`,
            the name of the run.
        accuracy: a row for all test photos, for those without copies, without copies and shots of one scene, and for
            the copies alone: `photos` (in words), `n`, `correct`, `accuracy`, `low` and `high` (95 %, Wilson).
    """

    table: pd.DataFrame
    accuracy: pd.DataFrame


def leaks(run: Run) -> Leaks:
    """Find the test photos that the run's training, or a training that it started from, has seen.

    Seen are the photos that were trained on and those that the best epoch was chosen by.

    Raises:
        KfoodError: the run has no test photos, or none of its photos can be read any more.
    """
    predictions = of_split(run.predictions, _TEST)
    if predictions.empty:
        raise KfoodError(f"{run.folder} has no test photos: there is nothing that could have leaked.")
    samples = _readable(_shown(run), run)
    pairs = find_pairs(samples, run)
    table = _worst(samples, pairs).merge(predictions[[PATH, LABEL, PREDICTED]], on=PATH)
    table["right"] = is_right(table)
    columns = [PATH, LABEL, PREDICTED, "right", "kind", "how", "similarity"]
    table = table[[*columns, "seen_path", "seen_label", "seen_split", "seen_by"]]
    return Leaks(table.reset_index(drop=True), _accuracy(predictions, table))


def _shown(run: Run) -> pd.DataFrame:
    """Return the run's test photos, and the photos that any of the trainings has seen, with the name of the run."""
    parts = [of_split(run.samples, _TEST).assign(seen_by="", seen_split="")]
    for training in trainings(run):
        seen = training.samples[training.samples[SPLIT] != _TEST]
        parts.append(seen.assign(seen_by=training.name, seen_split=seen[SPLIT], **{SPLIT: _SEEN}))
    shown = pd.concat(parts, ignore_index=True)
    return shown.drop_duplicates([PATH, SPLIT], ignore_index=True)


def _readable(samples: pd.DataFrame, run: Run) -> pd.DataFrame:
    good, _ = readable(samples, check_photos(samples, data_folder(run.recipe.data)))
    if (good[SPLIT] == _TEST).any():
        return good
    raise KfoodError(f"None of the test photos of {run.folder} can be read: are they still where they were?")


def _worst(samples: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return each test photo that is in a pair with a photo that was seen, with the nearest such photo."""
    # By content, as one photo stands for all with the same.
    known = samples[[PATH, LABEL, SPLIT, "digest", "seen_by", "seen_split"]]
    test, seen = known[known[SPLIT] == _TEST], known[known[SPLIT] == _SEEN].drop_duplicates("digest")
    ways = pd.concat([pairs, pairs.rename(columns={"a": "b", "b": "a"})], ignore_index=True)
    digests = samples["digest"].to_numpy()
    ways = ways.assign(digest=digests[ways["a"]], other=digests[ways["b"]]).drop_duplicates(["digest", "other"])
    seen = seen.rename(columns={"digest": "other", PATH: "seen_path", LABEL: "seen_label"}).drop(columns=SPLIT)
    both = test[[PATH, "digest"]].merge(ways, on="digest").merge(seen, on="other")
    both = both.assign(order=both["kind"].map(KINDS.index))
    return both.sort_values(["order", "similarity"], ascending=[True, False], kind="stable").drop_duplicates(PATH)


def _accuracy(predictions: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    copies = set(table.loc[table["kind"] != SCENE, PATH])
    is_copy, is_seen = predictions[PATH].isin(copies), predictions[PATH].isin(table[PATH])
    parts = {
        "all test photos": predictions,
        "without copies": predictions[~is_copy],
        "without copies and shots of one scene": predictions[~is_seen],
        "copies alone": predictions[is_copy],
    }
    rows = []
    for words, part in parts.items():
        n, correct = len(part), int(is_right(part).sum())
        low, high = share_interval(is_right(part), groups_of(part))
        rows.append((words, n, correct, correct / n if n else float("nan"), low, high))
    return pd.DataFrame(rows, columns=["photos", "n", "correct", "accuracy", "low", "high"])
