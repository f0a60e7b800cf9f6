"""What words name: each photo once, in a known order, and nothing held that could be many."""

import io
import os
import shutil
import sys
import tarfile

import pytest

from kfood.errors import KfoodError
from kfood.prediction.path_lists import paths_on_stdin
from kfood.prediction.sources import Named, find_photos
from support.colours import paint
from support.zips import tar_of, zip_of


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A current folder with photos/{0,1}.png and photos/deep/2.png."""
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("0.png", "1.png", "deep/2.png")):
        paint(tmp_path / "photos" / name, number)
    return tmp_path


def paths(*words):
    photos = find_photos(words)
    found = [photo.path for photo in photos if photo]
    assert photos.total in (None, len(found))
    return found


def content(photo: Named) -> bytes:
    assert not photo.fault
    if isinstance(photo.content, str):
        with open(photo.content, "rb") as file:
            return file.read()
    return photo.content()


def test_photos_come_in_the_order_of_the_words_and_in_a_folder_by_path(here):
    paint(here / "photos" / "deep.png", 0)
    assert paths("photos") == ["photos/0.png", "photos/1.png", "photos/deep.png", "photos/deep/2.png"]
    assert paths("photos/1.png", "photos/0.png") == ["photos/1.png", "photos/0.png"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("photos/1.png", "photos", "photos/1.png"), ["photos/1.png", "photos/0.png", "photos/deep/2.png"]),
        (("photos", "photos/deep"), ["photos/0.png", "photos/1.png", "photos/deep/2.png"]),
        (("photos/deep", "photos", "photos"), ["photos/deep/2.png", "photos/0.png", "photos/1.png"]),
        (("photos", "photos/.hidden.png"), ["photos/0.png", "photos/1.png", "photos/deep/2.png", "photos/.hidden.png"]),
    ],
)
def test_each_photo_comes_once(here, words, expected):
    paint(here / "photos" / ".hidden.png", 0)
    assert paths(*words) == expected


@pytest.mark.parametrize("name", ["음식.zip", "음식.tar", "음식.tar.gz"])
def test_an_archive_is_read_where_it_is(here, name):
    files = {f"갈비찜/{number}.png": paint(here / f"{number}.png", number).read_bytes() for number in range(3)}
    others = {"__MACOSX/갈비찜/0.png": b"x", "갈비찜/.0.png": b"x", "readme.txt": b"x"}
    (zip_of if name.endswith("zip") else tar_of)(here / name, files | others)
    before = sorted(here.rglob("*"))
    found = {photo.path: content(photo) for photo in find_photos([name])}
    assert list(found.items()) == [(f"{name}/{inner}", content) for inner, content in files.items()]
    assert sorted(here.rglob("*")) == before


def test_names_in_an_archive_of_korean_windows_are_right(here):
    zip_of(here / "a.zip", {"갈비찜/가.png": b"x"}, encoding="cp949")
    assert paths("a.zip") == ["a.zip/갈비찜/가.png"]


def test_a_damaged_photo_in_an_archive_spoils_no_other(here):
    files = {f"{number}.png": bytes([number]) * 500 for number in range(3)}
    archive = zip_of(here / "a.zip", files)
    spoiled = bytearray(archive.read_bytes())
    start = spoiled.find(b"1.png") + 5
    spoiled[start : start + 4] = b"\xff\xff\xff\xff"
    archive.write_bytes(spoiled)
    photos = iter(find_photos([str(archive)]))
    assert content(next(photos)) == files["0.png"]
    with pytest.raises(KfoodError, match=r"a\.zip cannot be read"):
        content(next(photos))
    assert content(next(photos)) == files["2.png"]


@pytest.mark.parametrize(
    ("name", "words"),
    [("a.zip", "cannot be read as a zip, tar or tar.gz archive"), ("b.tar.gz", "cannot be read as a zip")],
)
def test_an_archive_that_is_none_is_said(here, name, words):
    (here / name).write_bytes(b"no archive" * 99)
    with pytest.raises(KfoodError, match=words):
        find_photos([name])


def test_a_link_in_an_archive_leads_nowhere(here):
    with tarfile.open(here / "a.tar", "w") as tar:
        link = tarfile.TarInfo("0.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    with pytest.raises(KfoodError, match="a link or a device"):
        find_photos(["a.tar"])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
@pytest.mark.parametrize("name", ["목록.txt", "목록.csv"])
def test_a_list_names_photos_from_its_folder_or_the_current_one(here, name, encoding):
    paint(here / "lists" / "가.png", 0)
    rows = ["가.png", "photos/0.png", "", str(here / "photos" / "1.png"), "gone.png", "photos\\deep\\2.png"]
    head = ["path", *rows] if name.endswith("csv") else rows
    (here / "lists" / name).write_text("\r\n".join(head) + "\r\n", encoding=encoding)
    photos = find_photos([f"lists/{name}"])
    found = list(photos)
    assert photos.total == 5 and [photo.path for photo in found] == [row for row in rows if row]
    assert [bool(photo.fault) for photo in found] == [False, False, False, True, False]
    assert found[3].fault == "there is no such file, neither in lists nor in the current folder"
    assert all(os.path.isfile(photo.content) for photo in found if not photo.fault)


def test_a_csv_may_have_more_columns_and_must_have_that_of_the_paths(here):
    (here / "a.csv").write_text("label;path\n김밥;photos/0.png\n")
    assert paths("a.csv") == ["photos/0.png"]
    (here / "a.csv").write_text("label;paths\n김밥;photos/0.png\n")
    with pytest.raises(KfoodError, match='no column "path"'):
        find_photos(["a.csv"])


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("gone", "There is no photo or folder gone."),
        ("empty", "There is no photo in empty: their names end in .jpg"),
        ("empty.zip", "There is no photo in empty.zip: their names end in .jpg"),
        ("empty.txt", "empty.txt lists no photos."),
        ("a.xlsx", "a.xlsx is not a photo: save it as CSV with a column path"),
    ],
)
def test_what_holds_no_photo_is_said(here, word, words):
    (here / "empty").mkdir()
    (here / "empty" / "notes.txt").write_text("x")
    zip_of(here / "empty.zip", {"notes.txt": b"x"})
    for name in ("empty.txt", "a.xlsx"):
        (here / name).write_text("\n")
    with pytest.raises(KfoodError, match=words):
        find_photos([word])


def test_standard_input_is_followed_line_by_line(here):
    lines = iter([b"\xef\xbb\xbfphotos/0.png\n", b"\n", b"gone.png\r\n", b"\xff.png\n", b"photos/1.png"])
    found = [line for line in paths_on_stdin(lines) if line]
    assert [line.path for line in found] == ["photos/0.png", "gone.png", "\udcff.png", "photos/1.png"]
    assert [line.file is None for line in found] == [False, True, True, False]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_no_utf8_is_one_that_any_file_can_hold(here, monkeypatch):
    paint(here / os.fsdecode(b"\xff.png"), 0)
    zip_of(here / os.fsdecode(b"\xff.zip"), {"0.png": b"x"})
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff.png\n")))
    photos = find_photos([*map(os.fsdecode, (b"\xff.png", b"\xff.zip")), "-"])
    named = [photo.path for photo in photos if photo and content(photo)]
    assert named == ["\ufffd.png", "\ufffd.zip/0.png", "\ufffd.png"]


def test_while_nothing_comes_standard_input_says_so(here):
    reading, writing = os.pipe()
    lines = paths_on_stdin(open(reading, "rb"))  # noqa: SIM115 - closed with the process
    os.write(writing, b"photos/0.png\n")
    assert next(lines).path == "photos/0.png"
    assert next(lines) is None
    os.write(writing, b"photos/1.png\n")
    os.close(writing)
    assert [line.path for line in lines if line] == ["photos/1.png"]


def test_only_those_that_are_asked_for_are_looked_for(here, monkeypatch):
    (here / "many.txt").write_text("photos/0.png\n" * 5000)
    photos = find_photos(["many.txt"])
    looked = []
    monkeypatch.setattr(os.path, "exists", lambda path, exists=os.path.exists: looked.append(path) or exists(path))
    assert len([photo for photo in photos.first(20) if photo]) == 20
    assert len(looked) == 20


def test_a_folder_that_is_linked_to_itself_ends(here):
    (here / "photos" / "deep" / "up").symlink_to(here / "photos")
    assert len(paths("photos")) == 3
    shutil.rmtree(here / "photos" / "deep")
    assert len(paths("photos")) == 2


def test_a_photo_too_large_for_memory_is_no_photo(here, monkeypatch):
    from kfood.prediction import sources

    monkeypatch.setattr(sources, "_MOST_BYTES", 100)
    zip_of(here / "a.zip", {"0.png": os.urandom(500), "1.png": b"x"})
    photos = iter(find_photos(["a.zip"]))
    with pytest.raises(KfoodError, match="GB large, which no photo is"):
        content(next(photos))
    assert content(next(photos)) == b"x"
