"""What is wrong with a pair, what is most serious, and what belongs together."""

import pandas as pd
import pytest

from kfood.duplicates.findings import brief, count, describe, group_names, unreported


@pytest.fixture
def samples():
    rows = [  # path, label, split, subset, group
        ("/p/0.jpg", "김밥", "train", "kfood", "0"),
        ("/p/1.jpg", "라면", "train", "kfood", "1"),
        ("/p/2.jpg", "김밥", "test", "kfood", "2"),
        ("/p/3.jpg", "김밥", "train", "kfood", "3"),
        ("/p/4.jpg", "김밥", "valid", "kfood", "4"),
        ("/q/5.jpg", "김밥", "test", "kfood_health", "5"),
        ("/p/6.jpg", "김밥", "train", "kfood", "plate"),
        ("/p/7.jpg", "김밥", "train", "kfood", "plate"),
        ("/p/8.jpg", "라면", "train", "kfood", "8"),
    ]
    table = pd.DataFrame(rows, columns=["path", "label", "split", "subset", "group"])
    return table.assign(digest=[f"{9 - number}" * 32 for number in range(len(table))], together="")


def pairs_of(*rows):
    table = pd.DataFrame(rows, columns=["a", "b", "kind", "similarity"])
    return table.assign(how="phash", mirrored=False)


def test_each_finding_and_the_most_serious_first(samples):
    pairs = pairs_of(
        (0, 8, "scene", 0.7),
        (0, 3, "near", 0.99),
        (0, 5, "near", 0.98),
        (0, 4, "near", 0.97),
        (0, 2, "near", 0.96),
        (2, 3, "exact", 1.0),
        (0, 1, "near", 0.95),
    )
    found = describe(samples, pairs)
    order = ["conflict", "leak", "leak", "leak", "data sets", "same class", "conflict"]
    assert found["finding"].tolist() == order
    # among leaks those of test, the same file first; a conflict of two shots of a scene comes after all copies
    assert found["similarity"].tolist() == [0.95, 1.0, 0.96, 0.97, 0.98, 0.99, 0.7]
    first = found.iloc[0]
    assert (first["label_a"], first["label_b"], first["path_b"]) == ("김밥", "라면", "/p/1.jpg")
    counts = count(found)
    assert counts.loc["leak"].tolist() == [1, 2, 0]
    assert counts.loc["conflict"].tolist() == [0, 1, 1]
    assert counts.to_numpy().sum() == len(pairs)


def test_shots_of_one_plate_are_no_news_unless_they_are_copies_or_labelled_otherwise(samples):
    pairs = pairs_of((6, 7, "scene", 0.8), (6, 7, "near", 0.95), (3, 6, "scene", 0.7))
    assert unreported(samples, pairs)["similarity"].tolist() == [0.95, 0.7]
    samples.loc[7, "label"] = "라면"
    assert len(unreported(samples, pairs)) == 3


def test_what_is_connected_is_one_group(samples):
    # 3 - 4, and 4 - 6, whose plate brings 7 along; 0 and 8 share a scene, but not a class
    names = group_names(samples, pairs_of((3, 4, "near", 1), (4, 6, "scene", 0.7), (0, 8, "scene", 0.7)))
    assert len(set(names[[3, 4, 6, 7]])) == 1
    assert names[3].startswith("same-")
    assert set(names[[0, 1, 2, 5, 8]]) == {""}
    turned = samples[::-1].reset_index(drop=True)
    again = group_names(turned, pairs_of((4, 5, "near", 1), (2, 4, "scene", 0.7)))
    assert again[5] == names[3]


def test_no_pairs_are_no_findings(samples):
    none = pairs_of().astype({"a": int, "b": int, "similarity": float})
    assert describe(samples, unreported(samples, none)).empty
    assert count(describe(samples, none)).to_numpy().sum() == 0
    assert set(group_names(samples, none)) == {""}


def test_pairs_in_brief_leave_out_the_folder_they_have_in_common(samples):
    shown = brief(describe(samples, pairs_of((0, 1, "near", 0.95))))
    assert shown["photo"].tolist() == ["0.jpg (김밥, train)"]
    shown = brief(describe(samples, pairs_of((0, 5, "near", 0.95))))
    assert shown["and photo"].tolist() == ["q/5.jpg (김밥, test)"]
