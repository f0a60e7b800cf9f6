"""Whether two runs go together as the parts of a cascade."""

from __future__ import annotations

import shlex

from kfood.data.copies import contents
from kfood.errors import KfoodError
from kfood.model.saved import CascadeDescription, read_description
from kfood.run.folder import Run
from kfood.text import did_you_mean, listed

_PIXELS = ("resize", "denoise", "crop_area")  # what both must do alike; sizes are brought together
_SPLIT = ("valid", "test", "split_seed", "group", "subset", "fixes")


def require_parts(main: Run, specialist: Run) -> tuple[str, str]:
    """Return the specialist's two classes, in its order, once it is sure that the main run may ask it.

    Raises:
        KfoodError: the specialist does not have two of the main run's classes, it knows other photos, sees photos in
            another way, or has trained on (or chosen by) photos that the main run is judged by.
    """
    theirs, ours = (read_description(run.model_file) for run in (specialist, main))
    if isinstance(theirs, CascadeDescription) or len(theirs.classes) != 2:
        raise KfoodError(
            f"{specialist.folder} cannot be the specialist: it must be one network of two classes, as kfood train pair "
            f"makes it, but it has {len(theirs.classes)} classes: {listed(theirs.classes)}."
        )
    for name in theirs.classes:
        if name not in ours.classes:
            raise KfoodError(
                f"{specialist.folder} knows {name}, which {main.folder} does not.{did_you_mean(name, ours.classes)} "
                "A specialist's two classes must be among the main run's."
            )
    if len(ours.classes) == 2:
        raise KfoodError(f"{main.folder} has two classes itself: name first the run of all dishes, then the pair's.")
    _require_alike(main, specialist)
    _require_no_leaks(main, specialist)
    first, second = theirs.classes
    return first, second


def _require_alike(main: Run, specialist: Run) -> None:
    for key in _PIXELS:
        ours, theirs = (getattr(run.recipe.data, key) for run in (main, specialist))
        if ours != theirs:
            raise KfoodError(
                f"{specialist.folder} was trained with data.{key} = {_toml(theirs)} and {main.folder} with "
                f"{_toml(ours)}: a cascade gives both the same photo, so train the pair with --set data.{key}="
                f"{_toml(ours)}."
            )


def _require_no_leaks(main: Run, specialist: Run) -> None:
    """Check that no photo which the cascade is chosen or judged by was used to make the specialist.

    It may have *chosen* by the main run's validation photos: so has the main run.
    """
    ours, theirs = (run.samples.assign(photo=contents(run.samples)) for run in (main, specialist))
    if not theirs["photo"].isin(ours["photo"]).any():
        raise KfoodError(f"{specialist.folder} and {main.folder} have no photo in common: train both on the same data.")
    trained, chosen_by = (theirs.loc[theirs["split"] == name, "photo"] for name in ("train", "valid"))
    valid, test = (ours.loc[ours["split"] == name, "photo"] for name in ("valid", "test"))
    leaked = valid.isin(trained).sum() + test.isin([*trained, *chosen_by]).sum()
    if leaked:
        differing = "".join(f" --set {shlex.quote(setting)}" for setting in _split_settings(main, specialist))
        raise KfoodError(
            f"{specialist.folder} has trained on, or chosen by, {leaked} photos that {main.folder} is judged by: what "
            f"the cascade gains could not be told. Train the pair on the same split{differing and ':'}{differing}."
        )


def _split_settings(main: Run, specialist: Run) -> list[str]:
    ours, theirs = main.recipe.data, specialist.recipe.data
    return [f"data.{key}={_toml(getattr(ours, key))}" for key in _SPLIT if getattr(ours, key) != getattr(theirs, key)]


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
