"""Pictures put into the page itself."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

_DOTS_PER_PIXEL = 1.25  # figures are drawn with more dots than a page of this type size needs: they stay sharp
_KEPT_AS_PNG = 300_000  # bytes; what is larger is made of photos, which PNG stores at many times their worth
_QUALITY = 90


@dataclass(frozen=True)
class FigureView:
    """A picture inside the page, its size in CSS pixels. `source` is '' where its file is gone."""

    name: str
    alt: str
    source: str
    width: int = 0
    height: int = 0


def view_figure(name: str, title: str, path: Path) -> FigureView:
    """Return the picture as a data URI: drawings as the PNG that they are, pictures of photos as WebP.

    Args:
        name: what is seen in it.
        title: of its section.
        path: a PNG file.
    """
    alt = name if name == title else f"{title}: {name}"
    try:
        content = path.read_bytes()
        with Image.open(io.BytesIO(content)) as image:
            width, height = (round(side / _DOTS_PER_PIXEL) for side in image.size)
            kind = "png"
            if len(content) > _KEPT_AS_PNG:
                content, kind = _as_webp(image), "webp"
    except OSError:
        return FigureView(name, alt, "")
    source = f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
    return FigureView(name, alt, source, width, height)


def _as_webp(image: Image.Image) -> bytes:
    content = io.BytesIO()
    # without sharp YUV, small coloured letters would blur
    image.convert("RGB").save(content, "WEBP", quality=_QUALITY, method=4, use_sharp_yuv=True)
    return content.getvalue()
