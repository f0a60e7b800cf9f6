"""Who is best and worst, and whether it can be told."""

import pandas as pd
import pytest

from kfood.interpretation.class_ranks import class_ranks


def answers(photos: int, plates: int = 0, **recalls: float) -> pd.DataFrame:
    """Photos of each class, the first of them right; at most so many plates of each, where there are plates."""
    rows = [
        (name, name if number < recall * photos - 1e-9 else "?", f"{name} {number * plates // photos}")
        for name, recall in recalls.items()
        for number in range(photos)
    ]
    table = pd.DataFrame(rows, columns=["label", "predicted", "group"]).assign(**{f"p_{name}": 0.5 for name in recalls})
    return table if plates else table.drop(columns="group")


def test_best_first_and_worst_first():
    found = class_ranks(answers(40, a=0.1, b=0.9, c=0.5, d=0.7, e=0.3, f=0.2, g=0.8))
    assert (found.best, found.worst) == (["b", "g", "d"], ["a", "f", "e"])
    assert found.differ and found.rank("d") == "best" and found.rank("e") == "worst"
    assert class_ranks(answers(40, a=0.1, b=0.9, c=0.5), n=1).best == ["b"]


def test_ties_go_by_name_and_no_class_is_in_both():
    found = class_ranks(answers(5, f=1, e=1, d=1, c=1, b=1, a=1))
    assert (found.best, found.worst) == (["a", "b", "c"], ["d", "e", "f"])
    assert not found.differ


@pytest.mark.parametrize(("n", "each"), [(1, 0), (2, 1), (5, 2), (6, 3), (9, 3)])
def test_few_classes_make_shorter_lists(n, each):
    found = class_ranks(answers(20, **{f"class{number}": number / 10 for number in range(n)}))
    assert len(found.best) == len(found.worst) == each
    assert not set(found.best) & set(found.worst)
    assert bool(found.sentences()) == bool(each)


def test_no_photos_and_classes_without_photos():
    assert class_ranks(answers(3, a=1, b=1).head(0)).best == []
    table = answers(30, b=0.5, c=0.6).assign(p_a=0.1)
    found = class_ranks(table)
    assert (found.best, found.worst) == (["c"], ["b"])
    assert found.table.loc[["a"], "recall_shrunk"].isna().all()


def test_the_sentences_say_what_the_photos_show():
    apart, alike = class_ranks(answers(100, a=0.5, b=0.9)), class_ranks(answers(10, a=0.7, b=0.8))
    assert apart.sentences()[0].startswith("Classes differ in recall (permutation test, p = 0.0005)")
    shrunk = apart.table.loc["b", "recall_shrunk"]
    assert 0.7 < shrunk < 0.9
    assert apart.sentences()[1].endswith(f"b {shrunk:.2%} (90.00% measured).")
    (sentence,) = alike.sentences()
    assert "cannot be told apart" in sentence and "from 70.00% of a to 80.00% of b" in sentence
    assert alike.rank("b") == "highest, by chance"


def test_a_class_of_few_photos_is_best_only_with_good_reason():
    table = pd.concat([answers(100, a=0.5, b=0.9, c=0.6, d=0.85), answers(2, e=1)], ignore_index=True).fillna(0.5)
    assert class_ranks(table, n=1).best == ["b"]


def test_shots_of_one_plate_count_as_such():
    recalls = {"a": 0.5, "b": 0.9, "c": 0.7}
    alone, plates = class_ranks(answers(40, **recalls)), class_ranks(answers(40, plates=10, **recalls))
    assert alone.p < 0.01 < plates.p
