"""Which dishes a model takes for each other, and what each pair costs."""

from __future__ import annotations

import pandas as pd

from kfood.errors import KfoodError
from kfood.evaluation.metrics import confused_pairs
from kfood.evaluation.predictions import LABEL, PREDICTED, groups_of, is_right, of_pair
from kfood.statistics.estimates import share_interval
from kfood.text import did_you_mean

_COLUMNS = (
    *("a", "b", "chosen_errors", "errors"),
    *("a_as_b", "a_n", "a_rate", "a_low", "a_high"),
    *("b_as_a", "b_n", "b_rate", "b_low", "b_high"),
    *("cost", "cost_low", "cost_high", "accuracy_without", "without_low", "without_high"),
)


_CHOICE = {
    "valid": "The pairs were chosen, and are ranked, by validation photos; test photos judge what they cost.",
    "test": "The pairs were chosen by these same test photos: what they cost is overstated, and test photos can no "
    "longer judge what is done about them. Without --split test, validation chooses.",
}


def look_alikes(chosen_by: pd.DataFrame, photos: pd.DataFrame, most: int = 10) -> pd.DataFrame:
    """Return the pairs of classes that were taken for each other on one split, counted on another.

    The pair with the most errors among many owes some of them to chance. So what a pair costs is counted on photos that
    did not choose it; counted on those that did, it is overstated. Every interval is of 95 % and takes shots of one
    plate for what they are: see `share_interval`.

    Args:
        chosen_by: as `judged_photos` returns them, of validation: those with most errors there come first.
        photos: the same of test: what is counted.
        most: pairs.

    Returns:
        A row a pair: `a` and `b`; `chosen_errors` (among the photos that it was chosen by) and `errors` (photos of one
        taken for the other, in both directions; this and all that follows of `photos`); `a_as_b` (of
        `a_n` photos of a), as a share `a_rate` with `a_low` and `a_high`, and the same for b as a; `cost` (errors
        over all photos: what the pair takes from accuracy) with `cost_low` and `cost_high`; `accuracy_without` (as if
        every photo of one taken for the other had been right) with `without_low` and `without_high`.
    """
    rows = [_row(photos, pair.a, pair.b, pair.errors) for pair in confused_pairs(chosen_by).head(most).itertuples()]
    return pd.DataFrame(rows, columns=_COLUMNS)


def require_choosing_split(split: str) -> None:
    """Check the name of the split that chooses.

    Raises:
        KfoodError: it is neither "valid" nor "test".
    """
    if split not in _CHOICE:
        raise KfoodError(f'Pairs are chosen by valid or by test, not by "{split}".{did_you_mean(split, list(_CHOICE))}')


def readable_pairs(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the table of `look_alikes` with a cell for each figure and its interval, to be read by people."""
    return pd.DataFrame(
        {
            "pair": pairs["a"].str.cat(pairs["b"], " / "),
            "errors it was chosen by": pairs["chosen_errors"],
            "errors": pairs["errors"],
            "first as second": [_of(row.a_as_b, row.a_n, row.a_low, row.a_high) for row in pairs.itertuples()],
            "second as first": [_of(row.b_as_a, row.b_n, row.b_low, row.b_high) for row in pairs.itertuples()],
            "costs accuracy": [_share(row.cost, row.cost_low, row.cost_high) for row in pairs.itertuples()],
            "accuracy without": [
                _share(row.accuracy_without, row.without_low, row.without_high) for row in pairs.itertuples()
            ],
        }
    )


def pairs_verdict(photos: pd.DataFrame, pairs: pd.DataFrame, chosen_by: str) -> list[str]:
    """Return what the table of `look_alikes` comes to, in sentences.

    Args:
        photos: test photos, as for `look_alikes`.
        pairs: as it returned them.
        chosen_by: "valid" or "test", whose photos the pairs were chosen by.
    """
    n, wrong = len(photos), int((~is_right(photos)).sum())
    plates = groups_of(photos).nunique()
    together = f", of {plates} plates: shots of one are not counted as independent" if plates < n else ""
    said = [f"Counted on {n} test photos{together}. 95 % intervals.", _CHOICE[chosen_by]]
    if pairs.empty:
        return [*said, "No dish was taken for another there."]
    first = pairs.iloc[0]
    return [
        *said,
        f"If {first['a']} and {first['b']} were never confused, the accuracy would be {first['accuracy_without']:.4f} "
        f"instead of {1 - wrong / n:.4f}: {first['errors']} of {wrong} errors.",
    ]


def _row(photos: pd.DataFrame, a: str, b: str, chosen_errors: int) -> dict[str, object]:
    confused = pd.Series(photos.index.isin(of_pair(photos, a, b).index), photos.index)
    without = is_right(photos) | confused
    row = {"a": a, "b": b, "chosen_errors": chosen_errors, "errors": int(confused.sum())}
    row |= {"cost": confused.mean(), "accuracy_without": without.mean()}
    row["cost_low"], row["cost_high"] = share_interval(confused, groups_of(photos))
    row["without_low"], row["without_high"] = share_interval(without, groups_of(photos))
    return row | _direction(photos, a, b, "a", "b") | _direction(photos, b, a, "b", "a")


def _direction(photos: pd.DataFrame, label: str, other: str, name: str, as_name: str) -> dict[str, object]:
    own = photos[photos[LABEL] == label]
    taken = own[PREDICTED] == other
    low, high = share_interval(taken, groups_of(own))
    return {
        f"{name}_as_{as_name}": int(taken.sum()),
        f"{name}_n": len(own),
        f"{name}_rate": taken.mean(),
        f"{name}_low": low,
        f"{name}_high": high,
    }


def _of(count: int, n: int, low: float, high: float) -> str:
    return f"{count} of {n} ({low:.3f} to {high:.3f})" if n else "no photo"


def _share(share: float, low: float, high: float) -> str:
    return f"{share:.4f} ({low:.4f} to {high:.4f})"
