import logging
import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from kfood.data.demo import HEALTH_COUNTS, demo_folder, make_demo
from kfood.data.demo.dishes import HEALTH, KFOOD
from kfood.data.demo.drawing import DRAW, draw_dish
from kfood.data.demo.layout import lay

pytestmark = pytest.mark.slow

DISHES = KFOOD | HEALTH


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return make_demo(tmp_path_factory.mktemp("cache") / "demo", share=0.04)


def test_the_table_has_the_classes_of_both_sets():
    assert (len(KFOOD), len(HEALTH)) == (42, 13)
    assert HEALTH.keys() == HEALTH_COUNTS.keys()
    assert all(name == unicodedata.normalize("NFC", name) for name in DISHES)
    assert {pieces.shape for dish in DISHES.values() for pieces in dish.pieces} <= DRAW.keys()


@pytest.mark.parametrize("name", DISHES)
def test_every_dish_is_drawn_the_same_from_the_same_seed(name):
    first, again, other = (draw_dish(DISHES[name], np.random.default_rng(seed), 64) for seed in (3, 3, 4))
    assert (first.size, first.mode) == ((64, 64), "RGB")
    assert np.array_equal(first, again)
    assert np.asarray(first).std() > 10
    assert not np.array_equal(first, other)


def test_the_folders_are_the_contest_s(demo):
    for folder, names in (
        ("kfood_train/train", KFOOD),
        ("kfood_val/val", KFOOD),
        ("kfood_health_train", HEALTH),
        ("kfood_health_val", HEALTH),
    ):
        assert {path.name for path in (demo / folder).iterdir()} == set(names)
    photos = [path for path in demo.rglob("*") if path.is_file()]
    assert all(re.fullmatch(r"Img_\d{3}_\d{4}\.jpg", photo.name) for photo in photos)
    with Image.open(photos[0]) as photo:
        assert (photo.size, photo.format) == ((128, 128), "JPEG")


def test_the_share_scales_the_contest_s_imbalance(demo):
    counts = {path.name: len(list(path.iterdir())) for path in (demo / "kfood_health_train").iterdir()}
    assert counts["부대찌개"] == 4  # 1551 / 15, of which 4 %
    assert counts["가리비"] == 2
    assert min(counts.values()) == 2


def test_a_photo_of_one_split_is_not_in_the_other(demo):
    for train, val in (("kfood_train/train", "kfood_val/val"), ("kfood_health_train", "kfood_health_val")):
        names = [{path.name for path in (demo / folder).rglob("*.jpg")} for folder in (train, val)]
        assert not names[0] & names[1]


def test_the_same_files_come_out_again(demo, tmp_path):
    again = make_demo(tmp_path / "demo", share=0.04)
    files = sorted(path.relative_to(demo) for path in demo.rglob("*.jpg"))
    assert files == sorted(path.relative_to(again) for path in again.rglob("*.jpg"))
    assert all((demo / file).read_bytes() == (again / file).read_bytes() for file in files)


def test_a_subset_alone_is_drawn_as_beside_the_other(demo, tmp_path):
    alone = make_demo(tmp_path / "demo", 0.04, ["kfood_health"])
    files = sorted(path.relative_to(demo) for path in demo.glob("kfood_health*/*/*.jpg"))
    assert files and files == sorted(path.relative_to(alone) for path in alone.rglob("*.jpg"))
    assert all((demo / file).read_bytes() == (alone / file).read_bytes() for file in files)


def test_a_folder_that_exists_is_left_alone(tmp_path, caplog):
    folder = tmp_path / "demo"
    folder.mkdir()
    with caplog.at_level(logging.INFO):
        assert make_demo(folder) == folder
    assert not list(folder.iterdir())
    assert not caplog.messages


def test_two_at_once_leave_one_whole_folder(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr("kfood.data.demo.draw_dish", lambda *_: Image.new("RGB", (8, 8)))
    folder = tmp_path / "cache" / "demo"
    with caplog.at_level(logging.INFO), ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda share: make_demo(folder, share), (0.01, 0.01)))
    assert made == [folder, folder]
    assert len(list(folder.rglob("*.jpg"))) == 2 * (42 + 13)
    assert [path.name for path in folder.parent.iterdir()] == ["demo"]
    assert "not photographs" in caplog.text
    assert str(folder) in caplog.text


def test_a_failure_leaves_nothing_behind(tmp_path, monkeypatch):
    def out_of_disk(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr("kfood.data.demo.draw_dish", out_of_disk)
    with pytest.raises(OSError, match="no space"):
        make_demo(tmp_path / "demo")
    assert not list(tmp_path.iterdir())


def test_the_demo_lives_in_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KFOOD_CACHE", str(tmp_path))
    assert demo_folder().parent == tmp_path
    assert not demo_folder().exists()


def test_an_unknown_layout_is_refused():
    with pytest.raises(ValueError, match="spiral"):
        list(lay("spiral", 3, 0.2, (0.8, 0.8), np.random.default_rng(0)))
