"""What a cascade gains, in sentences that say no more than their interval."""

import pandas as pd
import pytest

from kfood.evaluation.predictions import is_right, of_split
from kfood.pairs.cascade_margin import Margin
from kfood.pairs.cascade_verdict import cascade_verdict
from support.fake_run import fake_run

PAIR = ("갈비찜", "돼지갈비찜")


@pytest.fixture(scope="module")
def main(tmp_path_factory):
    place = tmp_path_factory.mktemp("verdict")
    return fake_run(place / "runs" / "mission3" / "20261129-120000-abcd", place, [*PAIR, "김밥"], 100, right=0.6)


def answers(main, mended: int) -> tuple[pd.DataFrame, pd.Series]:
    """The cascade's predictions, where the specialist mends so many wrong photos of the pair, and who was asked."""
    table = main.predictions.copy()
    wrong = table[(table["split"] == "test") & ~is_right(table) & table["label"].isin(PAIR)].index[:mended]
    assert len(wrong) == mended
    table.loc[wrong, "predicted"] = table.loc[wrong, "label"]
    return table, pd.Series(table.index.isin(wrong), table["path"])


@pytest.mark.parametrize(("mended", "word"), [(12, "is better than"), (2, "cannot be told apart from")])
def test_it_is_better_only_where_its_interval_says_so(main, mended, word):
    after, asked = answers(main, mended)
    chosen = Margin(0.3, 4, pd.DataFrame())
    text = cascade_verdict(main, after, asked, PAIR, chosen)
    n = len(of_split(after, "test"))
    assert text[0].endswith("where that gains 4 photos.")
    assert f"On test it is asked about {mended} of {n} photos (0 of neither dish)." in text
    assert (
        f"All classes, of these two trainings: the cascade {word} the main model: {mended} photos are right" in text[-1]
    )
    assert ("interval -" in text[-1]) == (word != "is better than")


def test_one_that_gains_nothing_on_validation_never_asks(main):
    after, asked = answers(main, 0)
    (sentence,) = cascade_verdict(main, after, asked, PAIR, Margin(0.0, 0, pd.DataFrame()))
    assert "so the specialist is never asked" in sentence
