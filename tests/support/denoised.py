"""A picture denoised as `data.denoise` says, without any resizing."""

from __future__ import annotations

from functools import partial, reduce

from PIL import Image

from kfood.exported.predict import FILTERS


def denoised(name: str, image: Image.Image) -> Image.Image:
    return reduce(lambda before, each: before.filter(each), FILTERS[name], image)


blur, opening, closing = (partial(denoised, name) for name in ("blur", "opening", "closing"))
