"""AI Hub's crop_area.properties is read as far as it says where the dish is."""

import pytest

from kfood.data.crop_area import areas_in, parse_area


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
