"""Splits are stratified and seeded, keep groups together and classes independent of each other."""

import unicodedata

import pandas as pd
import pytest

from kfood.data.split import add_groups, require_every_class, split_samples
from kfood.errors import KfoodError
from kfood.recipes.schema import AI_HUB_PLATE

COUNTS = {"갈비찜": 100, "김밥": 40, "돼지갈비찜": 25}


def samples_of(counts: dict[str, int], name: str = "Img_076_{:04}.jpg", split: str = "") -> pd.DataFrame:
    rows = [
        {"path": f"/photos/{split}/{label}/{name.format(number)}", "label": label, "split": split}
        for label, count in counts.items()
        for number in range(count)
    ]
    return pd.DataFrame(rows)


def split(samples: pd.DataFrame, seed: int = 0, valid: float = 0.2, test: float = 0.2) -> pd.DataFrame:
    return split_samples(add_groups(samples, AI_HUB_PLATE), valid, test, seed)


def sizes(samples: pd.DataFrame) -> dict[str, tuple[int, int, int]]:
    """Photos in train, validation and test by class."""
    counts = samples.groupby(["label", "split"]).size().unstack(fill_value=0)
    counts = counts.reindex(columns=["train", "valid", "test"], fill_value=0)
    return {label: tuple(row) for label, row in zip(counts.index, counts.to_numpy().tolist(), strict=True)}


def test_shares_count_in_every_class():
    """A fifth is for testing, and of the rest a fifth for validation."""
    assert sizes(split(samples_of(COUNTS))) == {"갈비찜": (64, 16, 20), "김밥": (26, 6, 8), "돼지갈비찜": (16, 4, 5)}
    assert sizes(split(samples_of({"김밥": 100}), valid=0.5, test=0.1)) == {"김밥": (45, 45, 10)}


def test_seed_decides():
    samples = samples_of(COUNTS)
    assert split(samples, 7).equals(split(samples, 7))
    assert not split(samples, 7)["split"].equals(split(samples, 8)["split"])


def test_order_of_the_samples_does_not_matter():
    samples = samples_of(COUNTS)
    shuffled = split(samples.sample(frac=1, random_state=0)).sort_index()
    assert shuffled["split"].equals(split(samples)["split"])


def test_a_class_is_split_the_same_whatever_other_classes_there_are():
    everything = split(samples_of(COUNTS))
    pair = split(samples_of({label: COUNTS[label] for label in ("갈비찜", "돼지갈비찜")}))
    kept = everything[everything["label"].isin(pair["label"])].reset_index(drop=True)
    assert kept.equals(pair)


def test_classes_are_not_split_alike():
    """Random numbers are the class's own: the same photo number is not a test photo of both."""
    result = split(samples_of({"가": 100, "나": 100}))
    first, second = (result.loc[result["label"] == label, "split"].tolist() for label in ("가", "나"))
    assert first != second


def test_given_test_folder_is_kept_and_validation_comes_out_of_train():
    samples = pd.concat([samples_of(COUNTS, split="train"), samples_of({"갈비찜": 9}, split="test")], ignore_index=True)
    result = split(samples)
    assert result.loc[samples["split"] == "test", "split"].eq("test").all()
    assert sizes(result) == {"갈비찜": (80, 20, 9), "김밥": (32, 8, 0), "돼지갈비찜": (20, 5, 0)}


def test_a_split_that_is_given_whole_is_left_alone():
    samples = pd.concat([samples_of({"김밥": 10}, split=name) for name in ("train", "valid", "test")])
    samples = samples.reset_index(drop=True)
    assert split(samples)["split"].equals(samples["split"])


@pytest.mark.parametrize(
    ("stem", "group"),
    [
        ("02_021_02011038_160525637187327_0", "02_021_02011038_160525637187327"),
        ("02_021_02011038_160525637187327_12", "02_021_02011038_160525637187327"),
        ("Img_076_0712", None),
        ("02_021_02011038_160525637187327", None),
        ("copy of 02_021_02011038_160525637187327_0", None),
    ],
)
def test_plate_in_aihubs_names(stem, group):
    path = f"/photos/{stem}.jpg"
    assert add_groups(pd.DataFrame({"path": [path]}), AI_HUB_PLATE)["group"].tolist() == [group or path]


def test_groups_by_another_pattern_by_none_and_as_given():
    samples = pd.DataFrame({"path": ["/a/plate1-x.jpg", "/b/plate1-y.jpg", "/b/other.jpg"]})
    assert add_groups(samples, r"^(plate\d)")["group"].tolist() == ["plate1", "plate1", "/b/other.jpg"]
    assert add_groups(samples, "")["group"].tolist() == samples["path"].tolist()
    given = samples.assign(group=["mine", "", ""])
    assert add_groups(given, r"^(plate\d)")["group"].tolist() == ["mine", "plate1", "/b/other.jpg"]


@pytest.mark.parametrize("seed", range(5))
def test_no_group_is_in_two_splits(seed):
    """Eight shots of each plate, and a plate whose shots lie under two labels."""
    rows = [
        {"path": f"/photos/{label}/01_001_{number % 12}_{label_number}_{number}.jpg", "label": label, "split": ""}
        for label_number, label in enumerate(["갈비찜", "돼지갈비찜"])
        for number in range(96)
    ]
    rows += [
        {"path": f"/photos/{label}/01_001_99_99_{number}.jpg", "label": label, "split": ""}
        for label in ("갈비찜", "돼지갈비찜")
        for number in range(4)
    ]
    result = split(pd.DataFrame(rows), seed)
    assert result.groupby("group")["split"].nunique().max() == 1
    assert result["group"].nunique() == 25
    for train, valid, test in sizes(result).values():
        assert (train, valid, test) == pytest.approx((64, 16, 20), abs=8)  # to a plate


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_photos_are_told_by_class(count):
    with pytest.raises(KfoodError, match=rf"Too few photos .*: 김밥 \({count} photos, none in "):
        require_every_class(split(samples_of({"갈비찜": 10, "김밥": count})))


def test_many_shots_of_two_plates_are_too_few():
    shots = samples_of({"갈비찜": 20, "김밥": 20})
    shots["path"] = [f"/{row.label}/1_2_{row.label}_{row.Index % 2}_{row.Index}.jpg" for row in shots.itertuples()]
    shots["path"] = shots["path"].str.replace("_갈비찜_", "_3_").str.replace("_김밥_", "_4_")
    with pytest.raises(KfoodError, match=r"갈비찜 \(20 photos, none in .* Add photos there \(shots of one plate"):
        require_every_class(split(shots))


def test_three_photos_are_enough():
    result = split(samples_of({"갈비찜": 3, "김밥": 3}))
    require_every_class(result)
    assert sizes(result) == {"갈비찜": (1, 1, 1), "김밥": (1, 1, 1)}


def test_a_class_without_photos_in_the_given_test_folder_is_told_where():
    given = samples_of({"가": 3, "나": 3}, split="test")
    samples = pd.concat([samples_of({"가": 9, "나": 9, "다": 14}, split="train"), given])
    with pytest.raises(KfoodError, match=r"다 \(14 photos, none in test\)\. Add photos there"):
        require_every_class(split(samples.reset_index(drop=True)))


def test_one_class_is_told():
    with pytest.raises(KfoodError, match="There is only one class, 김밥"):
        require_every_class(split(samples_of({"김밥": 10})))


def test_a_class_of_the_test_folder_alone_is_told():
    given = samples_of({"가": 2, "나": 2, "다": 2}, split="test")
    samples = pd.concat([samples_of({"가": 9, "나": 9}, split="train"), given])
    with pytest.raises(KfoodError, match=r"Too few photos .*: 다 \(2 photos, none in train or valid\)\."):
        require_every_class(split(samples.reset_index(drop=True)))


def test_a_seed_stands_for_the_same_split_for_good():
    """What was measured on a split stays comparable: other photos here would make old runs' test sets others."""
    groups = [("가", number, "") for number in range(10)] + [("나", number, f"p{number // 3}") for number in range(12)]
    groups += [("가", 10, "p1"), ("가", 11, "p1")]  # two of five: the group belongs to 나
    rows = [{"path": f"{label}{n}", "label": label, "split": "", "group": group} for label, n, group in groups]
    result = split(pd.DataFrame(rows))
    drawn = {name: set(result.loc[result["split"] == name, "path"]) for name in ("test", "valid")}
    assert drawn["test"] == {"가4", "가5", "나3", "나4", "나5", "가10", "가11"}
    assert drawn["valid"] == {"가2", "가8", "나0", "나1", "나2"}


@pytest.mark.parametrize("pattern", ["NFC", "NFD"])
def test_a_pattern_in_hangul_groups_names_of_any_form(pattern):
    names = [unicodedata.normalize(form, f"접시{n}_{form}.jpg") for n in (1, 2) for form in ("NFC", "NFD")]
    samples = pd.DataFrame({"path": names, "label": "김밥", "split": ""})
    groups = add_groups(samples, unicodedata.normalize(pattern, r"^(접시\d)_"))["group"]
    assert groups.tolist() == ["접시1", "접시1", "접시2", "접시2"]
