"""Say which dish is on photos, by the model.onnx beside this file: python predict.py PHOTO ..."""

import hashlib
import io
import json
import sys
import threading
import zlib
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, ImageOps, PngImagePlugin, UnidentifiedImageError
from PIL.ImageFilter import Kernel, MaxFilter, MinFilter

Image.init()
FORMATS = ["JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF"] + ["AVIF"] * ("AVIF" in Image.OPEN)  # not EPS, which runs code
with suppress(ImportError):  # the photos of iPhones, where pi-heif is installed
    __import__("pi_heif").register_heif_opener()
    FORMATS.append("HEIF")
FILTERS: dict[str, list[Any]] = {"opening": [MinFilter(3), MaxFilter(3)], "closing": [MaxFilter(3), MinFilter(3)]}
FILTERS |= {"none": [], "blur": [Kernel((3, 3), (1, 2, 1, 2, 4, 2, 1, 2, 1))]}  # for data.denoise, one after the other
MARGIN = 1.5  # a JPEG is decoded to no less than this many times the wanted size, then resized as any photo
DIGEST = b"\n\x06digest\x12\x40"  # stands in a model.onnx before 64 hex digits: the SHA-256 of all its other bytes
_LARGE = Image.MAX_IMAGE_PIXELS or 2**26  # Pillow doubts larger photos, and refuses twice as large ones undecoded
_NOISE = np.random.default_rng(0).integers(0, 255, 4096, np.uint8).tobytes()  # no 0xff, which would begin a marker
_one_large_photo = threading.Lock()  # at a time, or photos that are small as files could fill the memory
PngImagePlugin.MAX_TEXT_CHUNK = 16 * 2**20  # bytes of a colour profile, which may be larger than Pillow expects


def read_file(path: str | Path) -> bytes:
    """Return what a photo's file holds. Raises OSError for a folder or pipe, or what is larger than photos are."""
    size = Path(path).stat().st_size
    if not Path(path).is_file() or size > 6 * _LARGE:  # bytes of the largest photo, without any compression
        raise OSError(f"is {size / 1e9:.1f} GB large, which no photo is" if Path(path).is_file() else "is not a file")
    return Path(path).read_bytes()


def mended(content: bytes) -> bytes | None:
    """Return a file that viewers show as Pillow reads it, too; None where pixels are missing or nothing can be done."""
    if content.startswith(b"\xff\xd8\xff"):  # a JPEG may lack its end; noise there changes pixels that are missing
        with suppress(Exception):
            files = [content.rstrip(b"\xff") + more + b"\xff\xd9" for more in (b"", _NOISE)]
            plain, noisy = (Image.open(io.BytesIO(file), formats=["JPEG"]).tobytes() for file in files)
            return files[0] if plain == noisy else None
    kept, start = [content[:8]], 8
    while kept[0] == b"\x89PNG\r\n\x1a\n" and start + 12 <= len(content):
        chunk = content[start : start + 12 + int.from_bytes(content[start : start + 4], "big")]
        if not chunk[4] & 0x20 or zlib.crc32(chunk[4:-4]).to_bytes(4, "big") == chunk[-4:]:
            kept.append(chunk)  # all but those with a wrong checksum that are not needed: their names are lower case
        start += len(chunk)
    return b"".join(kept) if start > 8 and sum(map(len, kept)) < len(content) else None


def upright_rgb(image: Image.Image, at_least: int) -> Image.Image:
    """Decode a file's first picture; a JPEG may come an eighth, quarter or half as large, of `at_least` pixels."""
    if at_least:
        image.draft(None, (at_least, at_least))  # a JPEG's decoder does it; other formats have no such thing
    with _one_large_photo if image.width * image.height > _LARGE else nullcontext():
        image.load()
        if image.getexif().get(0x0112, 1) not in (0, 1):  # its orientation; else Pillow would copy it, which is slow
            image = ImageOps.exif_transpose(image)
        if image.mode == "F":  # of 0 to 1, 255 or more; what is not a number is black
            numbers = np.nan_to_num(np.asarray(image, np.float64), posinf=0, neginf=0)
            scale = 255 if numbers.max() <= 1 else 255 / max(255, numbers.max())
            image = Image.fromarray((numbers * scale).clip(0, 255).round().astype(np.uint8))
        elif image.mode.startswith("I"):  # 16 bit grey, which convert() would clip instead of scale
            grey = np.asarray(image)
            image = Image.fromarray((grey // 256 if grey.max() > 255 else grey).clip(0, 255).astype(np.uint8))
        elif image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
            rgb, rows = Image.new("RGB", image.size), max(1, 2**22 // image.width)  # at a time, to spare memory
            for top in range(0, image.height, rows):
                part = image.crop((0, top, image.width, min(top + rows, image.height))).convert("RGBA")
                rgb.paste(Image.alpha_composite(Image.new("RGBA", part.size, "white"), part).convert("RGB"), (0, top))
            image = rgb
        return image if image.mode == "RGB" else image.convert("RGB")


def open_photo(photo: str | Path | BinaryIO, at_least: int = 0, work: Any = upright_rgb) -> Any:  # noqa: ANN401
    """Return a photo as RGB: turned as its EXIF says, transparency on white, 16 bit brought to 8. Raises OSError."""
    try:
        content = read_file(photo) if isinstance(photo, (str, Path)) else (photo.seek(0), photo.read())[1]
        try:
            return work(Image.open(io.BytesIO(content), formats=FORMATS), at_least)
        except Exception:  # Pillow's decoders raise OSError, SyntaxError, ValueError, struct.error, ...
            return work(Image.open(io.BytesIO(mended(content) or content), formats=FORMATS), at_least)
    except Exception as error:
        reason = "cannot identify image file" if isinstance(error, UnidentifiedImageError) else str(error)
        file = photo if isinstance(photo, (str, Path)) else "The file"
        raise OSError(f"{file} cannot be read as a photo: {reason or type(error).__name__}") from error


def resized(image: Image.Image, size: int, resize: str, denoise: str) -> np.ndarray:
    """Return pixels: "squish" makes both sides `size`, "crop" the shorter one, "pad" the longer one; then denoised."""
    sides = [min(side, 4 * min(image.size)) if resize == "crop" else side for side in image.size]  # the rest is cut off
    left, top = ((whole - side) // 2 for whole, side in zip(image.size, sides, strict=True))
    scale = size / (min if resize == "crop" else max)(sides)
    width, height = (size if resize == "squish" else max(1, round(side * scale)) for side in sides)
    image = image.resize((width, height), Image.Resampling.BILINEAR, (left, top, left + sides[0], top + sides[1]))
    for each in FILTERS[denoise]:
        image = image.filter(each)
    return np.asarray(image)


def squared(pixels: np.ndarray, size: int) -> np.ndarray:
    """Return the middle of what `resized` left longer than `size`; what it left shorter is mirrored at its edges."""
    short = [max(0, size - side) for side in pixels.shape[:2]]
    pixels = np.pad(pixels, [*((each // 2, each - each // 2) for each in short), (0, 0)], mode="reflect")
    top, left = ((side - size) // 2 for side in pixels.shape[:2])
    return pixels[top : top + size, left : left + size]


class Model:
    """A model.onnx that `kfood export` wrote. Raises ValueError where it is none, or any byte was changed since."""

    def __init__(self, file: str | Path) -> None:
        import onnxruntime  # here, as kfood reads photos without it, too

        before, mark, after = (content := Path(file).read_bytes()).rpartition(DIGEST)
        if hashlib.sha256(before + after[64:]).hexdigest().encode() != after[:64]:
            raise ValueError(f"{file} was {'damaged or changed since it was' if mark else 'not'} exported by kfood.")
        (options := onnxruntime.SessionOptions()).add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        self.metadata: dict[str, str] = self._session.get_modelmeta().custom_metadata_map
        self.name, self.classes = self.metadata["run"], json.loads(self.metadata["classes"])
        self.side = round(int(self.metadata["size"]) * float(self.metadata["presize"]))  # pixels of a prepared photo

    def prepare(self, photo: str | Path | BinaryIO) -> np.ndarray:
        """Return a photo as the network is given it: side x side x 3, uint8. Raises OSError where it is none."""
        image = open_photo(photo, round(MARGIN * self.side))
        return squared(resized(image, self.side, self.metadata["resize"], self.metadata["denoise"]), self.side)

    def probabilities(self, photos: np.ndarray) -> np.ndarray:
        """Return n x classes, float32, rows that sum to 1, of n prepared photos."""
        return self._session.run(None, {"photos": photos})[0]


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # Hangul, where its encoding has none
    try:
        model = Model(Path(__file__).with_name("model.onnx"))
    except (OSError, ValueError, ImportError) as problem:
        sys.exit(f"Error: {problem}")
    for path in sys.argv[1:] or sys.exit(__doc__):
        try:
            row = model.probabilities(model.prepare(path)[None])[0]
            print(path, *(f"{model.classes[n]}\t{row[n]:.4f}" for n in np.argsort(-row, kind="stable")[:3]), sep="\t")
        except OSError as problem:
            print(problem, file=sys.stderr)
