"""What comes of saying "A or B": tables and sentences."""

from __future__ import annotations

import pandas as pd

from kfood.evaluation.predictions import PROBABILITY, groups_of, is_right
from kfood.pairs.abstain import Abstention, share_of_two
from kfood.pairs.photos import of_either
from kfood.pairs.selective import aurc, aurc_interval
from kfood.statistics.estimates import share_interval
from kfood.statistics.guaranteed_accuracy import Threshold


def outcomes(found: Abstention) -> pd.DataFrame:
    """Return what is answered and how much of it is right, on both splits, with 95 % intervals.

    Columns: `split`; `photos` ("of either dish" and taken for either, "taken for either", "all"); `answer` ("one",
    "one or both", "one or none"); `answered` and `coverage` (0 to 1); `right` (of the answers that name one dish);
    `both true` (of the answers "A or B").
    """
    rows = []
    for split, photos in (("valid (chosen by)", found.valid), ("test", found.test)):
        unsure = found.unsure(photos)
        for which, of in (
            ("of either dish", found.told(photos)),
            ("taken for either", found.taken(photos)),
            ("all", pd.Series(True, photos.index)),
        ):
            rows.append({"split": split, "photos": which, "answer": "one", **_outcome(photos[of], unsure & False)})
            if found.least is not None:
                told = _outcome(photos[of], unsure)
                both_true = _both_true(photos[of & unsure], found)
                rows.append({"split": split, "photos": which, "answer": "one or both", **told, "both true": both_true})
        if found.least_of_all is not None:
            quiet = photos[PROBABILITY] < found.least_of_all
            rows.append({"split": split, "photos": "all", "answer": "one or none", **_outcome(photos, quiet)})
    return pd.DataFrame(rows)


def areas(found: Abstention) -> pd.DataFrame:
    """Return the area under the curve of risk by coverage on test, beside the best and the worst order there is.

    Columns: `photos`, `n`, `AURC` with its 95 % `interval`, `at best` (every wrong answer is the least sure one) and
    `by chance` (sureness says nothing: the share of wrong answers).
    """
    test = found.test
    told = test[found.told(test)]
    rows = []
    for which, photos, score in (
        ("of either dish", told, share_of_two(told, found.pair)),
        ("all", test, test[PROBABILITY]),
    ):
        right = is_right(photos)
        low, high = aurc_interval(score, right, groups_of(photos))
        area = {"AURC": aurc(score, right), "interval": f"{low:.4f} to {high:.4f}"}
        best = aurc(right.astype(float), right)
        rows.append({"photos": which, "n": len(photos), **area, "at best": best, "by chance": 1 - right.mean()})
    return pd.DataFrame(rows)


def abstention_verdict(found: Abstention) -> list[str]:
    """Return when "A or B" is the answer and what comes of it on test, in sentences."""
    a, b = found.pair
    if found.least is None:
        what = f"telling {a} and {b} apart with an accuracy of {found.wanted:g}"
        return [_refusal(found.of_two, found, what), *_of_all(found)]
    two = found.of_two
    said = [
        f"{found.both} is the answer where the more probable has less than {found.least:.3f} of the two's probability.",
        f"With {_confidence(found)}, the other answers are right in {found.wanted:g} of cases or "
        f"more. On validation, where that was chosen, {two.answered - two.wrong} of {two.answered} are (one photo a "
        f"plate, of {two.groups}). The weights were chosen on these photos too, so test has the last word.",
    ]
    test, unsure = found.test, found.unsure(found.test)
    told = found.told(test)
    answered = test[told & ~unsure]
    if answered.empty:
        none = f"On test, none of {int(told.sum())} photos of either dish is then told apart."
        return [*said, none, *_of_all(found)]
    low, high = share_interval(is_right(answered), groups_of(answered))
    right = int(is_right(answered).sum())
    word = "kept" if low >= found.wanted else "missed" if high < found.wanted else "neither kept nor missed for certain"
    said.append(
        f"On test, {len(answered)} of {int(told.sum())} photos of either dish are then told apart, {right} of them "
        f"rightly: {right / len(answered):.4f} (95 % interval {low:.4f} to {high:.4f}). The {found.wanted:g} is {word}."
    )
    third = test[found.taken(test) & ~unsure]
    said.append(
        f"With photos of other dishes that are taken for {a} or {b}, {int(is_right(third).sum())} of {len(third)} "
        "answers that name one of them are right."
    )
    if unsure.any():
        true = int(of_either(test[unsure], found.pair).sum())
        said.append(f"It says {found.both} of {int(unsure.sum())} test photos; of {true} of them that is true.")
    return [*said, *_of_all(found)]


def _of_all(found: Abstention) -> list[str]:
    """Return from which probability on all photos may be answered, in a sentence, and what comes of it on test."""
    if found.least_of_all is None:
        return [_refusal(found.of_all, found, f"answers about all dishes with an accuracy of {found.wanted:g}")]
    answered = found.test[found.test[PROBABILITY] >= found.least_of_all]
    if answered.empty:
        return []
    low, high = share_interval(is_right(answered), groups_of(answered))
    return [
        f"Of all dishes, with {_confidence(found)}, answers of a probability of {found.least_of_all:.3f} or more are "
        f"right in {found.wanted:g} of cases or more. On test, {len(answered)} of {len(found.test)} photos have it, "
        f"{is_right(answered).mean():.4f} of them right (95 % interval {low:.4f} to {high:.4f})."
    ]


def _refusal(threshold: Threshold, found: Abstention, what: str) -> str:
    if threshold.groups < threshold.needed:
        return (
            f"Nothing can be promised of {what}: with {_confidence(found)} that takes {threshold.needed} independent "
            f"photos, all of them right, and there are {threshold.groups} on validation. Ask for less."
        )
    return (
        f"No rule for {what} can be promised with {_confidence(found)}, tested on {threshold.groups} independent "
        "validation photos: ask for less."
    )


def _confidence(found: Abstention) -> str:
    return f"{100 * found.confidence:g} % confidence"


def _outcome(photos: pd.DataFrame, unsure: pd.Series) -> dict[str, object]:
    answered = photos[~unsure.loc[photos.index]]
    return {
        "answered": f"{len(answered)} of {len(photos)}",
        "coverage": len(answered) / len(photos),
        "right": _with_interval(is_right(answered), groups_of(answered)),
    }


def _both_true(unsure: pd.DataFrame, found: Abstention) -> str:
    return _with_interval(of_either(unsure, found.pair), groups_of(unsure))


def _with_interval(hits: pd.Series, groups: pd.Series) -> str:
    if hits.empty:
        return ""
    low, high = share_interval(hits, groups)
    return f"{hits.mean():.4f} ({low:.4f} to {high:.4f})"
