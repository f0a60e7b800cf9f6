"""Does the network go by colour? What it says of photos without colour, and in opposite colours."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from fastai.learner import Learner
from torch import Tensor
from torchvision.transforms.v2.functional import adjust_hue, rgb_to_grayscale

from kfood.evaluation.predict import predict_logits
from kfood.evaluation.predictions import GROUP, LABEL, PATH, PREDICTED, groups_of
from kfood.statistics.differences import paired_difference
from kfood.statistics.tests import holm

_HALF_TURN = 0.5  # of the hue: red becomes cyan, green magenta


def grey(photos: Tensor) -> Tensor:
    """Take the colour from photos (n x 3 x height x width, -1..1)."""
    return rgb_to_grayscale(photos, num_output_channels=3)


def other_hue(photos: Tensor) -> Tensor:
    """Turn every colour (n x 3 x height x width, -1..1) into its opposite, as bright and as strong as it was."""
    return adjust_hue((photos.float() + 1) / 2, _HALF_TURN) * 2 - 1


CHANGES: dict[str, Callable[[Tensor], Tensor]] = {"grey": grey, "other_hue": other_hue}


def predict_recoloured(learner: Learner, samples: pd.DataFrame, size: int) -> pd.DataFrame:
    """Return the class predicted for each photo as it is (`predicted`), without colour and in opposite colours.

    Args:
        learner: of a finished run.
        samples: with `path`, `area` and `label`.
        size: side of the photos that the model is given, in pixels.
    """
    classes = np.array(learner.dls.vocab)
    known = [name for name in (PATH, LABEL, GROUP) if name in samples]
    table = samples[known].reset_index(drop=True)
    for name, change in ((PREDICTED, None), *CHANGES.items()):
        logits = predict_logits(learner, samples, size, change, "predicting" if change is None else f"in {name}")
        table[name] = classes[logits.argmax(1)]
    return table


def recall_by_change(recoloured: pd.DataFrame) -> pd.DataFrame:
    """Return for each class what its recall is with and without colour, most dependent first.

    Columns: class, n, recall, recall_grey, recall_other_hue (0..1), lost_grey (their difference) and p (McNemar,
    exact, or of t over plates where they have several shots; Holm's correction over the classes): small where more
    photos are lost without colour than chance explains.
    """
    rows = []
    for name, part in recoloured.groupby(LABEL):
        right = {column: (part[column] == name).to_numpy() for column in (PREDICTED, *CHANGES)}
        recalls = [share.mean() for share in right.values()]
        with_colour, without = (right[name][np.newaxis] for name in (PREDICTED, "grey"))
        p = paired_difference(with_colour, without, groups_of(part).to_numpy()).p
        rows.append((name, len(part), *recalls, recalls[0] - recalls[1], p))
    names = ["class", "n", "recall", *(f"recall_{name}" for name in CHANGES), "lost_grey", "p"]
    table = pd.DataFrame(rows, columns=names).sort_values("lost_grey", ascending=False, kind="stable")
    return table.assign(p=holm(table["p"].to_numpy())).reset_index(drop=True)
