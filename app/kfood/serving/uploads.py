"""Photos out of a request: in memory alone, and never more of them than a server can bear."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from kfood.serving.refused import Refused
from kfood.text import printable, shortened

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

_LONGEST_FIELD = 2_000  # bytes of a field that is no photo, such as a dish's name
_OVERHEAD = 64_000  # bytes of a form besides its photos


@dataclass(frozen=True)
class Limits:
    """Of what is taken in.

    Args:
        photo_bytes: of one photo.
        photos: in one request.
        pixels: of one photo, in all.
        bytes_at_once: of all requests together.
        silence: seconds for which a sender may send nothing.
        slowest: bytes a second that a sender must reach on the whole, after `patience` seconds.
        patience: seconds.
    """

    photo_bytes: int = 20_000_000
    photos: int = 16
    pixels: int = 100_000_000
    bytes_at_once: int = 1_000_000_000
    silence: float = 10
    slowest: float = 20_000
    patience: float = 20


class Upload(NamedTuple):
    """A photo as it came. `name` is only to be shown: nothing is opened or written by it."""

    name: str
    content: bytes


@dataclass
class Form:
    """What a request holds: photos, and other fields by name."""

    photos: list[Upload] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)


class Room:
    """The memory that uploads may take, shared by all requests. Used by the event loop's thread alone."""

    def __init__(self, most: int) -> None:
        self.most, self.taken = most, 0

    @contextmanager
    def share(self) -> Iterator[Share]:
        """Yield a request's share, which is given back at the end."""
        share = Share(self)
        try:
            yield share
        finally:
            self.taken -= share.taken


class Share:
    """One request's part of the room."""

    def __init__(self, room: Room) -> None:
        self.room, self.taken = room, 0

    def take(self, n: int) -> None:
        """Take n more bytes. Raises Refused (503) where there is no room."""
        if self.room.taken + n > self.room.most:
            raise Refused(503, "Too many photos are being sent at once: try again in a moment.")
        self.room.taken += n
        self.taken += n


async def read_form(request: Request, limits: Limits, share: Share) -> Form:
    """Return the photos of a request: parts of a multipart form, or its body itself.

    Raises:
        Refused: it holds none, too many, too much (before more is read), comes too slowly, or is no form.
        ClientDisconnect: the sender went away.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    is_form = kind == b"multipart/form-data"
    most = limits.photos * limits.photo_bytes + _OVERHEAD if is_form else limits.photo_bytes
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise _too_large(most)
    chunks = _measured(request, limits, share, most)
    form = await _read_multipart(chunks, options, limits) if is_form else Form([Upload("", await _joined(chunks))])
    if not any(photo.content for photo in form.photos):
        raise Refused(400, "There is no photo in the request: send one as its body, or several as multipart/form-data.")
    return form


async def _measured(request: Request, limits: Limits, share: Share, most: int) -> AsyncIterator[bytes]:
    """Yield the body as it comes, as long as it is neither too much nor too slow."""
    stream, began, received = aiter(request.stream()), time.monotonic(), 0
    while True:
        allowed = limits.patience + received / limits.slowest - (time.monotonic() - began)
        try:
            chunk = await asyncio.wait_for(anext(stream), max(0.0, min(limits.silence, allowed)))
        except StopAsyncIteration:
            return
        except (TimeoutError, asyncio.TimeoutError):
            raise Refused(408, "The photo comes too slowly: send it again over a better connection.") from None
        received += len(chunk)
        if received > most:
            raise _too_large(most)
        share.take(len(chunk))
        yield chunk


async def _joined(chunks: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in chunks])


async def _read_multipart(chunks: AsyncIterator[bytes], options: dict[bytes, bytes], limits: Limits) -> Form:
    if b"boundary" not in options:
        raise Refused(400, "The multipart form names no boundary: let your HTTP library set the Content-Type.")
    parts = _Parts(limits)
    try:
        parser = MultipartParser(options[b"boundary"], parts.callbacks())
        async for chunk in chunks:
            parser.write(chunk)
        parser.finalize()
    except (FormParserError, ValueError):  # decoding of names raises the latter
        raise Refused(400, "The multipart form is broken: it ends too early, or its boundaries do not fit.") from None
    if not parts.ended:
        raise Refused(400, "The multipart form is broken: it ends before its last boundary.")
    return parts.form


class _Parts:
    """Puts a form together out of what the parser calls back."""

    def __init__(self, limits: Limits) -> None:
        self.form, self.ended = Form(), False
        self._limits = limits
        self._header, self._value = bytearray(), bytearray()
        self._options: dict[bytes, bytes] = {}
        self._content = bytearray()

    def callbacks(self) -> MultipartCallbacks:
        """Return the parser's callbacks."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_part_data": self._add,
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def _begin(self) -> None:
        self._options, self._content = {}, bytearray()

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._options = parse_options_header(bytes(self._value))[1]
        self._header, self._value = bytearray(), bytearray()

    @property
    def _is_photo(self) -> bool:
        return b"filename" in self._options

    def _add(self, data: bytes, start: int, end: int) -> None:
        most = self._limits.photo_bytes if self._is_photo else _LONGEST_FIELD
        if len(self._content) + end - start > most:
            raise _too_large(most)
        if self._is_photo and len(self.form.photos) >= self._limits.photos:
            raise Refused(413, f"{self._limits.photos} photos at most are taken at once: send the others after them.")
        self._content += data[start:end]

    def _end(self) -> None:
        content = bytes(self._content)
        if self._is_photo:
            name = self._options[b"filename"].decode("utf-8", errors="replace")
            self.form.photos.append(Upload(shortened(printable(name)), content))
        elif name := self._options.get(b"name", b"").decode("utf-8", errors="replace"):
            self.form.fields[name] = content.decode("utf-8", errors="replace")
        self._content = bytearray()

    def _finish(self) -> None:
        self.ended = True


def _too_large(most: int) -> Refused:
    return Refused(413, f"That is too large: {most / 1e6:.3g} MB are taken at most.")
