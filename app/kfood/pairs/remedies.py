"""What can be done about two classes that a model takes for each other, side by side.

What fits a recipe is a row of changes to it; what does not is a function from a finished run to another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kfood.errors import KfoodError
from kfood.pairs.cascade import make_cascade
from kfood.recipes.schema import Recipe, nfc
from kfood.run import Run
from kfood.training.stop import Stop
from kfood.training.train import train

_WEIGHT = 2.0  # as in the report
_LARGER = 1.5  # times as wide and high
_MOST_PIXELS = 1024  # that a recipe takes


@dataclass(frozen=True)
class Remedy:
    """One thing to try: tables of a recipe, and why it may help."""

    name: str
    change: dict[str, Any]
    about: str


def remedies(pair: tuple[str, str], base: Recipe) -> tuple[Remedy, ...]:
    """Return the remedies for a pair that are changes to a recipe; the first is to change nothing.

    Each is one change alone, so what `base` says against wrong labels already is taken out where a remedy is another
    way to do the same.

    Args:
        pair: two classes.
        base: what they are compared with.
    """
    weights = {"class_weights": dict.fromkeys(map(nfc, pair), _WEIGHT)}
    size = min(_MOST_PIXELS, 32 * round(base.data.size * _LARGER / 32))
    larger = f"{size} pixels instead of {base.data.size}"
    return (
        Remedy("nothing", {}, "what the others are compared with"),
        Remedy("class-weights", {"loss": weights}, f"weight {_WEIGHT:g} on both in the loss, as in the report"),
        Remedy("mixup", {"training": {"mixup": 0.4}}, "MixUp, as in the report; alpha is fastai's"),
        Remedy("over-sampling", {"sampling": {"method": "over"}}, "every class is seen equally often"),
        Remedy(
            "label-smoothing", {"loss": {"label_smoothing": 0.1, "robust": 0.0}}, "no label is believed to the full"
        ),
        Remedy(
            "robust-loss",
            {"loss": {"label_smoothing": 0.0, "robust": 0.7}},
            "generalised cross-entropy: little is learned from photos whose label seems improbable",
        ),
        Remedy("larger", {"data": {"size": size}}, larger),
        Remedy(
            "larger-weights", {"data": {"size": size}, "loss": weights}, f"{larger}, and weight {_WEIGHT:g} on both"
        ),
    )


def with_specialist(run: Run, pair: tuple[str, str], runs: Path, stop: Stop | None = None) -> Run:
    """Train a network for the pair alone, begun with the run's weights, and return the cascade of the two.

    Args:
        run: finished, of more classes than the pair.
        pair: two of its classes.
        runs: the folder of all runs.
        stop: asked after each batch whether to stop.

    Raises:
        KfoodError: as `train` and `make_cascade`.
    """
    pair = (nfc(pair[0]), nfc(pair[1]))
    recipe = _with(
        run.recipe,
        data={"classes": pair},
        model={"start_from": str(run.folder.absolute()), "pretrained": False},
        loss={"class_weights": {name: each for name, each in run.recipe.loss.class_weights.items() if name in pair}},
    ).model_copy(update={"name": "pair"})
    return make_cascade(run, train(recipe, runs, stop=stop), runs).run


def cleaned(run: Run, fixes: Path, runs: Path, stop: Stop | None = None) -> Run:
    """Train the run's recipe once more on photos that are fixed, and return that run. Test labels stay as they are.

    Args:
        run: finished.
        fixes: as `kfood.data.fixes_file` describes it.
        runs: the folder of all runs.
        stop: asked after each batch whether to stop.

    Raises:
        KfoodError: the run has such fixes already, or as `train`.
    """
    if run.recipe.data.fixes:
        raise KfoodError(f"{run.folder} was trained with fixes already ({run.recipe.data.fixes}).")
    return train(_with(run.recipe, data={"fixes": str(fixes.absolute())}), runs, stop=stop)


def _with(recipe: Recipe, **changes: dict[str, Any]) -> Recipe:
    """Return a recipe with values in its sections replaced whole, class weights too, and as it stands: no ladder."""
    sections = {name: getattr(recipe, name).model_copy(update=values) for name, values in changes.items()}
    return recipe.model_copy(update=sections | {"ladder": ()})
