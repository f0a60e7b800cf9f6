"""Every remedy for a pair trained with several seeds; what was trained before is found again."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from kfood.data.fixes_file import read_fixes
from kfood.data.prepare import fingerprint, prepare_samples
from kfood.errors import KfoodError
from kfood.exported.predict import read_file
from kfood.pairs.photos import pair_among
from kfood.pairs.remedies import NOTHING, Remedy, changed, remedies, trained, with_specialist
from kfood.recipes.schema import Recipe
from kfood.run.folder import DONE, Run
from kfood.system.files import content_digest
from kfood.text import did_you_mean, listed
from kfood.training.check_first import check_classes, check_without_photos
from kfood.training.results_version import RESULTS_VERSION
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

    The runs lie in `<runs>/remedies-<recipe>/`, named after remedy, seed, and all that a training depends on: the
    same call once more, after a stop too, trains what is missing, and again where photos or fixes have changed.

    Args:
        base: of more classes than the pair.
        pair: two of its classes.
        seeds: trainings of each remedy, with `training.seed` 0, 1, …
        runs: the folder of all runs.
        fixes: for the remedy "cleaning"; without them it is left out.
        only: names of remedies; all where none is named. "nothing", with which all are compared, is always there, and
            so is what was trained earlier with all these seeds: what is tried one by one is tried all the same.
        stop: asked after each batch whether to stop.

    Returns:
        For each remedy its runs by seed; "nothing" comes first, the binary specialist last.

    Raises:
        KfoodError: a class or a remedy is unknown, or as `train`.
        Stopped: it was asked to.
    """
    tries = {remedy.name: remedy for remedy in remedies(pair, base, fixes)}
    names = [*tries, SPECIALIST]
    for name in only:
        if name not in names:
            raise KfoodError(f'There is no remedy "{name}".{did_you_mean(name, names)} There are {listed(names, 20)}.')
    if fixes:
        read_fixes(fixes)
    for remedy in tries.values():  # such as larger photos, which not every network can take
        if not only or remedy.name in (NOTHING, *only):
            check_without_photos(changed(base, **remedy.change), runs)
    samples = prepare_samples(base.data, partial(_require_classes, base, pair)).samples
    pair = _pair_among_others(base, pair, sorted(samples["label"].unique()))
    trials = {
        name: [_trial(name, seed, base, pair, tries, fingerprint(samples)) for seed in range(seeds)] for name in names
    }
    folder = runs / f"remedies-{base.name}"

    def is_there(name: str) -> bool:
        return all(Run(folder / trial.folder).status == DONE for trial in trials[name])

    wanted = [name for name in names if not only or name in (NOTHING, *only) or is_there(name)]
    found: dict[str, list[Run]] = {name: [] for name in wanted}
    for number in range(seeds * len(wanted)):
        seed, place = divmod(number, len(wanted))
        name = wanted[place]
        about = (
            tries[name].about if name in tries else f"a network for {pair[0]} and {pair[1]} alone, asked when unsure"
        )
        log.info("Training %d of %d: %s, seed %d: %s.", number + 1, seeds * len(wanted), name, seed, about)
        trial = trials[name][seed]
        if name == SPECIALIST:
            found[name].append(with_specialist(found[NOTHING][seed], pair, folder / trial.folder, stop))
        else:
            found[name].append(trained(trial.recipe, folder / trial.folder, stop))
    return found


@dataclass(frozen=True)
class _Trial:
    """One training of a remedy: the name of its folder, and its recipe; the specialist's is that of nothing."""

    folder: str
    recipe: Recipe


def _trial(name: str, seed: int, base: Recipe, pair: tuple[str, str], tries: dict[str, Remedy], photos: str) -> _Trial:
    change = tries[NOTHING if name == SPECIALIST else name].change
    recipe = changed(base, **{**change, "training": {**change.get("training", {}), "seed": seed}})
    others = pair if name == SPECIALIST else ()
    return _Trial(f"{name}-{seed}-{_id(recipe, photos, *others)}", recipe)


def _require_classes(base: Recipe, pair: tuple[str, str], counts: Mapping[str, int]) -> None:
    """Say before photos are opened what is wrong with the classes that are named."""
    _pair_among_others(base, pair, sorted(counts))
    check_classes(base, counts)


def _pair_among_others(base: Recipe, pair: tuple[str, str], classes: list[str]) -> tuple[str, str]:
    found = pair_among(pair, classes)
    if len(classes) == 2:
        raise KfoodError(
            f"The recipe {base.name} knows the two classes alone: name one of more dishes, such as mission3, so that a "
            "specialist has somebody to help."
        )
    return found


def _id(recipe: Recipe, *others: str) -> str:
    """Return what stands for all settings, the fixes as they are now, and what else a training depends on."""
    fixes = recipe.data.fixes and content_digest(read_file(recipe.data.fixes))
    said = json.dumps(
        [recipe.model_dump(mode="json"), fixes, others, RESULTS_VERSION], ensure_ascii=False, sort_keys=True
    )
    return hashlib.blake2b(said.encode(), digest_size=4).hexdigest()
