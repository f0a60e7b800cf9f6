"""Which classes have the highest and the lowest recall, as far as these photos can tell."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from kfood.evaluation.metrics import per_class
from kfood.evaluation.predictions import LABEL, groups_of, is_right
from kfood.statistics.class_shares import class_shares

_SIGNIFICANT = 0.05


@dataclass(frozen=True)
class ClassRanks:
    """Classes by recall. See `class_ranks`.

    Args:
        table: that of `per_class`, with `recall_shrunk` (0 to 1, NaN without photos) beside `recall`.
        best: classes of highest recall, the best first.
        worst: classes of lowest recall, the worst first.
        p: of recalls so far apart by chance, where all classes have the same; 0 to 1.
    """

    table: pd.DataFrame
    best: list[str]
    worst: list[str]
    p: float

    @property
    def differ(self) -> bool:
        """Whether the photos show that classes have different recalls: p < 0.05."""
        return self.p < _SIGNIFICANT

    def rank(self, name: str) -> str:
        """Return what one of these classes is: "best" or "worst", where classes differ."""
        words = ("best", "worst") if self.differ else ("highest, by chance", "lowest, by chance")
        return words[name not in self.best]

    def sentences(self) -> list[str]:
        """Return which classes are best and worst, or that it cannot be told; none with fewer than two classes."""
        if not self.best:
            return []
        if not self.differ:
            top, bottom = (f"{self.table.loc[name, 'recall']:.2%} of {name}" for name in (self.best[0], self.worst[0]))
            return [
                f"The classes cannot be told apart by recall (permutation test, p = {self.p:.3g}): chance makes "
                f"differences as large as that from {bottom} to {top}."
            ]
        lines = [f"Classes differ in recall (permutation test, p = {self.p:.2g})."]
        for rank, names in (("Best", self.best), ("Worst", self.worst)):
            recalls = ", ".join(
                f"{name} {row['recall_shrunk']:.2%} ({row['recall']:.2%} measured)"
                for name, row in self.table.loc[names].iterrows()
            )
            lines.append(f"{rank} classes by recall, less what chance adds to extremes: {recalls}.")
        return lines


def class_ranks(predictions: pd.DataFrame, n: int = 3) -> ClassRanks:
    """Return the `n` classes of highest and the `n` of lowest recall, shrunk towards the mean: see `class_shares`.

    Ties go by measured recall, then by name; classes without photos are left out. With fewer than 2n classes both
    lists are shorter, equally long and without a class in common.
    """
    table = per_class(predictions)
    numbers = pd.Index(table.index).get_indexer(predictions[LABEL])
    found = class_shares(
        is_right(predictions).to_numpy(), numbers, groups_of(predictions).to_numpy(), max(len(table), 1)
    )
    table.insert(table.columns.get_loc("recall") + 1, "recall_shrunk", found.shrunk[: len(table)])
    rated = sorted_by_recall(table[table["recall"].notna()])
    n = min(n, len(rated) // 2)
    # From the end, equals would come in the wrong order.
    worst = rated.drop(rated.index[:n]).sort_index().sort_values(["recall_shrunk", "recall"], kind="stable")
    return ClassRanks(table, list(rated.index[:n]), list(worst.index[:n]), found.p)


def sorted_by_recall(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `ClassRanks.table`, those of highest recall first, equals by name, those without one last."""
    return table.sort_index().sort_values(["recall_shrunk", "recall"], ascending=False, kind="stable")
