""" "A or B, I cannot tell" as an answer: when to give it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from kfood.errors import KfoodError
from kfood.evaluation.predictions import CLASS_PREFIX, PREDICTED, PROBABILITY, groups_of, is_right
from kfood.pairs.photos import judged_photos, known_pair, of_either
from kfood.run.cannot_tell import CannotTell, set_rule
from kfood.run.folder import Run
from kfood.statistics.guaranteed_accuracy import Threshold, guaranteed_threshold
from kfood.text import as_file_name


@dataclass(frozen=True)
class Abstention:
    """When a run is to say "A or B", chosen on validation.

    Args:
        pair: the two classes.
        wanted: accuracy, 0 to 1.
        confidence: of the guarantee, 0 to 1: in at most 1 - confidence of choices the true accuracy is lower.
        of_two: the share of the two's probability that the more probable must have to be answered alone, 0.5 to 1.
        of_all: the same for all photos: the least probability of an answer; below it there is none.
        valid, test: the photos, as `judged_photos` returns them.
    """

    pair: tuple[str, str]
    wanted: float
    confidence: float
    of_two: Threshold
    of_all: Threshold
    valid: pd.DataFrame
    test: pd.DataFrame

    @property
    def least(self) -> float | None:
        """The threshold of `of_two`; None where none can be guaranteed."""
        return self.of_two.least

    @property
    def least_of_all(self) -> float | None:
        """The threshold of `of_all`; None where none can be guaranteed."""
        return self.of_all.least

    @property
    def both(self) -> str:
        """The answer that leaves it open."""
        return f'"{self.pair[0]} or {self.pair[1]}"'

    def taken(self, photos: pd.DataFrame) -> pd.Series:
        """Return for each photo whether it is taken for one of the two classes."""
        return photos[PREDICTED].isin(self.pair)

    def told(self, photos: pd.DataFrame) -> pd.Series:
        """Return for each photo whether it is of one of the two classes and taken for one of them."""
        return _told(photos, self.pair)

    def unsure(self, photos: pd.DataFrame) -> pd.Series:
        """Return for each photo whether the answer is "A or B"."""
        if self.least is None:
            return pd.Series(False, photos.index)
        return self.taken(photos) & (share_of_two(photos, self.pair) < self.least)


def choose_abstention(run: Run, pair: tuple[str, str], accuracy: float, confidence: float = 0.95) -> Abstention:
    """Choose on validation when a run should say "A or B"; test has no part in it.

    Where the answer is one of the two, what counts is its share of the probability of both: 0.5 cannot tell them apart,
    1 is sure of one against the other. The wanted accuracy is that of telling the two apart: of photos of either
    dish that are taken for either. Whether a photo is of a third dish is another question, which this share does not
    ask; what comes of such photos is told beside it. Each threshold has a guarantee of its own, see
    `guaranteed_threshold`; it takes validation photos for new ones, though the weights were chosen on them too.

    Args:
        run: finished.
        pair: the two classes.
        accuracy: wanted of the answers that name one of the two alone, between 0 and 1.
        confidence: of the guarantee, between 0 and 1.

    Raises:
        KfoodError: no such class, no photos in a split, none of either dish that is taken for either, or accuracy or
            confidence are out of their range.
    """
    valid, test = (judged_photos(run, split) for split in ("valid", "test"))
    pair = known_pair(test, pair)
    told = {words: photos[_told(photos, pair)] for words, photos in (("validation", valid), ("test", test))}
    for words, photos in told.items():
        if photos.empty:
            raise KfoodError(
                f"{run.folder} has no {words} photo of {pair[0]} or {pair[1]} that it takes for one of them, so "
                "nothing can be chosen or checked."
            )
    of_two, of_all = (
        guaranteed_threshold(score, is_right(photos), groups_of(photos), accuracy, confidence)
        for photos, score in (
            (told["validation"], share_of_two(told["validation"], pair)),
            (valid, valid[PROBABILITY]),
        )
    )
    return Abstention(pair, accuracy, confidence, of_two, of_all, valid, test)


def keep_abstention(run: Run, found: Abstention) -> None:
    """Keep what was chosen in the run's folder, where what serves the run finds it; no rule where none is promised."""
    rule = None if found.least is None else CannotTell(found.pair, found.least, found.wanted, found.confidence)
    set_rule(run, found.pair, rule)


def share_of_two(photos: pd.DataFrame, pair: tuple[str, str]) -> pd.Series:
    """Return for each photo the more probable class's share of the probability of both, 0.5 to 1."""
    two = photos[[f"{CLASS_PREFIX}{name}" for name in pair]]
    return (two.max(axis=1) / two.sum(axis=1)).fillna(0.5)  # both may be 0, as far as they are written


def _told(photos: pd.DataFrame, pair: tuple[str, str]) -> pd.Series:
    return photos[PREDICTED].isin(pair) & of_either(photos, pair)


def figure_file(run: Run, pair: tuple[str, str]) -> Path:
    """Return where the picture of it goes."""
    return run.figures / as_file_name(f"abstain-{'-'.join(pair)}", ".png")
