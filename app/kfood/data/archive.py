"""What a zip or tar archive holds, one regular file after the other, believed in nothing that it says of itself."""

from __future__ import annotations

import gzip
import stat
import tarfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, cast

from kfood.errors import DataError, KfoodError

# Data that unpacks to more than this many times its size is a bomb: photos are compressed already, and the drawings and
# tables beside them that shrink so well are small.
_MOST_TIMES = 100
_ALWAYS_FITS = 2**27  # bytes that an archive may unpack to, however small it is
_LARGEST_PIECE = 2**20  # bytes read at once: a tar header that claims more is not taken into memory


@dataclass(frozen=True)
class Member:
    """A regular file in an archive: its name as it stands there (decoded, NFC) and its unpacked size in bytes.

    `read` yields what it holds in pieces, and raises KfoodError where the archive is damaged.
    """

    name: str
    size: int
    read: Callable[[], Iterator[bytes]]


@contextmanager
def opened(archive: Path) -> Iterator[list[Member]]:
    """Give the files in a zip, tar or tar.gz archive, to be read while it is open.

    Raises:
        DataError: it is no such archive, damaged, cut off, encrypted, a bomb, or holds a link or a device.
    """
    with ExitStack() as stack:
        with _damage_told(archive):
            members = list(_members(archive, stack))
        yield members


@contextmanager
def _damage_told(archive: Path) -> Iterator[None]:
    try:
        yield
    except KfoodError:
        raise
    except Exception as error:  # BadZipFile, TarError, zlib.error, EOFError, struct.error, ValueError, …
        raise DataError(
            f"{archive} cannot be read as a zip, tar or tar.gz archive ({error}): it may be damaged or not wholly "
            "downloaded. Get it again."
        ) from None


def _members(archive: Path, stack: ExitStack) -> Iterator[Member]:
    with archive.open("rb") as file:
        start = file.read(512)
    gzipped = start[:2] == b"\x1f\x8b"
    if gzipped or start[257:262] == b"ustar":  # asked first: a tar may end with a zip, and would be taken for it
        return _tar_members(stack.enter_context(_opened(archive, gzipped)), archive)
    return _zip_members(stack.enter_context(zipfile.ZipFile(archive)), archive)


def _pieces(archive: Path, open_member: Callable[[], IO[bytes]]) -> Iterator[bytes]:
    with _damage_told(archive), open_member() as source:
        while piece := source.read(_LARGEST_PIECE):
            yield piece


def _zip_members(zipped: zipfile.ZipFile, archive: Path) -> Iterator[Member]:
    entries = zipped.infolist()
    unmarked = {number: raw for number, entry in enumerate(entries) if (raw := _raw_name(entry)) is not None}
    names = dict(zip(unmarked, _decoded(list(unmarked.values())), strict=True))
    limit = _Limit(archive)
    for number, entry in enumerate(entries):
        name = names.get(number, entry.filename)
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if entry.is_dir():
            continue
        _require_file(archive, name, kind in (0, stat.S_IFREG))
        if entry.flag_bits & 1:
            raise DataError(f"{archive} is encrypted. Unpack it with its password by the program that made it.")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # such as Windows' Deflate64
            raise DataError(f"{archive}: {name} is compressed in a way that Python cannot read. Unpack it with 7-Zip.")
        limit.add(entry.file_size)
        yield Member(
            unicodedata.normalize("NFC", name), entry.file_size, partial(_pieces, archive, partial(zipped.open, entry))
        )


def _opened(archive: Path, gzipped: bool) -> IO[bytes]:
    return cast(IO[bytes], _Gunzipped(archive)) if gzipped else archive.open("rb")


def _tar_members(stream: IO[bytes], archive: Path) -> Iterator[Member]:
    tar = tarfile.TarFile(fileobj=stream, encoding="utf-8", errors="surrogateescape")
    limit, found = _Limit(archive), []
    for entry in tar:  # checked as they come: going on to the next one unpacks this one
        if not entry.isdir():
            _require_file(archive, entry.name, entry.isreg())
            limit.add(entry.size)
            found.append(entry)
    stream.seek(tar.offset)
    if stream.read(512) != bytes(512):  # the tarfile module takes a damaged header for the end
        raise tarfile.ReadError("it has no end")
    while stream.read(_LARGEST_PIECE):  # to where gzip has its checksum
        pass
    names = _decoded([entry.name.encode("utf-8", "surrogateescape") for entry in found])
    for name, entry in zip(names, found, strict=True):
        # extractfile gives None for what is not a file, which is none of these.
        extract = cast(Callable[[], IO[bytes]], partial(tar.extractfile, entry))
        yield Member(unicodedata.normalize("NFC", name), entry.size, partial(_pieces, archive, extract))


def _raw_name(entry: zipfile.ZipInfo) -> bytes | None:
    """Return a name that does not say its encoding, which zipfile takes for that of DOS; None where it says it."""
    if entry.flag_bits & 0x800:
        return None
    try:
        return entry.filename.encode("cp437")
    except UnicodeEncodeError:  # it stands there a second time, in Unicode
        return None


def _decoded(names: list[bytes]) -> list[str]:
    """Read names that do not say their encoding: UTF-8 (macOS, Linux), else CP949 (Korean Windows), all in the same."""
    for encoding in ("utf-8", "cp949"):
        try:
            return [name.decode(encoding) for name in names]
        except UnicodeDecodeError:
            continue
    return [name.decode("cp437") for name in names]


def _require_file(archive: Path, name: str, is_file: bool) -> None:
    if not is_file:
        raise DataError(
            f"{archive} holds {name}, which is a link or a device and no file. Nothing is unpacked: make an archive of "
            "the photos themselves."
        )


class _Limit:
    """Counts what an archive unpacks to, and stops where it is out of proportion."""

    def __init__(self, archive: Path) -> None:
        self.archive, self.total = archive, 0
        self.most = max(_ALWAYS_FITS, _MOST_TIMES * archive.stat().st_size)

    def add(self, size: int) -> None:
        self.total += size
        self.check(self.total)

    def check(self, size: int) -> None:
        if size > self.most:
            raise DataError(
                f"{self.archive} would unpack to more than {_MOST_TIMES} times its size, which photos do not: it may "
                "be made to fill a disk. Unpack it by hand if you trust it."
            )


class _Gunzipped(gzip.GzipFile):
    """What a tar.gz holds, in small pieces and within the limit."""

    def __init__(self, archive: Path) -> None:
        super().__init__(archive)
        self._limit = _Limit(archive)

    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size <= _LARGEST_PIECE:
            raise tarfile.ReadError("a header is too large")
        self._limit.check(self.tell())
        return super().read(size)
