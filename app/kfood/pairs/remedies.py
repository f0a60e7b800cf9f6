"""What can be done about two classes that a model takes for each other, side by side.

What fits a recipe is a row of changes to it; what does not is a function from a finished run to another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from kfood.pairs.cascade import make_cascade
from kfood.recipes.schema import Recipe, nfc
from kfood.run.folder import DONE, Run
from kfood.training.ensure import ensure_trained
from kfood.training.stop import Stop
from kfood.training.train import train

NOTHING = "nothing"  # the remedy that the others are compared with
_WEIGHT = 2.0  # as in the report
_LARGER = 1.5  # times as wide and high
_MOST_PIXELS = 1024  # that a recipe takes


@dataclass(frozen=True)
class Remedy:
    """One thing to try: tables of a recipe, and why it may help."""

    name: str
    change: dict[str, Any]
    about: str


def remedies(pair: tuple[str, str], base: Recipe, fixes: Path | None = None) -> tuple[Remedy, ...]:
    """Return the remedies for a pair that are changes to a recipe; the first is to change nothing.

    Each is one change alone, so what `base` says against wrong labels already is taken out where a remedy is another
    way to do the same.

    Args:
        pair: two classes.
        base: what they are compared with.
        fixes: decisions about wrong labels, if there are any; test labels stay as they are.
    """
    weights = {"class_weights": dict.fromkeys(map(nfc, pair), _WEIGHT)}
    size = min(_MOST_PIXELS, 32 * round(base.data.size * _LARGER / 32))
    larger = f"{size} pixels instead of {base.data.size}"
    cleaned = {"data": {"fixes": str(fixes.absolute())}} if fixes else {}
    found = (
        Remedy(NOTHING, {}, "what the others are compared with"),
        Remedy("class-weights", {"loss": weights}, f"weight {_WEIGHT:g} on both in the loss, as in the report"),
        Remedy("mixup", {"training": {"mixup": 0.4}}, "MixUp, as in the report; alpha is fastai's"),
        Remedy("over-sampling", {"sampling": {"method": "over"}}, "every class is seen equally often"),
        Remedy("label-smoothing", {"loss": {"label_smoothing": 0.1, "gce_q": 0.0}}, "no label is believed to the full"),
        Remedy(
            "robust-loss",
            {"loss": {"label_smoothing": 0.0, "gce_q": 0.7}},
            "generalised cross-entropy: little is learned from photos whose label seems improbable",
        ),
        Remedy("larger", {"data": {"size": size}}, larger),
        Remedy(
            "larger-weights", {"data": {"size": size}, "loss": weights}, f"{larger}, and weight {_WEIGHT:g} on both"
        ),
    )
    return (*found, Remedy("cleaning", cleaned, f"photos dropped and relabelled by {fixes}")) if fixes else found


def with_specialist(run: Run, pair: tuple[str, str], folder: Path, stop: Stop | None = None) -> Run:
    """Train a network for the pair alone, begun with the run's weights, and return the cascade of the two.

    What is there already from an earlier call is taken as it is.

    Args:
        run: finished, of more classes than the pair.
        pair: two of its classes.
        folder: the cascade's own; the specialist's lies beside it.
        stop: asked after each batch whether to stop.

    Raises:
        KfoodError: as `train` and `make_cascade`.
    """
    recipe = changed(
        run.recipe,
        data={"classes": pair},
        model={"start_from": str(run.folder.absolute()), "pretrained": False, "pretrained_file": ""},
        loss={"class_weights": {name: each for name, each in run.recipe.loss.class_weights.items() if name in pair}},
    ).model_copy(update={"name": "pair"})
    specialist = trained(recipe, folder.with_name(f"{folder.name}-pair"), stop)
    return Run(folder) if Run(folder).status == DONE else make_cascade(run, specialist, folder=folder).run


def trained(recipe: Recipe, folder: Path, stop: Stop | None = None) -> Run:
    """Return the run of a recipe in a folder, as `ensure_trained` does."""
    return ensure_trained(folder, partial(train, recipe, folder.parent, folder, stop=stop), stop)


def changed(recipe: Recipe, **changes: dict[str, Any]) -> Recipe:
    """Return a recipe with values in its sections replaced whole, class weights too, and as it stands: no ladder."""
    sections = {name: getattr(recipe, name).model_copy(update=values) for name, values in changes.items()}
    return recipe.model_copy(update=sections | {"ladder": ()})
