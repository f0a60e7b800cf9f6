"""Photos that people tried, kept with what they say is on them: a class folder that a training reads."""

from __future__ import annotations

import hashlib
import threading
from io import BytesIO
from pathlib import Path

from PIL import Image

from kfood.errors import KfoodError
from kfood.recipes.schema import nfc
from kfood.serving.refused import Refused
from kfood.system.disk import require_writable
from kfood.system.files import write_whole

_ENDINGS = {"JPEG": ".jpg", "MPO": ".jpg", "PNG": ".png", "GIF": ".gif", "BMP": ".bmp", "WEBP": ".webp"}
_ENDINGS |= {"TIFF": ".tif", "AVIF": ".avif", "HEIF": ".heic"}


class Collection:
    """A folder with a folder for each class. A photo is in one of them: the last word on it counts.

    Args:
        folder: made where it is not there.
        classes: that a photo may be given.
    """

    def __init__(self, folder: Path, classes: list[str]) -> None:
        if folder.is_file():
            raise KfoodError(f"{folder} is a file: name a folder for --collect.")
        require_writable(folder)
        self.folder, self.classes = folder, [nfc(name) for name in classes]
        self._one_at_a_time = threading.Lock()

    def keep(self, content: bytes, label: str) -> Path:
        """Keep a photo that can be read as one of a class, whole or not at all; return its file.

        Raises:
            Refused: there is no such class, no folder can have its name, or the disk takes no more.
        """
        label = nfc(label.strip())
        if label not in self.classes:
            raise Refused(400, f'The model knows no class "{label[:80]}": GET /model names those that it knows.')
        if label in (".", "..") or "/" in label or "\\" in label or "\0" in label:
            raise Refused(400, "No folder can have the name of this class, so its photos cannot be kept.")
        name = hashlib.sha256(content).hexdigest() + _ending(content)
        file = self.folder / label / name
        with self._one_at_a_time:
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
                write_whole(file, lambda partial: partial.write_bytes(content))
                for other in self.folder.glob(f"*/{name}"):
                    if other != file:
                        other.unlink()
            except OSError:
                raise Refused(507, "The photo could not be kept: the server's disk takes no more.") from None
        return file


def _ending(content: bytes) -> str:
    """Return the ending by which a training knows what kind of file it is; .jpg where Pillow cannot tell."""
    try:
        with Image.open(BytesIO(content)) as image:
            return _ENDINGS.get(image.format or "", ".jpg")
    except Exception:  # the predictor could read it, mended
        return ".jpg"
