"""A CSV as Excel, pandas or a person writes it becomes samples; what is wrong is told by its line."""

import unicodedata
from pathlib import Path

import pytest

from kfood.data.layouts import read_layout
from kfood.errors import KfoodError


@pytest.fixture
def read(tmp_path):
    """Return a function that writes a CSV and reads it as samples."""

    def write_and_read(*lines: str, encoding: str = "utf-8"):
        (tmp_path / "photos.csv").write_text("\n".join(lines) + "\n", encoding=encoding)
        return read_layout(tmp_path / "photos.csv").samples

    return write_and_read


def error_of(read, *lines: str) -> str:
    with pytest.raises(KfoodError) as caught:
        read(*lines)
    assert "photos.csv" in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_encodings_of_excel_and_of_everyone_else(read, tmp_path, encoding):
    samples = read("path,label", "사진/b.jpg,김밥", "a.jpg,갈비찜", encoding=encoding)
    assert samples.to_dict("records") == [
        {"path": str(tmp_path / "a.jpg"), "label": "갈비찜", "split": "", "area": ""},
        {"path": str(tmp_path / "사진" / "b.jpg"), "label": "김밥", "split": "", "area": ""},
    ]


def test_split_and_group_are_taken_over_and_other_columns_left(read):
    samples = read("label, note ,split, path,group", 'x,"a, b",Train,1.jpg,g', "x,,validation,2.jpg,", "y,,TEST,3.jpg,")
    assert samples["split"].tolist() == ["train", "valid", "test"]
    assert samples["group"].tolist() == ["g", "", ""]


def test_labels_become_composed_and_stay_text(read):
    assert read("path,label", f"a.jpg,{unicodedata.normalize('NFD', '갈비찜')}")["label"].tolist() == ["갈비찜"]
    assert read("path,label", "a.jpg,007", "b.jpg,NA")["label"].tolist() == ["007", "NA"]


def test_absolute_paths_stay(read, tmp_path):
    assert read("path,label", f"{tmp_path}/else/where.jpg,x")["path"].tolist() == [f"{tmp_path}/else/where.jpg"]


@pytest.mark.parametrize(
    "name",
    [
        "real/a.jpg",
        "real//./a.jpg",
        "real/a.jpg/",
        "real/inner/../a.jpg",
        "gone/../real/a.jpg",
        "folder/a.jpg",
        "folder/inner/../a.jpg",
        "photo.jpg",
        "folder/again.jpg",
    ],
)
def test_paths_are_resolved_through_links(read, tmp_path, name):
    (tmp_path / "real" / "inner").mkdir(parents=True)
    (tmp_path / "real" / "a.jpg").touch()
    (tmp_path / "folder").symlink_to("real")
    (tmp_path / "photo.jpg").symlink_to("folder/a.jpg")
    (tmp_path / "real" / "again.jpg").symlink_to("a.jpg")
    assert read("path,label", f"{name},x", "b.jpg,x")["path"].tolist()[1:] == [str(tmp_path / "real" / "a.jpg")]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "rows", [("a.jpg,x,", "b.jpg,y,"), ("a.jpg,x", "", "b.jpg,y", ","), (" a.jpg , x ", "b.jpg,y")]
)
def test_commas_at_line_ends_empty_rows_and_spaces_do_no_harm(read, tmp_path, rows):
    samples = read("path,label", *rows)
    assert samples["path"].tolist() == [str(tmp_path / "a.jpg"), str(tmp_path / "b.jpg")]
    assert samples["label"].tolist() == ["x", "y"]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("path,lable", "a.jpg,x"), 'has no column "label". Did you mean "lable"? It needs path and label'),
        (("file,label", "a.jpg,x"), 'has no column "path". It needs path and label, and may have split and group.'),
        (("a.jpg,x", "b.jpg,y"), "has no header: its first line must name the columns."),
        (
            ("path;label", "a.jpg;x", "b;c.jpg;y"),
            "line 3: there are more cells than columns. Put text with a semicolon",
        ),
        (("path,label,split", "a.jpg,x,", "b.jpg,x,holdout"), 'line 3: "holdout" is no split.'),
        (("path,label", "a.jpg,x", "b.jpg,"), "line 3: the label is empty."),
        (("path,label", "", "a.jpg,x", "", ",x"), "line 5: the path is empty."),
        (("path,label", "a.jpg,x", "b.jpg,x", "./a.jpg,y"), "line 4: "),
        (("path,label", "a.jpg,x", "b.jpg,x", "./a.jpg,y"), "a.jpg is listed twice."),
        (("path,label",), "lists no photos."),
        (("",), "is not a CSV"),
        (("path,label,Path,label", "a.jpg,x,y,z"), 'has 2 columns called "label": leave one.'),
        (("path,label", "a.jpg,x", "fish, grilled.jpg,x"), "line 3: there are more cells than columns. Put text with"),
        (("path,label", "fish, grilled.jpg,x", "a.jpg,x"), "line 2: there are more cells than columns."),
        (("path,label", '"a\nb.jpg",x', "b.jpg"), "line 4: the label is empty."),
        (
            ("path,label", "a.jpg,x", "b\0.jpg,x"),
            "line 3: ",
        ),
        (("path,label", f"a.jpg,{'x' * 300}"), "line 2: this cannot be a label, as it has more than 255 characters or"),
        (("path,label", f"a.jpg,{'x' * 200_000}"), "is not a CSV: line 2: field larger than field limit"),
        (("path,label", '"a.jpg,x'), "is not a CSV"),
    ],
)
def test_what_is_wrong_is_said(read, lines, words):
    assert words in error_of(read, *lines)


def test_formulas_stay_text(read, tmp_path):
    samples = read("path,label", "=1+1.jpg,@SUM(1)", "-2.jpg,+1")
    assert samples["label"].tolist() == ["+1", "@SUM(1)"]
    assert samples["path"].tolist() == [str(tmp_path / "-2.jpg"), str(tmp_path / "=1+1.jpg")]


def test_paths_may_leave_the_folder(read, tmp_path):
    assert read("path,label", "../else/a.jpg,x")["path"].tolist() == [str(tmp_path.parent / "else" / "a.jpg")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp949"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("head", ["path{0}label", "Path{0}LABEL", '"path"{0}"label"', "sep={0}\r\npath{0}label"])
def test_a_csv_is_read_as_other_programs_write_it(tmp_path, encoding, separator, head):
    text = head.format(separator) + f"\r\n김밥/a.jpg{separator}김밥\r\n라면\\b.jpg{separator}라면\r\n"
    mark = {"utf-16-le": "\ufeff", "utf-16-be": "\ufeff"}.get(encoding, "")
    (tmp_path / "photos.csv").write_bytes((mark + text).encode(encoding))
    samples = read_layout(tmp_path / "photos.csv").samples
    assert samples["path"].tolist() == [str(tmp_path / "김밥" / "a.jpg"), str(tmp_path / "라면" / "b.jpg")]
    assert samples["label"].tolist() == ["김밥", "라면"]


def test_a_backslash_in_a_name_that_is_there_stays(make_photos, tmp_path):
    (tmp_path / "a\\b.jpg").write_bytes(b"x")
    (tmp_path / "photos.csv").write_text("path,label\na\\b.jpg,김밥\n", encoding="utf-8")
    assert read_layout(tmp_path / "photos.csv").samples["path"].tolist() == [str(tmp_path / "a\\b.jpg")]


def test_neither_utf8_nor_cp949_is_said(tmp_path):
    (tmp_path / "photos.csv").write_bytes(b"path,label\n\xff\xff.jpg,x\n")
    with pytest.raises(KfoodError, match=r"photos\.csv is neither in UTF-8 nor in UTF-16 or CP949: save it as UTF-8"):
        read_layout(tmp_path / "photos.csv")


@pytest.mark.parametrize("on_disk", ["NFC", "NFD"])
@pytest.mark.parametrize("written", ["NFC", "NFD"])
@pytest.mark.parametrize("slash", ["/", "\\"])
def test_paths_and_groups_are_found_in_any_form(read, make_photos, tmp_path, on_disk, written, slash):
    def form(text: str, which: str = written) -> str:
        return unicodedata.normalize(which, text)

    make_photos(tmp_path, {form("사진/김밥[1]", on_disk): 2}, name=form("김;밥 {}.jpg", on_disk))
    rows = [form(f'"사진{slash}김밥[1]{slash}김;밥 {n}.jpg",김밥,{form("판", ("NFC", "NFD")[n])}') for n in range(2)]
    samples = read("path,label,group", *rows)
    assert all(Path(path).is_file() for path in samples["path"])
    assert samples["group"].nunique() == 1 and samples["label"].tolist() == ["김밥", "김밥"]
