"""What is wrong with pairs of photos that show the same, and which photos belong together."""

from __future__ import annotations

import os

import numpy as np
import pandas as pd

from kfood.data.connected_components import connected_components
from kfood.data.fixes_file import PROPOSED_GROUP
from kfood.data.split import SPLITS
from kfood.duplicates.matching import KINDS, SCENE

CONFLICT, LEAK, DATA_SETS, SAME_CLASS = FINDINGS = ("conflict", "leak", "data sets", "same class")
_SIDES = ("path", "label", "split", "subset", "digest")


def unreported(samples: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs without shots of one scene that are in one class and one group: those are kept together anyway.

    Args:
        samples: with `label`, `subset` and `group`.
        pairs: as `find_pairs` returns them for these samples.
    """
    of = samples["subset"].str.cat([samples["label"], samples["group"]], "/").to_numpy()
    known = (pairs["kind"] == SCENE) & (of[pairs["a"]] == of[pairs["b"]])
    return pairs[~known].reset_index(drop=True)


def describe(samples: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return what there is to say of each pair: copies before shots of one scene, each with the most serious first.

    Args:
        samples: with `path`, `label`, `split`, `subset` (the data set), `digest` and `together` (as `group_names`
            gives it).
        pairs: as `find_pairs` returns them for these samples.

    Returns:
        A row a pair: `finding`, one of "conflict" (two labels), "leak" (in different splits of one data set), "data
        sets" (in both) and "same class"; `kind`, `how`, `similarity` and `mirrored`; `path`, `label`, `split`,
        `subset` and `digest`, each with _a and _b; `group`, the name of the group that is proposed for them.
    """
    a, b = (samples.iloc[pairs[side]].reset_index(drop=True) for side in ("a", "b"))
    across, labels = a["subset"] != b["subset"], a["label"] != b["label"]
    splits = a["split"] != b["split"]
    finding = np.select([across, labels, splits], [DATA_SETS, CONFLICT, LEAK], SAME_CLASS)
    table = pd.DataFrame({"finding": finding})
    table = table.join(pairs[["kind", "how", "similarity", "mirrored"]])
    table = table.assign(**{f"{name}_{side}": of[name] for name in _SIDES for side, of in (("a", a), ("b", b))})
    table["group"] = a["together"]
    table = table.assign(copies=table["kind"] != SCENE, apart=_apart(table))
    order = ["copies", "finding", "apart", "kind", "similarity"]
    return table.sort_values(order, key=_seriousness, ignore_index=True).drop(columns=["copies", "apart"])


def group_names(samples: pd.DataFrame, pairs: pd.DataFrame) -> np.ndarray:
    """Return for each photo the name of the group that it belongs to; '' where no pair has it.

    Connected photos are one group, over any number of pairs and of groups that the samples already have. Its name
    comes from the contents of its photos, so that it is the same for the same photos. Copies connect whatever their
    labels; shots of one scene only within a class, as a table may have seen many dishes.

    Args:
        samples: with `label`, `subset`, `group` and `digest`.
        pairs: `a` and `b`, positions among the samples, and `kind`.
    """
    n, of = len(samples), samples["subset"].str.cat(samples["label"], "/").to_numpy()
    pairs = pairs[(pairs["kind"] != SCENE) | (of[pairs["a"]] == of[pairs["b"]])]
    known, names = pd.factorize(samples["subset"].str.cat(samples["group"], "/"))  # each group is a node, too
    ends = np.concatenate([pairs[["a", "b"]].to_numpy(), np.stack([np.arange(n), n + known], 1)])
    component = connected_components(ends, n + len(names))[:n]
    smallest = samples["digest"].groupby(component).transform("min")
    paired = np.isin(component, component[pairs["a"]])
    return np.where(paired, PROPOSED_GROUP + smallest.str[:12], "")


def count(findings: pd.DataFrame) -> pd.DataFrame:
    """Return how many pairs of each kind (columns) each finding (rows) has; a row for each finding, also without."""
    counts = findings.groupby(["finding", "kind"]).size().unstack(fill_value=0)
    return counts.reindex(index=FINDINGS, columns=KINDS, fill_value=0).rename_axis(columns=None)


def brief(findings: pd.DataFrame) -> pd.DataFrame:
    """Return pairs as a table that fits a terminal: without the folder that all are in, label and split in one cell."""
    folder = os.path.commonpath([os.path.dirname(path) for side in "ab" for path in findings[f"path_{side}"]])
    table = findings[["finding", "kind", "similarity"]].copy()
    for name, side in (("photo", "a"), ("and photo", "b")):
        columns = (findings[f"{column}_{side}"] for column in ("path", "label", "split"))
        rows = zip(*columns, strict=True)
        table[name] = [f"{os.path.relpath(path, folder)} ({label}, {split})" for path, label, split in rows]
    return table


def _apart(findings: pd.DataFrame) -> pd.Series:
    """Return for each pair whether one is a test photo and the other is not."""
    return (findings["split_a"] == SPLITS[-1]) != (findings["split_b"] == SPLITS[-1])


def _seriousness(column: pd.Series) -> pd.Series:
    """Return numbers that are small where the column's value comes first."""
    known = {"finding": FINDINGS, "kind": KINDS}.get(column.name)
    return column.map(known.index) if known else -column.astype(float)
