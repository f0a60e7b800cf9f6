"""Every remedy for a pair trained with several seeds; what was trained before is found again."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path

from kfood.data.prepare import prepare_samples
from kfood.errors import KfoodError, did_you_mean, listed
from kfood.pairs.remedies import changed, remedies, trained, with_specialist
from kfood.recipes.schema import Recipe, nfc
from kfood.run import Run
from kfood.training.stop import Stop

log = logging.getLogger(__name__)
SPECIALIST = "specialist"


def try_remedies(
    base: Recipe,
    pair: tuple[str, str],
    seeds: int,
    runs: Path,
    fixes: Path | None = None,
    only: tuple[str, ...] = (),
    stop: Stop | None = None,
) -> dict[str, list[Run]]:
    """Train a recipe once more for each remedy and seed, on the same photos in the same splits.

    The runs lie in `<runs>/remedies-<recipe>/`, named after remedy, seed and all settings: the same call once more,
    after a stop too, trains what is missing.

    Args:
        base: of more classes than the pair.
        pair: two of its classes.
        seeds: trainings of each remedy, with `training.seed` 0, 1, …
        runs: the folder of all runs.
        fixes: for the remedy "cleaning"; without them it is left out.
        only: names of remedies; all where none is named. "nothing", with which all are compared, is always there.
        stop: asked after each batch whether to stop.

    Returns:
        For each remedy its runs by seed; "nothing" comes first, the binary specialist last.

    Raises:
        KfoodError: a class or a remedy is unknown, or as `train`.
        Stopped: it was asked to.
    """
    pair = _known_pair(base, pair)
    tries = remedies(pair, base, fixes)
    names = [remedy.name for remedy in tries] + [SPECIALIST]
    for name in only:
        if name not in names:
            raise KfoodError(f'There is no remedy "{name}".{did_you_mean(name, names)} There are {listed(names, 20)}.')
    wanted = [name for name in names if not only or name in ("nothing", *only)]
    found: dict[str, list[Run]] = {name: [] for name in wanted}
    folder = runs / f"remedies-{base.name}"
    for number in range(seeds * len(wanted)):
        seed, place = divmod(number, len(wanted))
        name = wanted[place]
        log.info("Training %d of %d: %s, seed %d.", number + 1, seeds * len(wanted), name, seed)
        own = f"{name}-{seed}"
        if name == SPECIALIST:
            plain = found["nothing"][seed]
            ends = _id(plain.recipe, pair)
            found[name].append(with_specialist(plain, pair, folder / f"{own}-{ends}", stop))
            continue
        change = next(remedy.change for remedy in tries if remedy.name == name)
        training = {**change.get("training", {}), "seed": seed}
        recipe = changed(base, **{**change, "training": training})
        found[name].append(trained(recipe, folder / f"{own}-{_id(recipe, ())}", stop))
    return found


def _known_pair(base: Recipe, pair: tuple[str, str]) -> tuple[str, str]:
    classes = sorted(prepare_samples(base.data).samples["label"].unique())
    first, second = (nfc(name) for name in pair)
    for name in (first, second):
        if name not in classes:
            raise KfoodError(
                f'The photos have no class "{name}".{did_you_mean(name, classes)} They have {listed(classes, 20)}.'
            )
    if first == second:
        raise KfoodError(f"A pair needs two classes, but both are {first}.")
    if len(classes) == 2:
        raise KfoodError(
            f"The recipe {base.name} knows the two classes alone: name one of more dishes, such as mission3, so that a "
            "specialist has somebody to help."
        )
    return first, second


def _id(recipe: Recipe, pair: tuple[str, ...]) -> str:
    """Return what stands for all settings."""
    said = json.dumps([recipe.model_dump(mode="json"), pair], ensure_ascii=False, sort_keys=True)
    return hashlib.blake2b(said.encode(), digest_size=4).hexdigest()
