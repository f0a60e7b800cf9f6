"""What a run's files held when they were written, so that one that changed since is named instead of believed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kfood.system.files import content_digest, write_json


class Checksums:
    """Digests of files in one folder, kept in a file beside them. A file that has none is taken as it is.

    They find a disk that turns a bit, and an edit. They are no signature: who edits a file can write its digest.

    Args:
        file: where the digests are kept; none are kept yet where it is not there.
        before: where they were kept up to version 0.1; it is used on in a folder that has it.
    """

    def __init__(self, file: Path, before: Path | None = None) -> None:
        self.file = before if before and before.exists() else file

    def add(self, *files: Path) -> None:
        """Note what the files hold now; those that are not there are passed over."""
        there = {file.name: content_digest(file.read_bytes()) for file in files if file.exists()}
        self._write(self._read() | there)

    def drop(self, *files: Path) -> None:
        """Forget files, because they are about to change."""
        kept = self._read()
        rest = {name: digest for name, digest in kept.items() if name not in {file.name for file in files}}
        if rest != kept:
            self._write(rest)

    def verify(self, file: Path) -> None:
        """Check that a file holds what was noted; one that is not there is for its reader to miss.

        Raises:
            ValueError: it does not, or the digests themselves are damaged.
        """
        noted = self._read().get(file.name)
        if noted and file.exists() and content_digest(file.read_bytes()) != noted:
            raise ValueError(f"it is not what kfood wrote. Put it back, or remove {self.file} to take it as it is.")

    def _read(self) -> dict[str, str]:
        try:
            content: dict[str, Any] = json.loads(self.file.read_text(encoding="utf-8"))
            if content["digest"] == _digest_of(content["files"]):
                return dict(content["files"])
        except FileNotFoundError:
            return {}
        except (ValueError, LookupError, TypeError, AttributeError):
            pass
        raise ValueError(f"{self.file}, which says what the files of this run held, is damaged itself: remove it.")

    def _write(self, digests: dict[str, str]) -> None:
        write_json(self.file, {"files": digests, "digest": _digest_of(digests)})


def _digest_of(digests: dict[str, str]) -> str:
    return content_digest(json.dumps(digests, sort_keys=True).encode())
