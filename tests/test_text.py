"""Words that came from outside, made fit for names of files."""

import pytest

from kfood.text import as_file_name

LONG = "돼지고기와 묵은지를 넣고 오래 끓인 얼큰한 김치찌개 (밥 포함, 계란말이와 콩나물무침 곁들임, 가정식 백반 2인분)"


def test_short_names_stay():
    assert as_file_name("test-wrong-갈비찜-돼지갈비찜", ".png") == "test-wrong-갈비찜-돼지갈비찜.png"


@pytest.mark.parametrize("sign", list('/\\:*?"<>|'))
def test_what_a_system_forbids_is_replaced(sign):
    assert as_file_name(f"a{sign}b", ".png") == "a_b.png"


def test_long_names_are_cut_and_told_apart(tmp_path):
    names = [as_file_name(f"test-wrong-{LONG}-{LONG}{end}", ".png") for end in ("a", "b")]
    assert len(set(names)) == 2
    for name in names:
        assert len(name.encode()) <= 200
        (tmp_path / name).write_bytes(b"x")
