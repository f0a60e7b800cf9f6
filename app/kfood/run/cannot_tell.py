"""When a run says "A or B, I cannot tell": rules that `kfood pair abstain` leaves in its folder."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from kfood.run.folder import Run
from kfood.system.files import write_text


@dataclass(frozen=True)
class CannotTell:
    """A rule for two classes.

    Args:
        pair: the two.
        least: the share of the two's probability that the more probable must have to be answered alone, 0.5 to 1.
        accuracy: what the answers that name one of the two were chosen to reach, 0 to 1.
        confidence: of that, 0 to 1.
    """

    pair: tuple[str, str]
    least: float
    accuracy: float
    confidence: float

    def share(self, classes: Sequence[str], probabilities: Sequence[float]) -> float | None:
        """Return the more probable one's share of the two's probability; None where a third class is likelier."""
        if not set(self.pair) <= set(classes):
            return None
        two = [float(probabilities[classes.index(name)]) for name in self.pair]
        if max(two) < max(map(float, probabilities)):
            return None
        return max(two) / sum(two) if sum(two) else 0.5

    def tempered(self, temperature: float) -> CannotTell:
        """Return the rule that says the same of probabilities whose logits are divided by a temperature above 0."""
        if temperature == 1 or not 0.5 < self.least < 1:
            return self
        odds = math.log(self.least / (1 - self.least)) / temperature
        return replace(self, least=1 / (1 + math.exp(-odds)))


def which_cannot_be_told(
    rules: Iterable[CannotTell], classes: Sequence[str], probabilities: Sequence[float]
) -> tuple[str, str] | None:
    """Return the pair that a photo's answer leaves open, the more probable first; None where one dish is the answer.

    Args:
        rules: those of the run.
        classes, probabilities: of one photo, in the same order.
    """
    found = [(rule.share(classes, probabilities), rule) for rule in rules]
    unsure = [(share, rule) for share, rule in found if share is not None and share < rule.least]
    if not unsure:
        return None
    first, second = min(unsure, key=lambda each: each[0])[1].pair
    swapped = probabilities[classes.index(second)] > probabilities[classes.index(first)]
    return (second, first) if swapped else (first, second)


def read_rules(run: Run) -> list[CannotTell]:
    """Return a run's rules; none where nobody asked for any. Raises RunError where the file is damaged."""
    if not run.cannot_tell_file.exists():
        return []
    return run.read(run.cannot_tell_file, lambda file: parse_rules(file.read_text(encoding="utf-8")))


def parse_rules(text: str) -> list[CannotTell]:
    """Return the rules that a text holds, as `rules_as_text` writes it. Raises ValueError where it holds none."""
    try:
        rows = [dict(row) for row in json.loads(text)]
        rules = [CannotTell(**row | {"pair": (str(row["pair"][0]), str(row["pair"][1]))}) for row in rows]
        if all(0 <= float(rule.least) <= 1 for rule in rules):
            return rules
    except (TypeError, LookupError) as error:
        raise ValueError(f"it holds no rules: {error}") from None
    raise ValueError("it holds no rules: a share is from 0 to 1.")


def rules_as_text(rules: Iterable[CannotTell]) -> str:
    """Return rules as `parse_rules` reads them."""
    return json.dumps([asdict(each) for each in rules], ensure_ascii=False)


def set_rule(run: Run, pair: tuple[str, str], rule: CannotTell | None) -> Path:
    """Keep the rule for a pair in the run's folder in place of an older one; None takes that away. Return the file."""
    rules = [each for each in read_rules(run) if set(each.pair) != set(pair)] + ([rule] if rule else [])
    run.checksums.drop(run.cannot_tell_file)
    write_text(run.cannot_tell_file, f"{rules_as_text(rules)}\n")
    run.checksums.add(run.cannot_tell_file)
    return run.cannot_tell_file
