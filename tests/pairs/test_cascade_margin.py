"""The margin is the best that there is on validation, and the smallest of those."""

import numpy as np
import pandas as pd
import pytest

from kfood.pairs.cascade_margin import ALWAYS, choose_margin


def table(right: list[bool]) -> pd.DataFrame:
    paths = [f"{number}.jpg" for number in range(len(right))]
    return pd.DataFrame({"path": paths, "label": "a", "predicted": ["a" if each else "b" for each in right]})


def chosen(alone: list[bool], asked: list[bool], margins: list[float]):
    valid, answers = table(alone), table(asked)
    return choose_margin(valid, pd.Series(margins, valid["path"]), answers.set_index("path"))


@pytest.mark.parametrize("seed", range(5))
def test_no_other_margin_gains_more(seed):
    rng = np.random.default_rng(seed)
    alone, asked = (list(rng.random(30) < share) for share in (0.5, 0.6))
    margins = [float(each) for each in rng.integers(0, 12, 30) / 12]
    found = chosen(alone, asked, margins)

    def gain(margin: float) -> int:
        return sum(int(b) - int(a) for a, b, each in zip(alone, asked, margins, strict=True) if each < margin)

    every = [0, *np.linspace(0.001, 1, 400)]
    assert found.gain == gain(found.margin) == max(gain(each) for each in every)
    assert all(gain(each) < found.gain for each in every if each < found.margin - 1 / 12)
    row = found.table[found.table["chosen"] == "chosen"].iloc[0]
    assert row["gained"] - row["lost"] == found.gain
    assert row["accuracy"] == pytest.approx((sum(alone) + found.gain) / 30)


def test_where_asking_gains_nothing_nobody_is_asked():
    found = chosen([True, True, False], [False, True, False], [0.1, 0.2, 0.3])
    assert (found.margin, found.gain) == (0.0, 0)


def test_where_asking_always_helps_everybody_is_asked():
    found = chosen([False] * 3, [True] * 3, [0.1, 0.2, 0.9])
    assert (found.margin, found.gain) == (ALWAYS, 3)


def test_photos_that_are_never_unsure_do_not_count():
    valid, asked = table([False, True]), table([True]).set_index("path")
    found = choose_margin(valid, pd.Series([0.4], ["0.jpg"]), asked)
    assert found.gain == 1
    assert found.table["accuracy"].iloc[-1] == 1
