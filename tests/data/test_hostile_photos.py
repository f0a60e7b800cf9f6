"""Photos and folders made to harm, or harmed: each is read, left out by name or refused in a sentence."""

import os
import socket
import struct
import subprocess
import sys
import unicodedata
import zlib
from pathlib import Path

import pytest
from PIL import Image

from kfood.data.check import check_photos, readable
from kfood.data.layouts import read_layout
from kfood.data.photo import open_photo
from kfood.errors import KfoodError
from kfood.system.files import read_csv, write_csv

RED = (255, 0, 0)
posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no such files")


def png(width: int, height: int, *extra: tuple[bytes, bytes], rows: bytes = b"") -> bytes:
    """A PNG that says to be so large, with chunks of its own; its pixels are zeros, or these rows."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), *extra, (b"IDAT", zlib.compress(rows or bytes(1000))), (b"IEND", b"")]
    sums = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(sums)


def encoded(tmp_path: Path, kind: str, **options) -> bytearray:
    Image.new("RGB", (40, 30), RED).save(tmp_path / "whole", kind, **options)
    return bytearray((tmp_path / "whole").read_bytes())


def jpeg_of_size(tmp_path: Path, width: int, height: int) -> bytes:
    content = encoded(tmp_path, "JPEG")
    at = content.index(b"\xff\xc0") + 5
    content[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(content)


def gif_of_size(tmp_path: Path, width: int, height: int) -> bytes:
    content = encoded(tmp_path, "GIF")
    content[6:10] = struct.pack("<HH", width, height)
    return bytes(content)


def bmp_of_size(tmp_path: Path, width: int, height: int) -> bytes:
    content = encoded(tmp_path, "BMP")
    content[18:26] = struct.pack("<ii", width, height)
    return bytes(content)


def looked_at(folder: Path) -> tuple[list[str], dict[str, str]]:
    """The names of photos that can be read, and the faults of the others, below one class folder."""
    samples = read_layout(folder).samples
    good, bad = readable(samples, check_photos(samples, folder))
    return [Path(path).name for path in good["path"]], {
        Path(path).name: fault for path, fault in bad[["path", "fault"]].values
    }


@pytest.fixture
def album(tmp_path) -> Path:
    """A data folder with one good photo in its one class."""
    folder = tmp_path / "album" / "김밥"
    folder.mkdir(parents=True)
    Image.new("RGB", (40, 30), RED).save(folder / "good.jpg")
    return folder


BOMBS = {
    "png": lambda tmp_path: png(50_000, 50_000),
    "jpg": lambda tmp_path: jpeg_of_size(tmp_path, 50_000, 50_000),
    "gif": lambda tmp_path: gif_of_size(tmp_path, 50_000, 50_000),
    "bmp": lambda tmp_path: bmp_of_size(tmp_path, 50_000, 50_000),
}
_PEAK = """
import resource, sys
from kfood.data.photo import inspect_photo, open_photo
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sys.argv[1:]:
    assert "exceeds limit" in inspect_photo(open(path, "rb"), path[-4:]).fault
    try:
        open_photo(path)
    except OSError as error:
        assert path in str(error) and "exceeds limit" in str(error)
    else:
        raise SystemExit("opened")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@posix
def test_bombs_are_faults_and_take_no_memory(tmp_path):
    for ending, make in BOMBS.items():
        (tmp_path / f"bomb.{ending}").write_bytes(make(tmp_path))
    command = [sys.executable, "-c", _PEAK, *map(str, tmp_path.glob("bomb.*"))]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
    kilobytes = int(ended.stdout) / (1024 if sys.platform == "darwin" else 1)
    assert kilobytes < 100_000  # decoded, one alone has 7.5 GB


def test_what_pillow_only_doubts_is_opened_without_a_warning(tmp_path):
    """100 million pixels: a phone of today."""
    path = tmp_path / "large.png"
    Image.new("1", (10_000, 10_000)).save(path)
    code = "import sys; from kfood.data.photo import open_photo; print(open_photo(sys.argv[1]).size)"
    ended = subprocess.run([sys.executable, "-W", "always", "-c", code, str(path)], capture_output=True, text=True)
    assert (ended.stdout, ended.stderr) == ("(10000, 10000)\n", "")


HOSTILE = {
    "zero.jpg": lambda tmp_path: jpeg_of_size(tmp_path, 0, 30),
    "zero.png": lambda tmp_path: png(0, 10),
    "zero.bmp": lambda tmp_path: bmp_of_size(tmp_path, 0, 0),
    "svg.jpg": lambda tmp_path: b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "html.jpg": lambda tmp_path: b"<!DOCTYPE html><script>alert(1)</script>",
    "eps.jpg": lambda tmp_path: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(x) run\n",
    "empty.jpg": lambda tmp_path: b"",
    "cut.jpg": lambda tmp_path: bytes(encoded(tmp_path, "JPEG")[:-200]),
    "cut.png": lambda tmp_path: bytes(encoded(tmp_path, "PNG")[:-30]),
    "text.png": lambda tmp_path: png(1, 1, (b"zTXt", b"k\0\0" + zlib.compress(bytes(2**26))), rows=bytes(4)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_content_is_left_out_by_name(tmp_path, album, name):
    (album / name).write_bytes(HOSTILE[name](tmp_path))
    good, faults = looked_at(album.parent)
    assert (good, list(faults)) == (["good.jpg"], [name])
    with pytest.raises(OSError, match=f"{name} cannot be read as a photo"):
        open_photo(album / name)


@posix
def test_an_eps_is_never_given_to_ghostscript(tmp_path, album, monkeypatch):
    monkeypatch.setattr("PIL.EpsImagePlugin.Ghostscript", lambda *_: pytest.fail("run"))
    Image.new("RGB", (9, 9)).save(album / "x.jpg", "EPS")
    assert list(looked_at(album.parent)[1]) == ["x.jpg"]


@posix
def test_a_file_larger_than_photos_are_is_not_read(album):
    with (album / "huge.jpg").open("wb") as file:
        file.truncate(10**12)  # takes no room on the disk, but would fill any memory
    assert looked_at(album.parent)[1] == {"huge.jpg": "is 1000.0 GB large, which no photo is"}


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_very_many_pictures_the_first_counts(album, kind):
    frames = [
        Image.new("RGB", (8, 8), (255 - number % 256, 0, number % 256))
        for number in range(200 if kind == "TIFF" else 2000)
    ]
    frames[0].save(
        album / "many.png",
        kind,
        save_all=True,
        append_images=frames[1:],
        **({"lossless": True} if kind == "WEBP" else {}),
    )
    assert looked_at(album.parent) == (["good.jpg", "many.png"], {})
    assert open_photo(album / "many.png").getpixel((4, 4)) == RED


@posix
def test_what_is_no_file_is_passed_over(album, tmp_path, monkeypatch):
    os.mkfifo(album / "pipe.jpg")
    (album / "folder.jpg").mkdir()
    (album / "to_pipe.jpg").symlink_to("pipe.jpg")
    (album / "device.jpg").symlink_to("/dev/zero")
    (album / "loop.jpg").symlink_to("loop.jpg")
    (album.parent / "loop").symlink_to(album.parent)
    (album.parent / "round").symlink_to("round")
    monkeypatch.chdir(album)  # the name of a socket is short
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket.jpg")
        assert looked_at(album.parent) == (["good.jpg"], {})


@posix
def test_a_csv_may_name_what_is_no_file(album):
    os.mkfifo(album / "pipe.jpg")
    names = ["good.jpg", "pipe.jpg", "gone.jpg", ".", "/dev/zero", "x" * 300 + ".jpg", "loop.jpg"]
    (album / "loop.jpg").symlink_to("loop.jpg")
    (album / "all.csv").write_text("path,label\n" + "".join(f"{name},김밥\n" for name in names))
    good, faults = looked_at(album / "all.csv")
    assert good == ["good.jpg"]
    assert faults["pipe.jpg"] == faults["zero"] == faults["김밥"] == "is not a file"
    assert faults["gone.jpg"] == "No such file or directory"
    assert len(faults) == len(names) - 1


@posix
def test_a_pipe_given_as_photo_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(OSError, match=r"pipe\.jpg cannot be read as a photo: is not a file"):
        open_photo(tmp_path / "pipe.jpg")


def test_a_photo_without_permission_is_left_out_by_name(album, monkeypatch):
    Image.new("RGB", (9, 9)).save(album / "mine.jpg")
    real = open

    def refusing(path, *args, **kwargs):
        if str(path).endswith("mine.jpg"):
            raise PermissionError(13, "Permission denied")
        return real(path, *args, **kwargs)

    for opens in ("builtins.open", "io.open"):  # root may read all
        monkeypatch.setattr(opens, refusing)
    assert looked_at(album.parent) == (["good.jpg"], {"mine.jpg": "Permission denied"})


def test_a_folder_without_permission_is_passed_over_and_said(album, monkeypatch, caplog):
    (album.parent / "lost+found").mkdir()
    real = os.scandir

    def refusing(path):
        if str(path).endswith("lost+found"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", refusing)
    assert looked_at(album.parent) == (["good.jpg"], {})
    assert f"Passed over, cannot be listed: {album.parent}/lost+found (Permission denied)" in caplog.text


@posix
def test_a_name_that_is_no_unicode_is_refused(album):
    """What `unzip` makes of an archive from Korean Windows."""
    album.rename(Path(os.fsdecode(os.fsencode(album.parent) + b"/\xb1\xe8\xb9\xe4")))
    with pytest.raises(
        KfoodError, match=r"\\udcb1.*: the name is not UTF-8\. Rename it, or unpack its archive by kfood"
    ):
        read_layout(album.parent)


NAMES = [
    *(
        "new\nline",
        "carriage\rreturn",
        "tab\there",
        "\x1b[2J\x1b]0;title\x07",
        "\u202egnp",
        "\u200f\u2066x",
        "x..",
        "-rf",
    ),
    *(
        "--help",
        "=cmd|' C'!A0",
        "+1",
        "@SUM(1)",
        "-2",
        " space ",
        'quo"te',
        "com,ma",
        "back\\slash",
        "🍚🥢",
        "👩\u200d🍳",
    ),
    *(":smile:", "[red]x[bold]", "<img src=x onerror=alert(1)>", "{{7*7}}", "%s%n", "$(id)", "NA", "nan", "all", "007"),
    *("1e5", "True", "label", unicodedata.normalize("NFD", "갈" * 28)),
]


@posix
@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_any_name_of_class_and_photo_comes_back_exactly(make_photos, tmp_path, name):
    made = make_photos(tmp_path / "album", {"김밥": 1})
    (made / name).mkdir()
    photo = made / name / f"{name[:60]}.jpg"
    Image.new("RGB", (40, 30), RED).save(photo)
    samples = read_layout(made).samples
    good, bad = readable(samples, check_photos(samples, made))
    assert bad.empty and check_photos(samples, made)["fault"].eq("").all()
    write_csv(tmp_path / "samples.csv", good)
    back = read_csv(tmp_path / "samples.csv", text=["path", "label", "split", "area", "digest"])
    assert back.to_dict("records") == good.to_dict("records")
    assert back.set_index("path")["label"][str(photo)] == unicodedata.normalize("NFC", name)


@posix
def test_the_longest_paths(make_photos, tmp_path, monkeypatch):
    """Up to what the system takes (4,096 bytes) they are read; beyond, where only a change of folder leads, not."""
    deep = tmp_path
    while len(str(deep)) < 3700:
        deep /= "x" * 200
    make_photos(deep, {"김밥": 1, "y" * 150: 1})
    monkeypatch.chdir(deep / ("y" * 150))
    os.rename("0000.jpg", "z" * 240 + ".jpg")
    assert looked_at(deep) == (["0000.jpg"], {"z" * 240 + ".jpg": "File name too long"})
