"""Do wrong photos share the colours of the class that they were taken for? The report saw it so; here it is tested."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from PIL import Image

from kfood.evaluation.predictions import LABEL, PATH, PREDICTED, class_names, groups_of, is_right
from kfood.statistics.estimates import share_interval
from kfood.statistics.tests import difference_of_shares

_STEPS = np.array([64, 16, 16])  # of brightness, blue and red chroma: 4 x 16 x 16 colours


def colour_histogram(photo: Image.Image) -> np.ndarray:
    """Return the square roots of a photo's shares of 4 x 16 x 16 colours: 1,024 numbers whose squares sum to 1.

    In YCbCr, which keeps colour (finer steps) apart from brightness (coarser). The roots are what Hellinger's distance
    is computed from.
    """
    brightness, blue, red = (np.asarray(photo.convert("YCbCr")) // _STEPS).reshape(-1, 3).T.astype(int)
    number = (brightness * 16 + blue) * 16 + red
    return np.sqrt(np.bincount(number, minlength=4 * 16 * 16) / len(number))


class ColourClaim(NamedTuple):
    """How often photos have the colours of another class rather than of their own.

    `wrong` and `right` count photos, `wrong_nearer` and `right_nearer` those among them whose colours are nearer to
    the other class: the predicted one for wrong photos, the second most probable one for right photos. The intervals
    (95 %, 0..1) are of the two shares; `p`: of their difference, see `difference_of_shares`.
    """

    wrong: int
    wrong_nearer: int
    wrong_interval: tuple[float, float]
    right: int
    right_nearer: int
    right_interval: tuple[float, float]
    p: float
    unknown: int = 0  # photos whose class, or the other one, has no other photo to know its colours by

    def __str__(self) -> str:
        if self.unknown and not (self.wrong and self.right):
            return (
                f"Of {self.unknown} photos the class, or the one they were taken for, has no other photo, so that its "
                "colours are not known: they cannot be compared."
            )
        if not self.wrong or not self.right:
            return "There are not both wrong and right photos, so their colours cannot be compared."
        shares = [
            f"{near / n:.0%} ({low:.0%} to {high:.0%}, n = {n})"
            for near, n, (low, high) in (
                (self.wrong_nearer, self.wrong, self.wrong_interval),
                (self.right_nearer, self.right, self.right_interval),
            )
        ]
        verdict = "the wrong photos share its colours" if self.p < 0.05 else "this cannot be told from chance"
        if self.p < 0.05 and self.wrong_nearer / self.wrong < self.right_nearer / self.right:
            verdict = "the wrong photos do not share its colours"
        return (
            f"{shares[0]} of the wrong photos have colours nearer to the class they were taken for than to their own; "
            f"of the right photos {shares[1]} are nearer to the second most probable class: {verdict} "
            f"(p = {self.p:.2g})."
        )


def colour_distances(predictions: pd.DataFrame, histograms: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return how far each photo's colours are from its own class's and from the other class's.

    A class's colours are the mean histogram of its photos in the table, the photo itself left out.

    Args:
        predictions: of one split.
        histograms: by path; photos without one are left out.

    Returns:
        Columns path, label, other (the predicted class of a wrong photo, the second most probable one of a right
        photo), right, group, to_own and to_other (Hellinger distances, 0..1; NaN where a class has no other photo).
    """
    table = predictions[predictions[PATH].isin(histograms)].reset_index(drop=True)
    classes = class_names(predictions)
    probabilities = table[[f"p_{name}" for name in classes]].to_numpy()
    second = np.array(classes)[np.argsort(-probabilities, axis=1, kind="stable")[:, 1]]
    right = is_right(table)
    other = np.where(right, second, table[PREDICTED])
    squares = np.stack([histograms[path] ** 2 for path in table[PATH]]) if len(table) else np.empty((0, 1))
    labels = table[LABEL].to_numpy()
    total = {name: squares[labels == name].sum(0) for name in classes}
    count = {name: int((labels == name).sum()) for name in classes}

    def distance(row: int, name: str) -> float:
        own = labels[row] == name
        n = count[name] - own
        if not n:
            return np.nan
        mean = (total[name] - squares[row] * own) / n
        # 1 less the shared part (Bhattacharyya), and the root of it; rounding may bring it just below 0.
        return float(np.sqrt(max(0.0, 1 - np.sqrt(squares[row] * mean.clip(0)).sum())))

    return pd.DataFrame(
        {
            "path": table[PATH],
            "label": labels,
            "other": other,
            "right": right,
            "group": groups_of(table),
            "to_own": [distance(row, name) for row, name in enumerate(labels)],
            "to_other": [distance(row, name) for row, name in enumerate(other)],
        }
    )


def colour_claim(distances: pd.DataFrame) -> ColourClaim:
    """Test the claim that wrong photos share the colours of the class they were taken for."""
    known = distances.dropna(subset=["to_own", "to_other"])
    nearer = known["to_other"] < known["to_own"]
    is_wrong, groups = ~known["right"].astype(bool), known["group"]
    p = difference_of_shares(nearer.to_numpy(), is_wrong.to_numpy(), groups.to_numpy())
    wrong, right = (
        (int(its.sum()), int(nearer[its].sum()), share_interval(nearer[its], groups[its]))
        for its in (is_wrong, ~is_wrong)
    )
    return ColourClaim(*wrong, *right, p, len(distances) - len(known))
