"""Files of predictions hold what was predicted, after a stop as well."""

import csv
import json
import sys

import pandas as pd
import pytest

from kfood.errors import KfoodError, MachineError
from kfood.prediction import outputs
from kfood.prediction.outputs import RowFile, paths_in, require_kind, rows_file
from kfood.prediction.stream import Row, column_names

COLUMNS = column_names(2)
ROWS = [
    Row("사진/가, \"나\".jpg", (("김밥", 0.75), ("떡국", 0.25))),
    Row("two\nlines\r.jpg", (("떡국", 1.0), ("김밥", 0.0))),
    Row("=1+1", (), "cannot identify image file"),
]  # fmt: skip
TABLE = pd.DataFrame([row.cells(2) for row in ROWS], columns=COLUMNS)
NAMES = ["a.csv", "a.excel.csv", "A.CSV", "a.jsonl", "a.parquet"]
READERS = {
    ".csv": lambda file: pd.read_csv(file, lineterminator=None, keep_default_na=False, na_values=[""]),
    ".jsonl": lambda file: pd.read_json(file, lines=True),
    ".parquet": pd.read_parquet,
}


def read(file):
    return READERS[file.suffix.lower()](file).astype({"path": str})


def written(file, rows=ROWS, **options):
    with RowFile(file, COLUMNS, **options) as out:
        for row in rows:
            out.write(row.cells(2))
    return file


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_is_read(tmp_path, name):
    found = read(written(tmp_path / name))
    pd.testing.assert_frame_equal(found, TABLE, check_dtype=False)


@pytest.mark.parametrize(("name", "begins"), [("a.csv", b"path,"), ("a.excel.csv", b"\xef\xbb\xbfpath,")])
def test_excel_is_told_that_it_is_utf_8(tmp_path, name, begins):
    assert written(tmp_path / name).read_bytes().startswith(begins)


@pytest.mark.parametrize("name", NAMES)
def test_rows_are_added_behind_the_whole_ones_wherever_the_file_was_cut(tmp_path, name):
    file = tmp_path / name
    with pytest.raises(ZeroDivisionError), RowFile(file, COLUMNS) as out:
        for row in ROWS:
            out.write(row.cells(2))
        raise ZeroDivisionError  # as killed: of a Parquet file, the rows are there only
    whole = rows_file(file).read_bytes()
    for cut in range(0, len(whole) + 1, 23 if name.endswith("parquet") else 3):
        rows_file(file).write_bytes(whole[:cut])
        done = list(paths_in(rows_file(file), COLUMNS))
        assert done == [row.path for row in ROWS[: len(done)]]
        written(file, ROWS[len(done) :], add=True)
        assert rows_file(file).read_bytes() == whole
    pd.testing.assert_frame_equal(read(file), TABLE, check_dtype=False)


def test_each_row_is_on_the_disk_at_once(tmp_path):
    with RowFile(tmp_path / "a.csv", COLUMNS) as out:
        for number, row in enumerate(ROWS, 1):
            out.write(row.cells(2))
            with (tmp_path / "a.csv").open(newline="") as file:
                assert len(list(csv.reader(file))) == number + 1


def test_ctrl_c_leaves_a_parquet_file_and_its_rows(tmp_path):
    with pytest.raises(KeyboardInterrupt), RowFile(tmp_path / "a.parquet", COLUMNS) as out:
        out.write(ROWS[0].cells(2))
        raise KeyboardInterrupt
    assert read(tmp_path / "a.parquet")["path"].tolist() == [ROWS[0].path]
    assert [json.loads(line)["predicted"] for line in rows_file(tmp_path / "a.parquet").open()] == ["김밥"]


def test_a_large_parquet_file_is_made_in_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(outputs, "_ROWS_A_GROUP", 7)
    assert read(written(tmp_path / "a.parquet", ROWS * 9))["path"].tolist() == [row.path for row in ROWS] * 9


@pytest.mark.parametrize(
    ("name", "words"),
    [("a.txt", "a.txt does not end in .csv"), ("a.json", 'Did you mean ".jsonl"'), ("a", "a does not end in .csv")],
)
def test_another_ending_is_refused(tmp_path, name, words):
    with pytest.raises(KfoodError, match=words):
        require_kind(tmp_path / name)


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
@pytest.mark.parametrize("content", ["path,label\na.jpg,x\n", '{"path": "a"}\n', "\x00\n", "[1]\n", "1\n"])
def test_another_file_is_never_added_to(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    with pytest.raises(KfoodError, match="has other columns|has rows without|is no file of predictions"):
        RowFile(tmp_path / name, COLUMNS, add=True)
    assert (tmp_path / name).read_text() == content


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full")
def test_a_full_disk_is_said_in_a_sentence(tmp_path):
    (tmp_path / "a.csv").symlink_to("/dev/full")
    with pytest.raises(MachineError, match="a.csv cannot be written: the disk is full"):
        RowFile(tmp_path / "a.csv", COLUMNS)
