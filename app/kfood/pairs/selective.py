"""Selective classification: answering only where the score is high enough, and what it comes to.

R. El-Yaniv and Y. Wiener, "On the foundations of noise-free selective classification", JMLR 11 (2010): coverage is the
share of photos that are answered, risk the share of wrong answers among them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

_DRAWS = 1000  # of groups, for intervals


def risk_by_coverage(score: pd.Series, right: pd.Series) -> pd.DataFrame:
    """Return what is answered, and how many answers are wrong, from every score on.

    Args:
        score: of each photo: the higher, the surer.
        right: whether its answer is right.

    Returns:
        A row for each score that occurs, the highest first: `least` (the score), `n` (photos with it or a higher
        one), `wrong` (among them), `coverage` and `risk` (0 to 1).
    """
    steps = pd.DataFrame({"n": 1, "wrong": ~right.astype(bool)}).groupby(score.to_numpy()).sum()
    sums = steps[::-1].cumsum().rename_axis("least").reset_index()
    return sums.assign(coverage=sums["n"] / len(right), risk=sums["wrong"] / sums["n"])


def aurc(score: pd.Series, right: pd.Series) -> float:
    """Return the area under the curve of risk by coverage: the mean risk over answering 1, 2, … all photos.

    Photos of equal score come in random order, and what is returned is the mean over all orders. Y. Geifman, G. Uziel
    and R. El-Yaniv, "Bias-reduced uncertainty estimation for deep neural classifiers", ICLR (2019).
    """
    curve = risk_by_coverage(score, right)
    answered = np.arange(1, len(right) + 1)
    wrong = np.interp(answered, [0, *curve["n"]], [0, *curve["wrong"]])
    return float((wrong / answered).mean())


def aurc_interval(score: pd.Series, right: pd.Series, groups: pd.Series, seed: int = 0) -> tuple[float, float]:
    """Return a 95 % interval of `aurc`, by a bootstrap over groups: shots of one plate are drawn together."""
    rng = np.random.default_rng(seed)
    members = [np.asarray(rows) for rows in score.reset_index(drop=True).groupby(groups.to_numpy()).groups.values()]
    drawn = []
    for chosen in rng.integers(0, len(members), (_DRAWS, len(members))):
        rows = np.concatenate([members[number] for number in chosen])
        drawn.append(aurc(score.iloc[rows], right.iloc[rows]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def least_score(score: pd.Series, right: pd.Series, accuracy: float) -> float | None:
    """Return from which score on to answer, to answer as many photos as can be with that accuracy; None for none.

    It lies in the middle between two scores, so that what is rounded elsewhere falls on the same side; it is the lowest
    score itself where all are answered.

    Args:
        accuracy: wanted of the answers, above 0 to 1.
    """
    curve = risk_by_coverage(score, right)
    enough = curve.index[1 - curve["risk"] >= accuracy - 1e-12]
    if not len(enough):
        return None
    last = enough[-1]
    return float(curve["least"].iloc[last : last + 2].mean()) if last + 1 < len(curve) else float(curve["least"].min())
