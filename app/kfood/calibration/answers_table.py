"""What a calibrated run answers to each of its test photos, as a table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kfood.calibration.answers import answer_photos
from kfood.calibration.judged import Judged
from kfood.calibration.stored import Calibration

JOIN = "|"  # of the dishes of a set


def answers_table(found: Calibration, test: Judged) -> pd.DataFrame:
    """Return a row for each test photo.

    Columns: `path`, `label`; `predicted` and its calibrated `probability`; `answer` (dish, group or ''), `level`;
    `set` (dishes joined by "|", the likeliest first); `known_p`, where the run knows what is none of its dishes.

    Args:
        found: the run's calibration.
        test: with probabilities as the network gives them.
    """
    none = found.none_of_these
    share = none.share_of_test() if none else None
    said = answer_photos(found, test.probabilities, share)
    classes = np.array(found.classes, dtype=object)
    table = pd.DataFrame(
        {
            "path": test.paths,
            "label": classes[test.labels],
            "predicted": classes[said.probabilities.argmax(axis=1)],
            "probability": said.probabilities.max(axis=1).round(7),
            "answer": said.names,
            "level": said.level,
            "set": [JOIN.join(each) for each in sets_in_words(found.classes, said.probabilities, said.sets)],
        }
    )
    return table if share is None else table.assign(known_p=share.round(7))


def sets_in_words(classes: list[str], probabilities: np.ndarray, sets: np.ndarray) -> list[list[str]]:
    """Return the dishes of each set, the likeliest first."""
    order = np.argsort(-probabilities, axis=1, kind="stable")
    return [[classes[each] for each in numbers if members[each]] for numbers, members in zip(order, sets, strict=True)]
