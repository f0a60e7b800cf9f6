"""How far each photo's label can be believed, by confident learning.

C. Northcutt, L. Jiang and I. Chuang, "Confident learning: estimating uncertainty in dataset labels", JAIR 70 (2021), by
the library cleanlab.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from kfood.data.fixes_file import COLUMNS, RELABEL
from kfood.label_issues.neighbours import nearest_of_another_group


def rank_labels(samples: pd.DataFrame, probabilities: np.ndarray, classes: list[str]) -> pd.DataFrame:
    """Return a row a photo, the label of lowest quality first.

    Args:
        samples: with `path`, `digest`, `split` and `label`.
        probabilities: n x classes, of photos that the model has not seen.
        classes: in the order of the columns.

    Returns:
        `path`, `digest`, `split`, `label`; `proposed`, the most probable class; `probability` of it and
        `probability_of_label`; `label_quality`, 0 to 1 (cleanlab's normalized margin: the lower, the more probable
        another class is); `is_label_issue`, whether confident learning takes the label for wrong.
    """
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    numbers = pd.Index(classes).get_indexer(samples["label"])
    rows = np.arange(len(samples))
    table = samples[["path", "digest", "split", "label"]].assign(
        proposed=np.array(classes)[probabilities.argmax(axis=1)],
        probability=probabilities.max(axis=1),
        probability_of_label=probabilities[rows, numbers],
        label_quality=get_label_quality_scores(numbers, probabilities, method="normalized_margin"),
        is_label_issue=find_label_issues(numbers, probabilities, filter_by="both", n_jobs=1),
    )
    return table.sort_values("label_quality", kind="stable", ignore_index=True)


def most_alike(features: np.ndarray, labels: np.ndarray, groups: np.ndarray, proposed: np.ndarray) -> np.ndarray:
    """Return for each photo the number of the one most like it (cosine) among other plates labelled as proposed.

    Args:
        features: n x length.
        labels, proposed: n class numbers. Where they are the same, nothing is looked for, and the number is -1.
        groups: n; photos of one plate have the same.
    """
    found = np.full(len(features), -1)
    for number in np.unique(proposed):
        asked = np.flatnonzero((proposed == number) & (labels != number))
        found[asked] = nearest_of_another_group(features, groups, asked, np.flatnonzero(labels == number))
    return found


def proposed_relabels(table: pd.DataFrame) -> pd.DataFrame:
    """Return a line of fixes for each label issue; nothing follows it until a person says so (`data.fixes`)."""
    issues = table[table["is_label_issue"]]
    reasons = [
        f"label quality {row.label_quality:.2f}: {row.proposed} {row.probability:.2f}" for row in issues.itertuples()
    ]
    lines = issues.assign(action=RELABEL, value=issues["proposed"], reason=reasons)
    return lines[list(COLUMNS)].drop_duplicates("digest", ignore_index=True)
