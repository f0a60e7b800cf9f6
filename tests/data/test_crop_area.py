"""AI Hub's crop_area.properties is read as far as it says where the dish is."""

import unicodedata

import pytest

from kfood.data.crop_area import areas_in, parse_area
from kfood.data.layouts import read_layout


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Img_000_0001=45,76,538,404", {"Img_000_0001": "45,76,538,404"}),
        (" Img_000_0001 = 45, 76 ,538 , 404 ", {"Img_000_0001": "45,76,538,404"}),
        ("Img_000_0001=538,404", {}),  # a width and a height do not say where
        ("Img_000_0001=45,76,0,404", {}),
        ("Img_000_0001=45,76,538,", {}),
        ("Img_000_0001", {}),
        ("[sections]", {}),
        ("", {}),
    ],
)
def test_line_of_the_file(tmp_path, line, expected):
    (tmp_path / "crop_area.properties").write_text(f"[sections]\n{line}\n")
    assert areas_in(tmp_path) == expected


def test_folder_without_the_file_has_no_areas(tmp_path):
    assert areas_in(tmp_path) == {}


def test_bytes_that_are_no_utf8_do_not_stop_the_reading(tmp_path):
    (tmp_path / "crop_area.properties").write_bytes("# 갈비\r\nImg_1=1,2,3,4\r\n".encode("cp949"))
    assert areas_in(tmp_path) == {"Img_1": "1,2,3,4"}


def test_area_as_text_and_back():
    assert parse_area("45,76,538,404") == (45, 76, 538, 404)
    assert parse_area("") is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_names_in_hangul_of_any_form_and_encoding(tmp_path, encoding):
    (tmp_path / "crop_area.properties").write_bytes("김치 찌개 1=1,2,3,4\n갈비=5,6,7,8\n".encode(encoding))
    assert areas_in(tmp_path) == {"김치 찌개 1": "1,2,3,4", "갈비": "5,6,7,8"}


def test_an_area_is_that_of_the_photo_whose_name_is_composed_otherwise(make_photos, tmp_path):
    name = unicodedata.normalize("NFD", "김치 {}.jpg")
    make_photos(tmp_path, {"김치": 2, "라면": 2}, name=name)
    (tmp_path / "김치" / "crop_area.properties").write_text("김치 0=1,2,3,4\n", encoding="utf-8")
    assert read_layout(tmp_path).samples["area"].tolist() == ["1,2,3,4", "", "", ""]
