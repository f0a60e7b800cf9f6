"""Uploads of any kind: refused in a sentence, and the next one is answered."""

from __future__ import annotations

import io
import random
import struct
import tempfile
import zlib
from pathlib import Path

import pytest
from PIL import Image
from starlette.testclient import TestClient

from kfood.serving.app import build_app
from kfood.serving.uploads import Limits
from support.served import called, photo_of
from support.soak import cases

BOUNDARY = "a-boundary"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def form(*parts: tuple[str, bytes], end: bool = True) -> bytes:
    """The body of a form with files by their names."""
    body = b""
    for name, content in parts:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="photo"; filename="{name}"\r\n\r\n'
        body += head.encode() + content + b"\r\n"
    return body + (f"--{BOUNDARY}--\r\n".encode() if end else b"")


def claimed(width: int, height: int) -> bytes:
    """A PNG whose head claims a size and which has no pixel."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def black(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes with all its pixels: a bomb, where it is large."""
    content = io.BytesIO()
    Image.new("1", (width, height)).save(content, "PNG")
    return content.getvalue()


ODD = {
    "nothing": (b"", 400),
    "HTML": (b"<html><script>alert(1)</script></html>", 415),
    "text": ("갈비찜".encode(), 415),
    "a long line": (b"A" * 1_000_000, 415),
    "zeros": (bytes(100_000), 415),
    "half a photo": (photo_of(size=(400, 400), quality=95)[:2000], 415),
    "a photo's head": (photo_of()[:20], 415),
    "a claim of 2 x 10^9 pixels": (claimed(50_000, 50_000), 413),
    "the largest claim": (claimed(2**31 - 1, 2**31 - 1), 413),
    "a claim of no pixels": (claimed(0, 0), 415),
    "a claim without pixels": (claimed(100, 100), 415),
    "a bomb": (black(20_000, 20_000), 413),
    "sides of 10,000 pixels": (black(10_000, 200), 200),
    "one pixel high": (black(3000, 1), 200),
    "a program": (b"\x7fELF" + bytes(5000), 415),
    "an SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>', 415),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) run\n", 415),
}
FORMS = {
    "no boundary": ({"Content-Type": "multipart/form-data"}, form(("a.jpg", photo_of())), 400),
    "another boundary": ({"Content-Type": "multipart/form-data; boundary=x"}, form(("a.jpg", photo_of())), 400),
    "no end": (FORM, form(("a.jpg", photo_of()), end=False), 400),
    "cut off": (FORM, form(("a.jpg", photo_of()))[:-300], 400),
    "no parts": (FORM, form(), 400),
    "only an empty photo": (FORM, form(("a.jpg", b"")), 400),
    "a boundary of 10,000 letters": ({"Content-Type": f"multipart/form-data; boundary={'x' * 10_000}"}, b"", 400),
    "20 photos": (FORM, form(*[("a.jpg", photo_of())] * 20), 413),
    "a head without end": (FORM, f"--{BOUNDARY}\r\nContent-Disposition: {'x' * 100_000}".encode(), 400),
    "a name that climbs": (FORM, form(("../../../../etc/passwd", photo_of())), 200),
    "a name of controls": (FORM, form(("\x1b[2J\x00\u202egpj.exe", photo_of())), 200),
}


def is_a_sentence(answer) -> bool:
    error = answer.json()["error"]
    return set(answer.json()) == {"error"} and "\n" not in error and "Traceback" not in error and "0x" not in error


@pytest.mark.parametrize("name", ODD)
def test_what_is_no_fit_photo_is_refused_and_the_next_is_answered(client, name):
    content, status = ODD[name]
    answer = client.post("/predict", content=content)
    assert answer.status_code == status
    assert status == 200 or is_a_sentence(answer)
    assert client.post("/predict", content=photo_of()).status_code == 200


@pytest.mark.parametrize("name", FORMS)
def test_odd_forms(client, name):
    headers, content, status = FORMS[name]
    answer = client.post("/predict", content=content, headers=headers)
    assert answer.status_code == status
    assert status == 200 or is_a_sentence(answer)
    if status == 200:
        assert "\x1b" not in answer.text and "\x00" not in answer.json()["photos"][0]["name"]
    assert client.post("/predict", content=photo_of()).status_code == 200


def test_damaged_uploads_of_every_kind(client):
    """Photos and forms with bytes changed, lost, doubled; seeded, 1,000 with KFOOD_SOAK."""
    rng = random.Random(0)
    kinds = [photo_of(size=(64, 48), kind=kind) for kind in ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF")]
    for case in range(cases(60, 1000)):
        content = bytearray(rng.choice(kinds))
        is_form = rng.random() < 0.4
        if is_form:
            content = bytearray(form(*[("a.jpg", bytes(content))] * rng.randint(1, 3)))
        for _ in range(rng.choice([1, 1, 3, 30])):
            place = rng.randrange(len(content))
            how = rng.randrange(4)
            if how == 0:
                content[place] = rng.randrange(256)
            elif how == 1:
                del content[place : place + rng.randint(1, 400)]
            elif how == 2:
                content[place:place] = content[: rng.randint(1, 400)]
            else:
                content[place : place + 4] = rng.randbytes(4)
            if not content:
                break
        answer = client.post("/predict", content=bytes(content), headers=FORM if is_form else {})
        assert answer.status_code in (200, 400, 413, 415), case
        assert answer.status_code == 200 or is_a_sentence(answer), case
    assert client.post("/predict", content=photo_of()).status_code == 200


def test_too_much_is_refused_before_it_is_read(service, monkeypatch):
    monkeypatch.setattr("kfood.serving.watching._LINGER", 0.05)
    limits = Limits(photo_bytes=1000, photos=2)
    with TestClient(build_app(service, limits)) as client:
        assert client.post("/predict", content=bytes(1001)).status_code == 413
        assert client.post("/predict", content=form(("a", bytes(1001))), headers=FORM).status_code == 413
        assert client.post("/predict", content=form(*[("a", photo_of())] * 3), headers=FORM).status_code == 413
        assert client.post("/predict", content=form(*[("a", photo_of())] * 2), headers=FORM).status_code == 200
    never = called(build_app(service, limits), "/predict", [None], {"Content-Length": "1001"})
    assert never[0] == 413
    status, answer = called(build_app(service, limits), "/predict", [bytes(400)] * 3 + [b""])  # without a length
    assert status == 413 and b"too large" in answer


@pytest.mark.parametrize(
    ("limits", "pieces"),
    [
        ({"silence": 0.05}, [None]),
        ({"silence": 0.05}, [photo_of()[:50], None]),
        ({"patience": 0.05, "slowest": 1e9}, [b"a", None]),  # too slow on the whole, whatever it sends
    ],
)
def test_slow_senders_are_not_waited_for(service, monkeypatch, limits, pieces):
    monkeypatch.setattr("kfood.serving.watching._LINGER", 0.05)
    status, answer = called(build_app(service, Limits(**limits)), "/predict", pieces)
    assert status == 408 and b"too slowly" in answer
    whole = [photo_of()[:50], photo_of()[50:]]
    assert called(build_app(service), "/predict", whole)[0] == 200


def test_nothing_that_is_sent_touches_the_disk(client, monkeypatch, tmp_path):
    def refuse(*arguments, **options):
        raise AssertionError("a file was made")

    for name in ("TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "mkstemp", "mkdtemp"):
        monkeypatch.setattr(tempfile, name, refuse)
    monkeypatch.setattr(Path, "write_bytes", refuse)
    noisy = io.BytesIO()
    Image.effect_noise((2000, 1500), 80).save(noisy, "PNG")  # of more bytes than Starlette keeps in memory
    assert len(noisy.getvalue()) > 2e6
    answer = client.post("/predict", content=form(("a.png", noisy.getvalue())), headers=FORM)
    assert answer.status_code == 200
