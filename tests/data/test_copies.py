"""Photos of equal content stay in one split, and are said; where the data give the splits, what they share is said."""

import shutil

import pandas as pd
import pytest

from kfood.data.copies import contents, unseen_test
from kfood.data.prepare import prepare_samples
from kfood.data.survey import survey
from kfood.recipes.schema import Data

COUNTS = {"갈비찜": 20, "김밥": 20, "돼지갈비찜": 20}


@pytest.fixture
def photos(make_photos, tmp_path):
    return make_photos(tmp_path / "photos", COUNTS)


def prepare(root, **data):
    return prepare_samples(Data(root=str(root), **data)).samples


def twins_in_training(samples):
    """The share of test photos whose content is in training or validation, too."""
    test = samples["split"] == "test"
    return samples.loc[test, "digest"].isin(samples.loc[~test, "digest"]).mean()


def warnings(caplog):
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


@pytest.mark.parametrize("seed", range(3))
def test_no_test_photo_has_a_twin_in_training_where_every_file_is_there_twice(photos, caplog, seed):
    caplog.set_level("INFO", "kfood")
    for photo in [*photos.glob("*/*.jpg")]:
        shutil.copy(photo, photo.with_name(f"copy of {photo.name}"))
    samples = prepare(photos, split_seed=seed)
    assert twins_in_training(samples) == 0
    counts = samples.groupby(["label", "split"]).size().unstack()
    assert counts[["train", "valid", "test"]].to_numpy().tolist() == [[26, 6, 8]] * 3
    assert "60 photos are there more than once (120 files, equal byte for byte)" in caplog.text
    assert "60 of these photos have all their copies in one split" in caplog.text
    assert not warnings(caplog)


@pytest.mark.parametrize("seed", range(3))
def test_copies_join_the_plates_that_they_are_in(make_photos, tmp_path, seed):
    """A shot of one plate that is also filed under another plate's name makes one group of both."""
    root = make_photos(tmp_path / "plates", {"갈비찜": 40, "김밥": 40})
    for folder in root.iterdir():
        for number, photo in enumerate(sorted(folder.iterdir())):
            photo.rename(folder / f"1_1_{len(folder.name)}_{number // 4}_{number % 4}.jpg")
    shutil.copy(root / "김밥/1_1_2_0_0.jpg", root / "김밥/1_1_2_5_9.jpg")
    samples = prepare(root, split_seed=seed)
    assert samples.groupby("group")["split"].nunique().max() == 1
    joined = samples[samples["path"].str.contains("/1_1_2_[05]_")]
    assert len(joined) == 9
    assert joined["group"].nunique() == joined["split"].nunique() == 1


def test_where_no_content_is_there_twice_nothing_changes_and_nothing_is_said(photos, caplog):
    caplog.set_level("INFO", "kfood")
    samples = prepare(photos)
    assert samples["group"].tolist() == samples["path"].tolist()
    assert "more than once" not in caplog.text
    before = samples.set_index("path")["split"]
    shutil.copy(photos / "김밥/0003.jpg", photos / "김밥/copy.jpg")
    after = prepare(photos).set_index("path")["split"]
    others = [path for path in before.index if "김밥" not in path]
    assert after[others].equals(before[others])  # each class draws for itself, copies or not


def test_two_labels_for_one_photo_are_said_with_both_names(photos, caplog):
    shutil.copy(photos / "갈비찜/0000.jpg", photos / "돼지갈비찜/same.jpg")
    shutil.copy(photos / "갈비찜/0001.jpg", photos / "갈비찜/twice.jpg")
    samples = prepare(photos)
    (said,) = warnings(caplog)
    assert said.startswith("1 photos have two labels, of which one must be wrong: ")
    assert f"{photos}/갈비찜/0000.jpg (갈비찜) = {photos}/돼지갈비찜/same.jpg (돼지갈비찜)" in said
    assert "kfood data duplicates" in said
    assert samples[samples["path"].str.contains("0000.jpg|same")].groupby("digest")["split"].nunique().max() == 1
    caplog.clear()
    survey(Data(root=str(photos)))
    assert "1 photos have two labels" in caplog.text
    caplog.clear()
    prepare(photos, classes=("갈비찜", "김밥"))
    assert not warnings(caplog)  # the other label is not trained on


def test_a_label_that_was_decided_on_is_no_longer_said(photos, caplog, tmp_path):
    shutil.copy(photos / "갈비찜/0000.jpg", photos / "돼지갈비찜/same.jpg")
    digest = prepare(photos).set_index("path")["digest"][f"{photos}/갈비찜/0000.jpg"]
    fixes = tmp_path / "fixes.csv"
    fixes.write_text(f"digest,action,value,path,reason\n{digest},relabel,갈비찜,,\n", encoding="utf-8")
    caplog.clear()
    prepare(photos, fixes=str(fixes))
    assert "two labels" not in caplog.text


def test_two_areas_of_one_photo_may_be_two_dishes(photos, caplog):
    shutil.copy(photos / "갈비찜/0000.jpg", photos / "김밥/other.jpg")
    (photos / "갈비찜/crop_area.properties").write_text("0000=0,0,20,20\n")
    (photos / "김밥/crop_area.properties").write_text("other=20,20,20,20\n")
    samples = prepare(photos, crop_area=True)
    assert not warnings(caplog)
    assert samples[samples["path"].str.contains("갈비찜/0000|other")]["split"].nunique() == 1


def test_what_given_splits_share_is_counted_and_left_as_given(make_photos, tmp_path, caplog):
    root = make_photos(tmp_path, {"train/갈비찜": 20, "train/김밥": 20, "test/갈비찜": 5, "test/김밥": 5})
    for folder in (root / "test").iterdir():
        for photo in folder.iterdir():  # drawn alike in both folders: another content
            photo.write_bytes(photo.read_bytes() + b"\0")
    shutil.copy(root / "train/갈비찜/0007.jpg", root / "test/갈비찜/seen.jpg")
    shutil.copy(root / "train/김밥/0003.jpg", root / "test/김밥/seen.jpg")
    samples = prepare(root)
    assert (samples["split"] == "test").sum() == 12
    (said,) = warnings(caplog)
    counted = {split: said.count(f"test photos are photos that are also in {split}") for split in ("train", "valid")}
    assert sum(counted.values()) >= 1
    unseen = samples[unseen_test(samples)]
    assert len(unseen) == 10
    assert not unseen["path"].str.contains("seen").any()


def test_plates_that_given_splits_share_are_said_too(make_photos, tmp_path, caplog):
    root = make_photos(tmp_path, {"train/갈비찜": 20, "train/김밥": 20}, name="1_1_1_{:02}_0.jpg")
    make_photos(root, {"test/갈비찜": 3}, name="1_1_1_{:02}_1.jpg")
    make_photos(root, {"test/김밥": 3}, name="1_1_1_{:02}7_1.jpg")
    for photo in (root / "test").glob("*/*.jpg"):
        photo.write_bytes(photo.read_bytes() + b"\0")
    prepare(root)
    assert "test photos are other shots of plates in" in caplog.text


def test_contents_are_paths_where_digests_are_not_known():
    samples = pd.DataFrame({"path": ["/a", "/b"], "digest": ["", "1"]})
    assert contents(samples).tolist() == ["/a", "1"]
    assert contents(samples[["path"]]).tolist() == ["/a", "/b"]
