"""What was found of new photos, in words."""

from __future__ import annotations

from kfood.drift.search import Drift
from kfood.reporting.table_view import number_text, percent
from kfood.statistics.two_sample import LEVEL
from kfood.text import listed

_NAMED = 5


def sentences(found: Drift) -> list[str]:
    """Return whether the photos differ, in what, and what the test would have found."""
    difference = found.difference
    differ = difference.p <= LEVEL
    verdict = "They differ" if differ else "No difference is found"
    said = [
        f"{verdict}: {found.new} new photos of different plates (of {found.photos}) beside {found.before} validation "
        f"and test photos of {found.run.name}, p = {number_text(difference.p)} (features, maximum mean discrepancy)."
    ]
    if differ:
        rest = difference.p_of_same_dishes
        more = "differ too" if rest <= LEVEL else "do not differ"
        said.append(f"Photos that are taken for the same dish {more} (p = {number_text(rest)}).")
    said.append(
        "With so many new photos, the test finds, in the share of cases given: "
        + ", ".join(f"{row.difference} {percent(row.power, 0)}" for row in found.powers.itertuples())
        + "."
    )
    return [*said, *_classes(found), *_facts(found)]


def _classes(found: Drift) -> list[str]:
    table = found.difference.classes
    table = table[table["p"] <= LEVEL]
    if table.empty:
        return ["No dish is predicted more or less often than before, beyond chance."]
    words = [f"{row['class']} {percent(row['before'])} → {percent(row['new'])}" for row in table.to_dict("records")]
    return [f"Predicted more or less often than before: {listed(words, _NAMED)}."]


def _facts(found: Drift) -> list[str]:
    table = found.difference.facts
    table = table[table["p"] <= LEVEL]
    if table.empty:
        return ["In size, brightness, sharpness and colours no difference is found."]
    words = [
        f"{row['fact']} {number_text(row['before'])} → {number_text(row['new'])}" for row in table.to_dict("records")
    ]
    return [f"Medians that differ: {listed(words, len(words))}."]
