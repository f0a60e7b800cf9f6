""" "A or B, I cannot tell" as an answer: when to give it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from kfood.errors import KfoodError
from kfood.evaluation.predictions import CLASS_PREFIX, PREDICTED, PROBABILITY, is_right
from kfood.pairs.photos import judged_photos, known_pair, of_either
from kfood.pairs.selective import least_score
from kfood.run.folder import Run


@dataclass(frozen=True)
class Abstention:
    """When a run is to say "A or B", chosen on validation.

    Args:
        pair: the two classes.
        wanted: accuracy, 0 to 1.
        least: the share of the two's probability that the more probable must have to be answered alone, 0.5 to 1; None
            where no such share gives the wanted accuracy on validation.
        least_of_all: the same for all photos: the least probability of an answer; below it there is none.
        valid, test: the photos, as `judged_photos` returns them.
    """

    pair: tuple[str, str]
    wanted: float
    least: float | None
    least_of_all: float | None
    valid: pd.DataFrame
    test: pd.DataFrame

    @property
    def both(self) -> str:
        """The answer that leaves it open."""
        return f'"{self.pair[0]} or {self.pair[1]}"'

    def taken(self, photos: pd.DataFrame) -> pd.Series:
        """Return for each photo whether it is taken for one of the two classes."""
        return photos[PREDICTED].isin(self.pair)

    def told(self, photos: pd.DataFrame) -> pd.Series:
        """Return for each photo whether it is of one of the two classes and taken for one of them."""
        return self.taken(photos) & of_either(photos, self.pair)

    def unsure(self, photos: pd.DataFrame) -> pd.Series:
        """Return for each photo whether the answer is "A or B"."""
        if self.least is None:
            return pd.Series(False, photos.index)
        return self.taken(photos) & (share_of_two(photos, self.pair) < self.least)


def choose_abstention(run: Run, pair: tuple[str, str], accuracy: float) -> Abstention:
    """Choose on validation when a run should say "A or B".

    Where the answer is one of the two, what counts is its share of the probability of both: 0.5 cannot tell them apart,
    1 is sure of one against the other. The wanted accuracy is that of telling the two apart: of photos of either
    dish that are taken for either. Whether a photo is of a third dish is another question, which this share does not
    ask; what comes of such photos is told beside it.

    Args:
        run: finished. Its weights, too, were chosen on the validation photos, so test is a little worse.
        pair: the two classes.
        accuracy: wanted of the answers that name one of the two alone, between 0 and 1.

    Raises:
        KfoodError: no such class, no photos in a split, or none of either dish that is taken for either.
    """
    if not 0 < accuracy < 1:
        raise KfoodError(f"The accuracy that is wanted is {accuracy:g}: it must lie between 0 and 1, such as 0.95.")
    valid, test = (judged_photos(run, split) for split in ("valid", "test"))
    found = Abstention(known_pair(test, pair), accuracy, None, None, valid, test)
    for photos, words in ((valid, "validation"), (test, "test")):
        if not found.told(photos).any():
            raise KfoodError(
                f"{run.folder} has no {words} photo of {found.pair[0]} or {found.pair[1]} that it takes for one of "
                "them, so nothing can be chosen or checked."
            )
    told = valid[found.told(valid)]
    least = least_score(share_of_two(told, found.pair), is_right(told), accuracy)
    least_of_all = least_score(valid[PROBABILITY], is_right(valid), accuracy)
    return Abstention(found.pair, accuracy, least, least_of_all, valid, test)


def share_of_two(photos: pd.DataFrame, pair: tuple[str, str]) -> pd.Series:
    """Return for each photo the more probable class's share of the probability of both, 0.5 to 1."""
    two = photos[[f"{CLASS_PREFIX}{name}" for name in pair]]
    return (two.max(axis=1) / two.sum(axis=1)).fillna(0.5)  # both may be 0, as far as they are written


def figure_file(run: Run, pair: tuple[str, str]) -> Path:
    """Return where the picture of it goes."""
    return run.figures / f"abstain-{'-'.join(pair)}.png".replace("/", "_")
