"""What the remedies for a pair came to: paired by photo and seed, each against nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kfood.evaluation.predictions import groups_of, is_right, of_split
from kfood.pairs.photos import judged_photos, of_either
from kfood.run.folder import Run
from kfood.statistics.crossed import spread_of_differences
from kfood.statistics.differences import Difference, paired_difference
from kfood.statistics.estimates import estimate
from kfood.statistics.tests import holm

_LEVEL = 0.05


def remedies_table(found: dict[str, list[Run]], pair: tuple[str, str]) -> pd.DataFrame:
    """Compare each remedy with the first one, on the test photos of the two dishes and on all.

    What is judged is whether a photo of either dish gets its label, whatever it is taken for otherwise. Test photos
    choose neither the pair (`look_alikes`) nor a remedy (`conclusion`), so p is adjusted by plain Holm; its family is
    every remedy in the table, so one that was tried must not be left out of it.

    Args:
        found: for each remedy its runs by seed, as `try_remedies` returns them: on the same photos.
        pair: the two classes.

    Returns:
        A row a remedy: `remedy`; `valid` (accuracy on the two dishes' validation photos, mean over seeds; NaN without
        any); of test photos `pair` (accuracy on the two dishes, mean over seeds, with `low` and `high`, 95 %) and `n`;
        `difference` to the first with `difference_low` and `difference_high`; `p`; `verdict`; `all` (accuracy on all
        dishes), `all_difference`, `all_low`, `all_high`; `seconds` a training, on average.
    """
    tables = {name: [judged_photos(run, "test").sort_values("path") for run in runs] for name, runs in found.items()}
    first = next(iter(tables.values()))[0]
    groups = pd.factorize(groups_of(first))[0]
    either = of_either(first, pair).to_numpy()
    right = {name: np.stack([is_right(table).to_numpy() for table in each]) for name, each in tables.items()}
    of_pair = _against_first([each[:, either] for each in right.values()], groups[either])
    of_all = _against_first(list(right.values()), groups)
    adjusted = [np.nan, *holm([difference.p for difference in of_pair[1:]])]
    rows = []
    for name, ours, all_of_it, p in zip(found, of_pair, of_all, adjusted, strict=True):
        own = estimate(right[name][:, either], groups[either])
        rows.append(
            {
                "remedy": name,
                "valid": np.mean([_on_validation(run, pair) for run in found[name]]),
                "pair": own.mean,
                "low": own.low,
                "high": own.high,
                "n": own.photos,
                "difference": ours.mean,
                "difference_low": ours.low,
                "difference_high": ours.high,
                "p": p,
                "verdict": _verdict(ours, p),
                "all": right[name].mean(),
                "all_difference": all_of_it.mean,
                "all_low": all_of_it.low,
                "all_high": all_of_it.high,
                "seconds": np.mean([run.metrics["seconds"] for run in found[name]]),
            }
        )
    return pd.DataFrame(rows)


def readable_remedies(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with a cell for each figure and its interval, to be read by people."""
    others = table["p"].notna()

    def change(name: str, low: str, high: str) -> list[str]:
        cells = [f"{a:+.4f} ({b:+.4f} to {c:+.4f})" for a, b, c in table[[name, low, high]].itertuples(index=False)]
        return [cell if other else "" for cell, other in zip(cells, others, strict=True)]

    cells = table[["pair", "low", "high"]].itertuples(index=False)
    return pd.DataFrame(
        {
            "remedy": table["remedy"],
            "validation": ["" if np.isnan(share) else f"{share:.4f}" for share in table["valid"]],
            "the pair": [f"{mean:.4f} ({low:.4f} to {high:.4f})" for mean, low, high in cells],
            "against nothing": change("difference", "difference_low", "difference_high"),
            "p": ["" if np.isnan(p) else f"{p:.3g}" for p in table["p"]],
            "verdict": table["verdict"],
            "all dishes": [f"{share:.4f}" for share in table["all"]],
            "against nothing, all": change("all_difference", "all_low", "all_high"),
            "seconds": [f"{seconds:.0f}" for seconds in table["seconds"]],
        }
    )


def conclusion(table: pd.DataFrame, pair: tuple[str, str], seeds: int) -> list[str]:
    """Return what the table says, in sentences."""
    a, b = pair
    better = table.loc[table["verdict"] == "better", "remedy"].tolist()
    said = f"helps: {', '.join(better)}" if better else "can be told apart from doing nothing as the better one: none"
    tried = len(table) - 1
    return [
        f"{table['n'].iloc[0]} test photos of {a} and {b}, {seeds} seed{'s' if seeds > 1 else ''}, 95 % intervals over "
        f"seeds and photos; p by photo and seed, adjusted for {tried} remed{'y' if tried == 1 else 'ies'} in "
        "this table (Holm).",
        *_chosen(table),
        f"Of these, what {said}.",
    ]


def _chosen(table: pd.DataFrame) -> list[str]:
    if table["valid"].isna().any():
        return []
    row = table.loc[table["valid"].idxmax()]
    chosen = f"Validation chooses {row['remedy']} ({row['valid']:.4f} of its photos of the two are right)"
    if np.isnan(row["p"]):
        return [f"{chosen}."]
    change = f"{row['difference']:+.4f} ({row['difference_low']:+.4f} to {row['difference_high']:+.4f})"
    return [f"{chosen}; test judges it, against nothing: {change}, p = {row['p']:.3g}, {row['verdict']}."]


def _on_validation(run: Run, pair: tuple[str, str]) -> float:
    valid = of_split(run.predictions, "valid")
    return float(is_right(valid)[of_either(valid, pair)].mean())


def _against_first(right: list[np.ndarray], groups: np.ndarray) -> list[Difference]:
    spread = spread_of_differences(right, groups)
    return [paired_difference(right[0], each, groups, spread=spread) for each in right]


def _verdict(difference: Difference, p: float) -> str:
    if np.isnan(p):
        return "what the others are compared with"
    if p >= _LEVEL:
        return "cannot be told apart"
    return "better" if difference.mean > 0 else "worse"
