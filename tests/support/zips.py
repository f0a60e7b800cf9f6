"""Archives as Windows, macOS, Linux and attackers make them."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from pathlib import Path


class _Raw(zipfile.ZipInfo):
    """An entry whose name is written as these bytes, without saying their encoding."""

    raw = b""

    def _encodeFilenameFlags(self):
        return self.raw, self.flag_bits & ~0x800


def zip_of(path: Path, files: dict[str, bytes], encoding: str | None = None, mode: int = stat.S_IFREG | 0o644) -> Path:
    """Write a zip; with `encoding`, names are stored in it and do not say so, as ALZip and macOS do."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            if encoding:
                entry = _Raw(name)
                entry.raw = name.encode(encoding)
            entry.external_attr = mode << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return path


def tar_of(path: Path, files: dict[str, bytes], encoding: str = "utf-8", kind: bytes = tarfile.REGTYPE) -> Path:
    """Write a tar, or tar.gz by its ending."""
    mode = "w:gz" if path.suffix == ".gz" else "w"
    with tarfile.open(path, mode, encoding=encoding, format=tarfile.GNU_FORMAT) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.type = kind
            entry.linkname = "/etc/passwd"
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path
