"""Every layout is recognised by itself and gives the same kind of samples."""

import os
import unicodedata
from pathlib import Path

import pytest

from kfood.data.layouts import read_layout
from kfood.errors import KfoodError

COUNTS = {"갈비찜": 2, "김밥": 1}
NFD = {name: unicodedata.normalize("NFD", name) for name in COUNTS}


def counted(layout) -> dict[tuple[str, str], int]:
    """Photos by label and split."""
    return layout.samples.groupby(["label", "split"]).size().to_dict()


def below(*folders: str, counts=COUNTS) -> dict[str, int]:
    """The counts of photos below each folder."""
    return {f"{folder}/{label}": number for folder in folders for label, number in counts.items()}


def expected(*splits: str) -> dict[tuple[str, str], int]:
    return {(label, split): number for label, number in COUNTS.items() for split in splits}


@pytest.mark.parametrize(
    ("folders", "splits", "name"),
    [
        ((".",), ("",), "a folder for each class"),
        (("train", "val"), ("train", "test"), "split folders train (train) and val (test)"),
        (("Training", "Validation"), ("train", "test"), "split folders Training (train) and Validation (test)"),
        (("train", "valid", "test"), ("train", "valid", "test"), "split folders test (test) and train (train)"),
        (("train", "test"), ("train", "test"), "split folders test (test) and train (train)"),
        (("kfood_train/train", "kfood_val/val"), ("train", "test"), "the camp's data in kfood_train and kfood_val"),
        (("kfood_train", "kfood_val"), ("train", "test"), "the camp's data in kfood_train and kfood_val"),
        (("kfood_train/train",), ("train",), "the camp's data in kfood_train"),
    ],
)
def test_layout_is_recognised(make_photos, tmp_path, folders, splits, name):
    layout = read_layout(make_photos(tmp_path, below(*folders)))
    assert layout.name.startswith(name)
    times = len(folders) // len(splits)
    assert counted(layout) == {key: times * number for key, number in expected(*splits).items()}
    assert all(Path(path).is_absolute() and Path(path).is_file() for path in layout.samples["path"])
    assert layout.samples["path"].is_unique


def test_both_of_the_camps_data_sets_are_found_in_one_root(make_photos, tmp_path):
    health = {"떡국": 3, "순대": 2}
    make_photos(tmp_path, below("kfood_train/train", "kfood_val/val"))
    make_photos(tmp_path, below("kfood_health_train", "kfood_health_val", counts=health))
    assert counted(read_layout(tmp_path)) == expected("train", "test")
    found = counted(read_layout(tmp_path, "kfood_health"))
    assert found == {(label, split): number for label, number in health.items() for split in ("train", "test")}


def test_camp_folder_that_is_asked_for_but_not_there_is_named(make_photos, tmp_path):
    make_photos(tmp_path, below("kfood_train/train"))
    with pytest.raises(KfoodError, match=f"{tmp_path} holds the camp's data, but not the folder kfood_health_train"):
        read_layout(tmp_path, "kfood_health")


def test_what_macos_adds_to_an_archive_does_not_hide_the_splits(make_photos, tmp_path):
    make_photos(tmp_path, below("train", "val", "__MACOSX/train"), name="._{:04}.jpg")
    make_photos(tmp_path, below("train", "val"))
    assert counted(read_layout(tmp_path)) == expected("train", "test")


def test_two_folders_for_one_split_are_both_read(make_photos, tmp_path):
    layout = read_layout(make_photos(tmp_path, below("train", "val", "validation", "test")))
    assert counted(layout)["갈비찜", "valid"] == 2 * COUNTS["갈비찜"]


def test_folders_of_photos_named_like_splits_are_classes(make_photos, tmp_path):
    """`train` and `test` without class folders in them hold photos themselves."""
    assert set(read_layout(make_photos(tmp_path, {"train": 2, "test": 2})).samples["label"]) == {"train", "test"}


def test_aihubs_crop_areas_come_along(make_photos, tmp_path):
    make_photos(tmp_path, {"구이/갈비구이": 2, "찜/갈비찜": 1}, name="Img_000_{:04}.jpg")
    (tmp_path / "구이" / "갈비구이" / "crop_area.properties").write_text("[sections]\nImg_000_0001=45,76,538,404\n")
    samples = read_layout(tmp_path).samples
    areas = {Path(path).parent.name + Path(path).stem[-1]: area for path, area in samples[["path", "area"]].values}
    assert areas == {"갈비구이0": "", "갈비구이1": "45,76,538,404", "갈비찜0": ""}


def test_hidden_files_and_other_endings_are_passed_over(make_photos, tmp_path):
    make_photos(tmp_path, COUNTS)
    make_photos(tmp_path, {".cache/갈비찜": 1, ".trash": 2})
    for name in ("._0000.jpg", ".DS_Store", "notes.txt", "crop_area.properties", "photo.dng", "jpg"):
        (tmp_path / "김밥" / name).write_bytes(b"x")
    (tmp_path / "김밥" / "folder.jpg").mkdir()
    (tmp_path / "readme.txt").write_text("x")
    assert counted(read_layout(tmp_path)) == expected("")


def test_links_count_as_what_they_point_at(make_photos, tmp_path):
    make_photos(tmp_path / "elsewhere", {"떡국": 2})
    root = make_photos(tmp_path / "root", {"김밥": 1})
    (root / "떡국").symlink_to(tmp_path / "elsewhere" / "떡국")
    links = {"linked.jpg": root / "김밥/0000.jpg", "gone.jpg": root / "gone.jpg", "folder.jpg": tmp_path}
    for name, target in {**links, "itself.jpg": root / "김밥/itself.jpg"}.items():
        (root / "김밥" / name).symlink_to(target)
    paths = [Path(path).relative_to(root).as_posix() for path in read_layout(root).samples["path"]]
    assert paths == ["김밥/0000.jpg", "김밥/linked.jpg", "떡국/0000.jpg", "떡국/0001.jpg"]


@pytest.mark.parametrize("name", ["{}.JPG", "{}.jpeg", "{}.PNG", "{}.gif", "{}.bmp", "{}.webp", "{}.tiff"])
def test_endings_that_are_photos(make_photos, tmp_path, name):
    assert counted(read_layout(make_photos(tmp_path, COUNTS, name))) == expected("")


@pytest.mark.parametrize("parent", [".", "kfood_train/train", "train", "찜"])
def test_decomposed_folder_names_become_composed_labels(make_photos, tmp_path, parent):
    make_photos(tmp_path, below(parent, counts={NFD[label]: number for label, number in COUNTS.items()}))
    assert set(read_layout(tmp_path).samples["label"]) == set(COUNTS)


@pytest.mark.parametrize("parent", [".", "kfood_train/train", "train", "찜"])
def test_two_folders_of_one_name_are_an_error(make_photos, tmp_path, parent):
    make_photos(tmp_path, below(parent, counts={**COUNTS, NFD["갈비찜"]: 1}))
    with pytest.raises(KfoodError, match=r"holds two folders that are both called 갈비찜 .* Put their photos into one"):
        read_layout(tmp_path)


def test_samples_are_sorted_by_class_name(make_photos, tmp_path):
    labels = read_layout(make_photos(tmp_path, {"순대": 1, "갈비찜": 1, "떡국": 1})).samples["label"].tolist()
    assert labels == ["갈비찜", "떡국", "순대"]


@pytest.mark.parametrize("content", [[], ["갈비찜/notes.txt"], ["train/갈비찜/notes.txt"], ["kfood_train/train/a.txt"]])
def test_folder_without_photos_is_an_error_that_says_what_is_looked_for(tmp_path, content):
    for name in content:
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    with pytest.raises(KfoodError, match=f"There are no photos in {tmp_path}. kfood looks for <class>"):
        read_layout(tmp_path)


def test_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(KfoodError, match=f"There is no data folder {tmp_path}/gone. Name one with --data"):
        read_layout(tmp_path / "gone")


def test_archive_is_an_error_that_says_to_unpack_it(tmp_path):
    (tmp_path / "photos.zip").write_bytes(b"PK")
    with pytest.raises(KfoodError, match=r"photos\.zip is neither a folder nor a CSV"):
        read_layout(tmp_path / "photos.zip")


def files_below(root: Path) -> int:
    return sum(len(files) for _, _, files in os.walk(root))


def accounted_for(layout) -> int:
    return len(layout.samples) + sum(one.files for one in layout.left_out)


# What people have: the folders with their photos, and the photos by class and split that are read from them.
FIELD = {
    "a folder a day": ({"김밥/day1": 2, "김밥/day2": 3, "라면/day1": 2}, {("김밥", ""): 5, ("라면", ""): 2}),
    "dates": ({"김밥/2023-05-01": 2, "라면/2023-05-02": 2}, {("김밥", ""): 2, ("라면", ""): 2}),
    "years and months": ({"김밥/2023/05": 2, "라면/2023/05": 2}, {("김밥", ""): 2, ("라면", ""): 2}),
    "one class deeper": ({"김밥": 2, "라면/2023": 3}, {("김밥", ""): 2, ("라면", ""): 3}),
    "some photos deeper": ({"김밥": 2, "김밥/참치": 1, "라면": 2}, {("김밥", ""): 3, ("라면", ""): 2}),
    "Korean days": ({"김밥/1일차": 2, "라면/2일차": 2}, {("김밥", ""): 2, ("라면", ""): 2}),
    "a camera's folders": ({"김밥/DCIM/100APPLE": 2, "라면/100CANON": 2}, {("김밥", ""): 2, ("라면", ""): 2}),
    "Kaggle": ({"Training/김밥": 3, "Testing/김밥": 2}, {("김밥", "train"): 3, ("김밥", "test"): 2}),
    "numbered": ({"1.Training/김밥": 3, "2.Validation/김밥": 2}, {("김밥", "train"): 3, ("김밥", "test"): 2}),
    "sets": ({"train_set/김밥": 3, "test_set/김밥": 2}, {("김밥", "train"): 3, ("김밥", "test"): 2}),
    "Korean splits": (
        {"학습데이터/김밥": 3, "검증데이터/김밥": 2, "평가용/김밥": 1},
        {("김밥", "train"): 3, ("김밥", "valid"): 2, ("김밥", "test"): 1},
    ),
    "as AI Hub delivers": (
        {
            "Training/[원천]음식_001_Tra/김밥": 2,
            "Training/[원천]음식_002_Tra/김밥": 1,
            "Training/[원천]음식_002_Tra/라면": 2,
            "Validation/[원천]음식_001_Val/김밥": 2,
        },
        {("김밥", "train"): 3, ("라면", "train"): 2, ("김밥", "test"): 2},
    ),
    "splits in a folder": ({"data/train/김밥": 2, "data/test/김밥": 1}, {("김밥", "train"): 2, ("김밥", "test"): 1}),
    "classes in two folders": ({"download/food/김밥": 2, "download/food/라면": 1}, {("김밥", ""): 2, ("라면", ""): 1}),
    "splits in each class": (
        {"김밥/train": 3, "김밥/test": 2, "라면/train": 3, "라면/test": 1},
        {("김밥", "train"): 3, ("김밥", "test"): 2, ("라면", "train"): 3, ("라면", "test"): 1},
    ),
    "days within splits": (
        {"train/김밥/day1": 2, "train/김밥/day2": 1, "test/김밥/day1": 2},
        {("김밥", "train"): 3, ("김밥", "test"): 2},
    ),
    "dishes in categories, by day": (
        {"면/라면/1": 2, "면/국수/1": 2, "밥/김밥/1": 2},
        {("국수", ""): 2, ("김밥", ""): 2, ("라면", ""): 2},
    ),
    "beside an album of no class": ({"김밥": 2, "라면": 2, ".": 3}, {("김밥", ""): 2, ("라면", ""): 2}),
    "unlabelled test photos": ({"train/김밥": 3, "test": 2}, {("김밥", "train"): 3}),
    "another folder beside the splits": ({"train/김밥": 3, "extra/김밥": 2}, {("김밥", "train"): 3}),
}


@pytest.mark.parametrize("name", FIELD)
def test_folders_as_people_have_them(make_photos, tmp_path, name):
    folders, wanted = FIELD[name]
    root = make_photos(tmp_path / "root", folders)
    layout = read_layout(root)
    assert counted(layout) == wanted
    assert accounted_for(layout) == files_below(root)


@pytest.mark.parametrize(
    ("folders", "words"),
    [
        ({"구이/갈비찜": 1, "찜/갈비찜": 1}, "갈비찜 stands below 구이, 찜, so it cannot be told"),
        ({"김밥/앞에서": 1, "라면/앞에서": 1}, "앞에서 stands below 김밥, 라면"),
        (
            {"김밥": 1, "찌개/김치찌개": 1, "찌개/된장찌개": 1},
            "찌개 holds no photos itself but the folders 김치찌개",
        ),
        ({".": 3}, "There are no photos in .* but 3 in no class folder"),
    ],
)
def test_what_cannot_be_told_is_refused_with_what_to_do(make_photos, tmp_path, folders, words):
    with pytest.raises(KfoodError, match=words):
        read_layout(make_photos(tmp_path, folders))


def test_photos_that_are_left_out_are_said(make_photos, tmp_path, caplog):
    make_photos(tmp_path, {"train/김밥": 3, "test": 2})
    for name in ("one.dng", "two.DNG"):
        (tmp_path / "train" / "김밥" / name).write_bytes(b"x")
    read_layout(tmp_path)
    assert f"they lie in no class folder: 2 photos in {tmp_path}/test (2)" in caplog.text
    assert "Left out: 2 x .dng photo, which is not read: save it as JPEG" in caplog.text


def test_every_file_below_the_folder_is_accounted_for(make_photos, tmp_path):
    root = make_photos(tmp_path / "root", {"김밥": 2, "라면": 2})
    for name in ("김밥/note.txt", "김밥/a.svg", "readme.md", ".hidden/a.jpg", "김밥/.DS_Store", "empty/deep/list.csv"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    make_photos(root, {"@eaDir/김밥": 1, "__MACOSX/김밥": 1, "라면/.ipynb_checkpoints": 2})
    make_photos(root, {"runs/mission1/20261129-0000-ab/figures": 1})
    for name in ("recipe.toml", "samples.csv"):
        (root / "runs/mission1/20261129-0000-ab" / name).write_text("")
    (root / "라면" / "gone.jpg").symlink_to(root / "nowhere.jpg")
    layout = read_layout(root)
    assert counted(layout) == {("김밥", ""): 2, ("라면", ""): 2}
    assert accounted_for(layout) == files_below(root)
    assert {one.why for one in layout.left_out} == {
        "not a photo",
        ".svg photo, which is not read: save it as JPEG",
        "hidden, or of the system",
        "a run of kfood",
        "not a regular file, or a link to nothing",
    }


def test_a_link_in_a_circle_ends(make_photos, tmp_path):
    root = make_photos(tmp_path / "root", {"김밥": 2})
    (root / "김밥" / "again").symlink_to(root)
    (root / "all").symlink_to(tmp_path)
    assert counted(read_layout(root)) == {("김밥", ""): 2}
