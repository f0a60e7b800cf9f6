"""`kfood data unpack` says what it did and what to do next, which then works."""

from support.zips import zip_of


def files_of(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.glob("*/*")}


def test_what_is_said_leads_on(kfood, make_photos, here):
    photos = files_of(make_photos(here / "photos", {"갈비찜": 3, "김밥": 3}))
    zip_of(here / "내 사진.zip", {f"사진/{name}": content for name, content in photos.items()}, "cp949")
    answer = kfood("data", "unpack", "내 사진.zip")
    assert (answer.code, answer.err) == (0, "")
    assert f"Unpacked: 6 files (0.0 MB) into {here}/내 사진\n" in answer.out
    assert f"Look at them:  kfood data check '{here}/내 사진/사진'\n" in answer.out
    assert "6 of 6 photos can be read" in kfood("data", "check", f"{here}/내 사진/사진").out


def test_a_hostile_archive_is_one_line_on_stderr(kfood, here):
    zip_of(here / "a.zip", {"../\x1b[2J\n.jpg": b"x"})
    answer = kfood("data", "unpack", "a.zip")
    assert answer.code == 2
    assert answer.err.startswith(r"Error: a.zip holds ../\x1b[2J\n.jpg, which would be written outside")
    assert answer.err.count("\n") == 1
    assert [path.name for path in here.iterdir()] == ["a.zip"]


def test_an_archive_as_data_is_answered_with_the_command(kfood, here):
    zip_of(here / "a.zip", {"김밥/0.jpg": b"x"})
    assert "an archive is unpacked by kfood data unpack." in kfood("data", "check", "a.zip").err
