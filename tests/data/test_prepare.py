"""A recipe's data section becomes samples that can be trained on, or a sentence that says why not."""

import re

import pytest

from kfood.data.prepare import fingerprint, prepare_samples
from kfood.data.survey import survey
from kfood.errors import KfoodError
from kfood.recipes.schema import Data

COUNTS = {"갈비찜": 10, "김밥": 10, "돼지갈비찜": 10}


@pytest.fixture
def photos(make_photos, tmp_path):
    return make_photos(tmp_path, COUNTS)


def prepare(root, **data):
    return prepare_samples(Data(root=str(root), **data))


def test_samples_have_every_column_and_split(photos):
    prepared = prepare(photos)
    assert {"path", "label", "split", "area", "group"} <= set(prepared.samples.columns)
    counts = prepared.samples.groupby(["label", "split"]).size().unstack()
    assert counts[["train", "valid", "test"]].to_numpy().tolist() == [[6, 2, 2]] * 3
    assert prepared.left_out.empty
    assert prepared.layout == "a folder for each class"


def test_unreadable_photos_are_kept_apart_with_their_fault(photos):
    (photos / "김밥/0003.jpg").write_bytes(b"")
    prepared = prepare(photos)
    assert prepared.left_out["path"].tolist() == [str(photos / "김밥/0003.jpg")]
    assert prepared.left_out["fault"].str.len().gt(0).all()
    assert len(prepared.samples) == 29


def test_chosen_classes_are_split_as_among_all(photos):
    everything, pair = prepare(photos).samples, prepare(photos, classes=("돼지갈비찜", "갈비찜")).samples
    assert set(pair["label"]) == {"갈비찜", "돼지갈비찜"}
    assert pair.equals(everything[everything["label"] != "김밥"].reset_index(drop=True))


def test_photos_are_cut_to_crop_areas_only_where_the_recipe_says_so(photos):
    (photos / "김밥/crop_area.properties").write_text("0000=1,2,3,4\n")
    assert prepare(photos).samples["area"].unique().tolist() == [""]
    assert sorted(prepare(photos, crop_area=True).samples["area"].unique()) == ["", "1,2,3,4"]


@pytest.mark.parametrize(
    ("classes", "words"),
    [
        (
            ("갈비찜", "돼지갈비"),
            'data.classes names "돼지갈비", which the photos do not have. Did you mean "돼지갈비찜"?',
        ),
        (("갈비찜",), "There is only one class, 갈비찜"),
    ],
)
def test_classes_that_cannot_be_trained_on(photos, classes, words):
    with pytest.raises(KfoodError, match=re.escape(words)):
        prepare(photos, classes=classes)


def test_no_readable_photo_at_all(photos):
    for path in photos.glob("*/*.jpg"):
        path.write_bytes(b"")
    with pytest.raises(KfoodError, match=f"None of the 30 photos in {photos} can be read. See kfood data check"):
        prepare(photos)
    assert survey(Data(root=str(photos))).verdict.startswith("0 of 30 photos can be read")


def test_fingerprint_stands_for_files_labels_and_splits(photos):
    samples = prepare(photos).samples
    own = fingerprint(samples)
    assert own == fingerprint(prepare(photos).samples)
    assert own != fingerprint(prepare(photos, split_seed=1).samples)
    assert own != fingerprint(samples.assign(label=samples["label"].str.replace("김밥", "라면")))
    photo = photos / "김밥/0000.jpg"
    photo.write_bytes(photo.read_bytes() + b"\0")
    assert own != fingerprint(prepare(photos).samples)


def test_fingerprint_is_the_same_in_another_place(make_photos, tmp_path):
    prints = {fingerprint(prepare(make_photos(tmp_path / place, COUNTS)).samples) for place in ("here", "there")}
    assert len(prints) == 1


def test_survey_counts_what_is_there(photos):
    (photos / "김밥/0003.jpg").write_bytes(b"")
    found = survey(Data(root=str(photos)))
    assert found.counts.set_index("class")["all"].to_dict() == {**COUNTS, "김밥": 9, "all": 29}
    assert found.kinds.values.tolist() == [["JPEG", "RGB", 29, 48, 48]]
    assert found.faults["path"].tolist() == [str(photos / "김밥/0003.jpg")]
    assert found.verdict.startswith("29 of 30 photos can be read, of 29 groups")
