"""An archive becomes a folder whole or not at all: names come out right, and nothing hostile gets in."""

import io
import os
import shutil
import stat
import tarfile
import unicodedata
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from kfood.data import archive as archive_module
from kfood.data.layouts import read_layout
from kfood.data.unpack import unpack
from kfood.errors import KfoodError
from support.zips import tar_of, zip_of

NAMES = ("사진/갈비찜/첫 번째.jpg", "사진/김밥/0.jpg", "사진/뷁/똠방각하.jpg")  # the last ones only CP949 has
FILES = {name: os.urandom(3000) for name in NAMES}


def nfd(files: dict[str, bytes]) -> dict[str, bytes]:
    return {unicodedata.normalize("NFD", name): content for name, content in files.items()}


def below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if not path.is_dir()}


@pytest.fixture
def refused(tmp_path):
    """Return a function that requires that an archive is refused and nothing is left, and returns the sentence."""

    def run(archive: Path) -> str:
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(KfoodError) as caught:
            unpack(archive, tmp_path / "out")
        assert sorted(tmp_path.rglob("*")) == before
        assert str(archive) in str(caught.value) and "\n" not in str(caught.value)
        return str(caught.value)

    return run


@pytest.mark.parametrize(
    "make",
    [
        lambda path: zip_of(path / "a.zip", FILES),
        lambda path: zip_of(path / "a.zip", FILES, "cp949"),
        lambda path: zip_of(path / "a.zip", nfd(FILES), "utf-8"),
        lambda path: zip_of(path / "a.zip", nfd(FILES)),
        lambda path: zip_of(path / "a.zip", {name.replace("/", "\\"): FILES[name] for name in FILES}, "cp949"),
        lambda path: tar_of(path / "a.tar", FILES),
        lambda path: tar_of(path / "a.tar.gz", nfd(FILES)),
        lambda path: tar_of(path / "a.tar", FILES, "cp949"),
    ],
    ids=["zip", "CP949", "macOS", "NFD", "Windows", "tar", "tar.gz", "tar CP949"],
)
def test_korean_names_come_out_composed(tmp_path, make):
    found = unpack(make(tmp_path), tmp_path / "out")
    assert below(tmp_path / "out") == FILES
    assert (found.folder, found.files, found.size) == (tmp_path / "out", 3, 9000)
    assert found.data == tmp_path / "out" / "사진"  # where the class folders are
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["out", *(p.name for p in tmp_path.glob("a.*"))])


def test_what_comes_out_is_a_data_folder(tmp_path, make_photos):
    photos = make_photos(tmp_path / "photos", {"갈비찜": 2, "김밥": 1})
    archive = shutil.make_archive(tmp_path / "all", "zip", photos)
    found = unpack(Path(archive), tmp_path / "out")
    assert found.data == found.folder
    assert read_layout(found.data).samples["label"].tolist() == ["갈비찜", "갈비찜", "김밥"]
    assert below(found.folder) == below(photos)


def test_one_folder_of_photos_stays_a_class(tmp_path):
    found = unpack(zip_of(tmp_path / "a.zip", {"김밥/0.jpg": b"x", "김밥/1.jpg": b"x"}), tmp_path / "out")
    assert found.data == tmp_path / "out"


def test_hidden_files_and_what_macos_adds_stay_out(tmp_path):
    unwanted = {"__MACOSX/김밥/._0.jpg": b"x", "김밥/.DS_Store": b"x", ".git/config": b"x"}
    unpack(zip_of(tmp_path / "a.zip", {"김밥/0.jpg": b"photo", "./김밥//1.jpg": b"", **unwanted}), tmp_path / "out")
    assert below(tmp_path / "out") == {"김밥/0.jpg": b"photo", "김밥/1.jpg": b""}


@pytest.mark.parametrize(("name", "folder"), [("사진.zip", "사진"), ("a.b.TAR.GZ", "a.b"), ("c.tgz", "c")])
def test_the_folder_is_named_like_the_archive(tmp_path, monkeypatch, name, folder):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    archive = zip_of(tmp_path / "x", FILES) if name.endswith("zip") else tar_of(tmp_path / "x.gz", FILES)
    assert unpack(archive.rename(tmp_path / name)).folder == tmp_path / "here" / folder


OUTSIDE = [
    "../x.jpg",
    "a/../../x.jpg",
    "..",
    "a/..",
    "/etc/x.jpg",
    "C:/x.jpg",
    "c:x.jpg",
    "..\\x.jpg",
    "\\\\host\\x.jpg",
]


@pytest.mark.parametrize("make", [zip_of, tar_of], ids=["zip", "tar"])
@pytest.mark.parametrize("name", OUTSIDE)
def test_a_name_that_leads_out_is_refused_before_anything_is_written(tmp_path, refused, make, name):
    sentence = refused(make(tmp_path / "a.bin", {"김밥/0.jpg": b"x", name: b"x"}))
    assert f"holds {name}, which would be written outside of the folder. Nothing is unpacked" in sentence


@pytest.mark.parametrize("name", ["a..b/c../d...jpg", "12:30.jpg", "-rf.jpg", "--help/=cmd.jpg"])
def test_names_that_only_look_dangerous_pass(tmp_path, name):
    unpack(zip_of(tmp_path / "a.zip", {f"김밥/{name}": b"x"}), tmp_path / "out")
    assert below(tmp_path / "out") == {f"김밥/{name}": b"x"}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_in_a_tar_are_refused(tmp_path, refused, kind):
    assert "holds 김밥/0.jpg, which is a link or a device" in refused(
        tar_of(tmp_path / "a.tar", {"김밥/0.jpg": b""}, kind=kind)
    )


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO])
def test_links_in_a_zip_are_refused(tmp_path, refused, kind):
    archive = zip_of(tmp_path / "a.zip", {"김밥/0.jpg": b"/etc/passwd"}, mode=kind | 0o777)
    assert "holds 김밥/0.jpg, which is a link or a device" in refused(archive)


@pytest.mark.parametrize("names", [("갈/0.jpg", unicodedata.normalize("NFD", "갈/0.jpg")), ("a/b", "a//./b")])
def test_one_place_twice_is_refused(tmp_path, refused, names):
    assert " twice. Nothing is unpacked" in refused(zip_of(tmp_path / "a.zip", dict.fromkeys(names, b"x")))


def test_a_file_that_is_also_a_folder_is_refused(tmp_path, refused):
    assert "cannot be written" in refused(zip_of(tmp_path / "a.zip", {"a": b"x", "a/b.jpg": b"x"}))


@pytest.mark.parametrize("make", [zip_of, tar_of], ids=["zip", "tar.gz"])
def test_a_bomb_is_refused(tmp_path, refused, make, monkeypatch):
    monkeypatch.setattr(archive_module, "_ALWAYS_FITS", 2**20)
    archive = make(tmp_path / "a.gz", {"김밥/0.bmp": bytes(2**22)})
    assert "would unpack to more than 100 times its size" in refused(archive)


def test_a_bomb_in_the_headers_of_a_tar_is_refused(tmp_path, refused):
    entry = tarfile.TarInfo("x" * 2**22)  # a name of 4 MB, which a reader would take into memory
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(entry)
    assert "a header is too large" in refused(tmp_path / "a.tar.gz")


def test_photos_and_drawings_are_no_bomb(tmp_path):
    flat = io.BytesIO()
    Image.new("RGB", (2000, 2000)).save(flat, "BMP")  # 12 MB that shrink a thousand times
    unpack(zip_of(tmp_path / "a.zip", {**FILES, "사진/김밥/flat.bmp": flat.getvalue()}), tmp_path / "out")
    assert (tmp_path / "out/사진/김밥/flat.bmp").stat().st_size == len(flat.getvalue())


def test_too_little_room_is_said_before_anything_is_written(tmp_path, refused, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9 - 10_000, 10_000))
    assert f"but {tmp_path} has only 0.0 GB left: unpack it elsewhere." in refused(zip_of(tmp_path / "a.zip", FILES))


@pytest.mark.parametrize("make", [zip_of, tar_of], ids=["zip", "tar"])
@pytest.mark.parametrize("compressed", [False, True])
def test_an_archive_cut_off_anywhere_is_refused(tmp_path, refused, make, compressed):
    whole = make(tmp_path / ("a.gz" if compressed else "a.bin"), FILES).read_bytes()
    end = len(whole) if compressed or make is zip_of else 3 * (3072 + 512)  # a tar is filled up with zeros
    for share in range(20):
        (tmp_path / "a.bin").write_bytes(whole[: end * share // 20])
        assert "cannot be read as a zip, tar or tar.gz archive" in refused(tmp_path / "a.bin")


@pytest.mark.parametrize("make", [zip_of, tar_of], ids=["zip", "tar.gz"])
def test_a_byte_that_changed_on_the_way_is_noticed(tmp_path, refused, make):
    whole = bytearray(make(tmp_path / "a.gz", FILES).read_bytes())
    whole[len(whole) // 2] ^= 0xFF
    (tmp_path / "a.gz").write_bytes(whole)
    assert "cannot be read" in refused(tmp_path / "a.gz")


def test_a_damaged_header_within_a_tar_is_not_taken_for_its_end(tmp_path, refused):
    whole = bytearray(tar_of(tmp_path / "a.tar", FILES).read_bytes())
    whole[3072 + 512] ^= 0xFF  # the second file's header
    (tmp_path / "a.tar").write_bytes(whole)
    assert "cannot be read" in refused(tmp_path / "a.tar")


def test_an_encrypted_archive_is_said_to_be(tmp_path, refused):
    whole = bytearray(zip_of(tmp_path / "a.zip", {"a.jpg": b"x"}).read_bytes())
    whole[whole.index(b"PK\1\2") + 8] |= 1  # what says so, in the list of contents
    (tmp_path / "a.zip").write_bytes(whole)
    assert "is encrypted. Unpack it with its password" in refused(tmp_path / "a.zip")


def test_a_compression_that_python_lacks_is_said(tmp_path, refused):
    whole = bytearray(zip_of(tmp_path / "a.zip", {"a.jpg": b"x"}).read_bytes())
    whole[whole.index(b"PK\1\2") + 10] = 9  # Deflate64, which Windows uses for large files
    (tmp_path / "a.zip").write_bytes(whole)
    assert "a.jpg is compressed in a way that Python cannot read. Unpack it with 7-Zip." in refused(tmp_path / "a.zip")


def test_a_name_too_long_for_the_disk_is_said(tmp_path, refused):
    assert "its name is too long for this disk" in refused(zip_of(tmp_path / "a.zip", {"갈" * 300 + ".jpg": b"x"}))


@pytest.mark.parametrize("content", [b"", b"PK", b"no archive", b"\x1f\x8b"])
def test_what_is_no_archive_is_refused(tmp_path, refused, content):
    (tmp_path / "a.zip").write_bytes(content)
    assert "cannot be read as a zip, tar or tar.gz archive" in refused(tmp_path / "a.zip")


def test_an_archive_of_nothing_is_refused(tmp_path, refused):
    assert "holds no files" in refused(zip_of(tmp_path / "a.zip", {".DS_Store": b"x"}))


def test_a_tar_that_ends_with_a_zip_is_a_tar(tmp_path):
    inner = zip_of(tmp_path / "inner.zip", {"x.jpg": b"x"}).read_bytes()
    unpack(tar_of(tmp_path / "a.tar", {"inner.zip": inner}), tmp_path / "out")
    assert below(tmp_path / "out") == {"inner.zip": inner}


def test_only_a_new_or_empty_folder_is_taken(tmp_path):
    archive = zip_of(tmp_path / "a.zip", FILES)
    (tmp_path / "empty").mkdir()
    assert below(unpack(archive, tmp_path / "empty").folder) == FILES
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    for folder in ("full", "full/mine"):
        with pytest.raises(KfoodError, match="is there already: name a new folder"):
            unpack(archive, tmp_path / folder)
    with pytest.raises(KfoodError, match=f"There is no folder {tmp_path}/gone to unpack into"):
        unpack(archive, tmp_path / "gone" / "out")
    with pytest.raises(KfoodError, match=f"There is no archive {tmp_path}/gone"):
        unpack(tmp_path / "gone")


def test_ctrl_c_leaves_nothing(tmp_path, monkeypatch):
    archive = zip_of(tmp_path / "a.zip", FILES)
    read = zipfile.ZipFile.open

    def interrupted(self, entry, *args, **kwargs):
        if entry.filename == NAMES[1]:
            raise KeyboardInterrupt
        return read(self, entry, *args, **kwargs)

    monkeypatch.setattr(zipfile.ZipFile, "open", interrupted)
    with pytest.raises(KeyboardInterrupt):
        unpack(archive, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_a_disk_that_fills_up_leaves_nothing(tmp_path, refused, monkeypatch):
    def full(self, *args):
        raise OSError(28, "No space left on device")

    archive = zip_of(tmp_path / "a.zip", FILES)
    monkeypatch.setattr(
        Path, "open", lambda path, mode="r", real=Path.open: full(path) if "x" in mode else real(path, mode)
    )
    assert "cannot be written: No space left on device. Nothing is unpacked." in refused(archive)
