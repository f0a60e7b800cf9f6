"""What a cascade gains over its main model on test photos, in sentences."""

from __future__ import annotations

import pandas as pd

from kfood.evaluation.predictions import groups_of, is_right, of_split
from kfood.pairs.cascade_margin import Margin
from kfood.pairs.photos import judged_photos, of_either
from kfood.run.folder import Run
from kfood.statistics.differences import paired_difference

_LEVEL = 0.05


def cascade_verdict(
    main: Run, predictions: pd.DataFrame, asked: pd.Series, pair: tuple[str, str], chosen: Margin
) -> list[str]:
    """Compare the cascade with the main run, photo by photo and all classes counted.

    Args:
        main: the run that asks.
        predictions: the cascade's, of the main run's photos.
        asked: whether the specialist was asked, by path; photos that are not in it were not.
        pair: the specialist's classes.
        chosen: on validation.
    """
    a, b = pair
    before = judged_photos(main, "test")
    after = of_split(predictions, "test").set_index("path").loc[before["path"]].reset_index()
    if not chosen.margin:
        return [
            f"On validation, asking about {a} and {b} gains nothing at any margin, so the specialist is never asked: "
            "the cascade answers as the main model does."
        ]
    was_asked = after["path"].isin(asked.index[asked])
    of_others = int((was_asked & ~of_either(after, pair)).sum())
    first, second = is_right(before), is_right(after)
    only_before, only_after = int((first & ~second).sum()), int((second & ~first).sum())
    found = paired_difference(first.to_numpy()[None], second.to_numpy()[None], groups_of(before).to_numpy())
    gain = f"{found.mean:+.4f} (95 % interval {found.low:+.4f} to {found.high:+.4f})"
    word = (
        "cannot be told apart from"
        if found.p >= _LEVEL or found.low <= 0 <= found.high
        else "is better than"
        if found.mean > 0
        else "is worse than"
    )
    of_pair = of_either(after, pair)
    by_size = int(((before["predicted"] != after["predicted"]) & ~was_asked).sum())
    resized = [f"{by_size} other answers change because photos come in another size."] if by_size else []
    return [
        f"The specialist is asked where {a} and {b} are the two best answers and less than {chosen.margin:.3f} apart, "
        f"chosen on validation, where that gains {chosen.gain} photo{'s' if chosen.gain > 1 else ''}.",
        f"On test it is asked about {int(was_asked.sum())} of {len(after)} photos ({of_others} of neither dish).",
        *resized,
        f"{a} and {b}, {int(of_pair.sum())} test photos: {int(first[of_pair].sum())} right before, "
        f"{int(second[of_pair].sum())} with the specialist.",
        f"All classes, of these two trainings: the cascade {word} the main model: {only_after} photos are right "
        f"only with the specialist, {only_before} only without (p = {found.p:.3g}); accuracy {gain}.",
    ]
