"""A run that answers as it was calibrated: see `kfood.calibration`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np

from kfood.calibration.answers import Answers, answer_photos
from kfood.calibration.answers_table import JOIN, sets_in_words
from kfood.calibration.stored import Calibration
from kfood.prediction.predictor import Cell
from kfood.statistics.temperature import tempered

if TYPE_CHECKING:
    from kfood.prediction.run_predictor import RunPredictor
    from kfood.prediction.untempered import Untempered

_DIGITS = 6
ANSWER, LEVEL, SET, GROUP, GROUP_PROBABILITY, KNOWN = "answer", "level", "set", "group", "group_probability", "known_p"


class CalibratedPredictor:
    """An `AnsweringPredictor`: probabilities at the run's temperature, sets, groups and "none of these".

    `columns`: "answer" (a dish or a group, or none), "level" ("dish", "group", "unsure", "none of these"), "set"
    (dishes, the likeliest first, joined by "|"); "group" and "group_probability" (the likeliest, where dishes have
    groups); and
    "known_p" (the share of photos of known dishes that are as strange or stranger, where the run knows).

    Args:
        base: predicts as the run does; where the calibration knows what is none of its dishes, the run itself.
        calibration: of the run.
        coverage: of sets, and `refuse`: the share of photos of known dishes that may be refused; both between 0 and 1,
            the run's own where not given.

    Raises:
        KfoodError: coverage or refuse are out of their range, or need more validation photos than the run had.
    """

    def __init__(
        self,
        base: RunPredictor | Untempered,
        calibration: Calibration,
        coverage: float | None = None,
        refuse: float | None = None,
    ) -> None:
        self.name, self.classes, self.base = base.name, base.classes, base
        self.calibration, self.coverage, self.refuse = calibration, coverage, refuse
        self.device = getattr(base, "device", None)
        self.columns = [ANSWER, LEVEL, SET]
        self.columns += [GROUP, GROUP_PROBABILITY] if calibration.levels.groups else []
        self.columns += [KNOWN] if calibration.none_of_these else []
        share = np.ones(1) if calibration.none_of_these else None
        answer_photos(calibration, np.eye(len(self.classes))[:1], share, coverage, refuse)  # or raise before any photo

    def prepare(self, photo: str | Path | BinaryIO) -> np.ndarray:
        """As `Predictor.prepare`."""
        return self.base.prepare(photo)

    def probabilities(self, photos: np.ndarray) -> np.ndarray:
        """As `Predictor.probabilities`, calibrated."""
        return tempered(self.base.probabilities(photos), self.calibration.temperature.value).astype(np.float32)

    def answers(self, photos: np.ndarray) -> tuple[np.ndarray, list[list[Cell]]]:
        """As `AnsweringPredictor.answers`."""
        found = self.answered(photos)
        return found.probabilities, [self._cells(found, number) for number in range(len(found.names))]

    def answered(self, photos: np.ndarray) -> Answers:
        """Return what is said of n prepared photos, as arrays."""
        share = None
        if none := self.calibration.none_of_these:
            probabilities, features = cast("RunPredictor", self.base).outputs(photos)
            share = none.share(features)
        else:
            probabilities = self.base.probabilities(photos)
        return answer_photos(self.calibration, probabilities, share, self.coverage, self.refuse)

    def _cells(self, found: Answers, number: int) -> list[Cell]:
        row = found.probabilities[number]
        (dishes,) = sets_in_words(self.classes, row[None], found.sets[number][None])
        cells: list[Cell] = [found.names[number] or None, found.level[number], JOIN.join(dishes)]
        if self.calibration.levels.groups:
            sums = self.calibration.levels.of_groups(row[None])[0]
            best = int(sums.argmax())
            cells += [self.calibration.levels.names[best], round(float(sums[best]), _DIGITS)]
        if found.share is not None:
            cells.append(round(float(found.share[number]), _DIGITS))
        return cells
