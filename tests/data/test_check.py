"""Every photo is opened once; what was found is remembered until the file changes."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from kfood.data import check
from kfood.data.check import COLUMNS, check_photos, readable
from kfood.data.layouts import read_layout
from kfood.system.paths import cache_folder


@pytest.fixture
def photos(make_photos, tmp_path) -> Path:
    """Six photos of two classes, one of them no photo and one a PNG under a wrong name."""
    make_photos(tmp_path, {"갈비찜": 3, "김밥": 3})
    (tmp_path / "갈비찜" / "0001.jpg").write_bytes(b"no photo")
    Image.new("L", (30, 20)).save(tmp_path / "김밥" / "0002.jpg", "PNG")
    time.sleep(0.03)  # a file that changed while it was looked at would not be remembered
    return tmp_path


@pytest.fixture
def opened(monkeypatch) -> list[str]:
    """The names of the photos that are opened."""
    names = []
    look = check._look
    monkeypatch.setattr(check, "_look", lambda path: names.append(Path(path).name) or look(path))
    return names


def look(root: Path) -> pd.DataFrame:
    samples = read_layout(root).samples
    findings = check_photos(samples, root)
    assert findings["path"].tolist() == samples["path"].tolist()
    assert findings.columns.tolist() == COLUMNS
    return findings.set_index("path")


def memory() -> Path:
    (file,) = (cache_folder() / "checks").iterdir()
    return file


def test_what_each_file_holds(photos):
    findings = look(photos)
    bad, odd = findings.loc[str(photos / "갈비찜/0001.jpg")], findings.loc[str(photos / "김밥/0002.jpg")]
    assert "cannot identify image file" in bad["fault"]
    assert (odd["format"], odd["mode"], odd["width"], odd["height"], odd["fault"]) == ("PNG", "L", 30, 20, "")
    assert odd["notes"] == "is PNG, not what its ending says; converted from grey"
    rest = findings.drop([bad.name, odd.name])
    assert rest[["format", "mode", "width", "height", "notes", "fault"]].drop_duplicates().values.tolist() == [
        ["JPEG", "RGB", 48, 48, "", ""]
    ]


def test_unreadable_photos_are_left_out_by_name(photos, caplog):
    samples = read_layout(photos).samples
    good, bad = readable(samples, check_photos(samples, photos))
    assert bad["path"].tolist() == [str(photos / "갈비찜/0001.jpg")]
    assert len(good) == 5 and set(good["path"]).isdisjoint(bad["path"])
    assert f"Left out, cannot be read: {photos}/갈비찜/0001.jpg" in caplog.text


def test_many_unreadable_photos_are_counted(make_photos, tmp_path, caplog):
    make_photos(tmp_path, {"갈비찜": 8})
    for path in (tmp_path / "갈비찜").iterdir():
        path.write_bytes(b"")
    samples = read_layout(tmp_path).samples
    good, bad = readable(samples, check_photos(samples, tmp_path))
    assert (len(good), len(bad)) == (0, 8)
    assert "… and 3 more: 8 photos are left out in all." in caplog.text


def test_a_second_look_opens_nothing_and_finds_the_same(photos, opened):
    first = look(photos)
    assert len(opened) == 6
    opened.clear()
    pd.testing.assert_frame_equal(look(photos), first, check_dtype=False)
    assert opened == []


def test_only_what_changed_is_opened_again(photos, opened, monkeypatch):
    look(photos)
    monkeypatch.setattr(check, "_TICK_NS", 10**12)  # what changes from now on changes while it is looked at
    opened.clear()
    changed, repaired, gone = photos / "김밥/0000.jpg", photos / "갈비찜/0001.jpg", photos / "김밥/0002.jpg"
    status = changed.stat()
    changed.write_bytes(changed.read_bytes()[:-20] + bytes(20))  # the same size
    os.utime(changed, ns=(status.st_atime_ns, status.st_mtime_ns))  # and, as it says, the same age
    Image.new("RGB", (10, 10)).save(repaired)
    gone.unlink()
    Image.new("RGB", (12, 10)).save(photos / "김밥/0003.jpg")
    findings = look(photos)
    assert sorted(opened) == ["0000.jpg", "0001.jpg", "0003.jpg"]
    assert findings.loc[str(repaired), "fault"] == ""
    assert findings.loc[str(photos / "김밥/0003.jpg"), "width"] == 12
    assert findings["width"].dtype.kind == findings["height"].dtype.kind == "i"
    opened.clear()
    monkeypatch.setattr(check, "_TICK_NS", 0)
    look(photos)
    look(photos)
    assert sorted(opened) == ["0000.jpg", "0001.jpg", "0003.jpg"]  # once more, for they changed as they were looked at


def test_photos_not_asked_about_stay_remembered(photos, opened):
    samples = read_layout(photos).samples
    check_photos(samples, photos)
    (photos / "갈비찜/0000.jpg").touch()
    time.sleep(0.03)
    check_photos(samples[samples["label"] == "갈비찜"], photos)
    opened.clear()
    check_photos(samples, photos)
    assert opened == []


def test_a_photo_that_is_gone_meanwhile_is_found_and_not_remembered(photos):
    samples = read_layout(photos).samples
    gone = photos / "김밥/0000.jpg"
    gone.unlink()
    findings = check_photos(samples, photos).set_index("path")
    assert "No such file" in findings.loc[str(gone), "fault"]
    assert "김밥/0000.jpg" not in memory().read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[: len(whole) // 2],
        lambda whole: b"",
        lambda whole: b"\xff\xfe\x00\x00",
        lambda whole: b"path,fault\n/a.jpg,\n",
        lambda whole: whole + b"text,where,numbers,,,,,,,\n",
        lambda whole: whole + b"one,column,too,many,in,this,line,of,the,table,today\n",
        lambda whole: whole + whole.partition(b"\n")[2],
    ],
    ids=["cut", "empty", "binary", "columns", "numbers", "ragged", "twice"],
)
def test_a_damaged_memory_is_survived_and_mended(photos, opened, damage):
    first = look(photos)
    memory().write_bytes(damage(memory().read_bytes()))
    pd.testing.assert_frame_equal(look(photos), first, check_dtype=False)
    opened.clear()
    look(photos)
    assert opened == []


@pytest.mark.parametrize("seconds", [60, -1])
def test_what_was_seen_before_a_stop_is_remembered(make_photos, tmp_path, monkeypatch, opened, seconds):
    """Also where every photo is written down at once, as after a minute of looking."""
    monkeypatch.setattr(check, "_KEPT_EVERY", seconds)
    photos = make_photos(tmp_path / "many", {"김밥": 80})
    time.sleep(0.05)  # photos just written may change again unseen, and are not remembered
    look_at, seen = check._look, []

    def stopping(path):
        if len(seen) == 69:
            raise KeyboardInterrupt
        seen.append(path)
        return look_at(path)

    with monkeypatch.context() as patch:
        patch.setattr(check, "available_cores", lambda: 1)
        patch.setattr(check, "_look", stopping)
        with pytest.raises(KeyboardInterrupt):
            look(photos)
    opened.clear()
    again = look(photos)
    assert len(opened) == 11
    opened.clear()
    pd.testing.assert_frame_equal(look(photos), again, check_dtype=False)
    assert opened == []


def test_what_another_version_found_is_not_read(photos, opened, monkeypatch):
    look(photos)
    monkeypatch.setattr(check, "_CACHE", replace(check._CACHE, version=check._CACHE.version + 1))
    look(photos)
    assert len(opened) == 12


def test_no_place_to_remember_costs_a_second_look_only(photos, tmp_path, monkeypatch, opened, caplog):
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setenv("KFOOD_CACHE", str(blocked))
    look(photos)
    look(photos)
    assert len(opened) == 12
    assert "What was found in the photos cannot be kept" in caplog.text


@pytest.mark.filterwarnings("error")
def test_what_looks_like_a_number_or_like_nothing_is_remembered_as_written(tmp_path):
    """Pillow calls black and white "1", and a table of such photos only would come back as numbers."""
    (tmp_path / "NA").mkdir()
    Image.new("1", (8, 8)).save(tmp_path / "NA" / "0.png")
    assert look(tmp_path)["mode"].tolist() == look(tmp_path)["mode"].tolist() == ["1"]
