"""Files appear whole or not at all, and text comes back as it was."""

import pandas as pd
import pytest

from kfood.system.files import made_folder, read_csv, write_csv, write_whole


def test_text_comes_back_as_it_was(tmp_path):
    table = pd.DataFrame({"label": ["NA", "", "007", "떡국_만두국"], "area": [""] * 4, "loss": [0.1, 1 / 3, 2.0, 1e-9]})
    write_csv(tmp_path / "t.csv", table)
    back = read_csv(tmp_path / "t.csv", text=["label", "area"])
    assert back[["label", "area"]].to_numpy().tolist() == table[["label", "area"]].to_numpy().tolist()
    assert back["loss"].tolist() == pytest.approx(table["loss"].tolist(), rel=1e-12)


def test_excel_is_told_the_encoding(tmp_path):
    write_csv(tmp_path / "t.csv", pd.DataFrame({"이름": ["갈비찜"]}))
    assert (tmp_path / "t.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")

    def half(partial):
        partial.write_text("ha")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_whole(path, half)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_was_made_stays_only_with_something_in_it(tmp_path):
    (tmp_path / "there").mkdir()
    for folder in (tmp_path / "there", tmp_path / "there" / "new" / "deep"):
        with pytest.raises(KeyboardInterrupt), made_folder(folder):
            assert folder.is_dir()
            raise KeyboardInterrupt
    assert list(tmp_path.rglob("*")) == [tmp_path / "there"]
    with pytest.raises(KeyboardInterrupt), made_folder(tmp_path / "new" / "deep"):
        (tmp_path / "new" / "kept").touch()
        raise KeyboardInterrupt
    assert list((tmp_path / "new").iterdir()) == [tmp_path / "new" / "kept"]
    with made_folder(tmp_path / "other"):
        (tmp_path / "other" / "file").touch()
    assert (tmp_path / "other" / "file").exists()


def test_a_missing_number_is_one(tmp_path):
    write_csv(tmp_path / "t.csv", pd.DataFrame({"valley": [0.1, float("nan")]}))
    assert read_csv(tmp_path / "t.csv")["valley"].isna().tolist() == [False, True]
