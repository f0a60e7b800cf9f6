"""A server for tests: a model that goes by a photo's colour, in this process, behind an address or called directly."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from kfood.data.photo import open_photo

HOSTILE = "<img src=x onerror=alert(1)>"
CLASSES = ["갈비찜", "김밥", "돼지갈비찜", "라면", "비빔밥", HOSTILE]
COLOURS = dict(
    zip(
        CLASSES,
        [(90, 50, 30), (40, 160, 60), (110, 55, 30), (240, 200, 40), (220, 40, 40), (40, 60, 220)],
        strict=True,
    )
)


class ByColour:
    """A predictor: the nearer a photo's mean colour is to a class's, the likelier the class."""

    name = "colours/20261129-120000-abcd"

    def __init__(self) -> None:
        self.classes = list(CLASSES)
        self.batches: list[int] = []
        self.threads: set[int] = set()
        self.may_go_on = threading.Event()  # tests hold the network up by clearing it
        self.may_go_on.set()

    def prepare(self, photo: Any) -> np.ndarray:
        return np.asarray(open_photo(photo).resize((8, 8)))

    def probabilities(self, photos: np.ndarray) -> np.ndarray:
        self.batches.append(len(photos))
        self.threads.add(threading.get_ident())
        assert self.may_go_on.wait(60)
        means = photos.reshape(len(photos), -1, 3).mean(1)
        distance = np.linalg.norm(means[:, None] - np.array(list(COLOURS.values())), axis=2)
        weights = np.exp(-distance / 20)
        return (weights / weights.sum(1, keepdims=True)).astype(np.float32)


def photo_of(name: str = "김밥", size: tuple[int, int] = (40, 30), kind: str = "JPEG", **options: Any) -> bytes:
    """Return the file of a photo in a class's colour."""
    content = BytesIO()
    Image.new("RGB", size, COLOURS[name]).save(content, kind, **options)
    return content.getvalue()


@contextmanager
def behind_an_address(app: Any) -> Iterator[str]:
    """Run an application by uvicorn in a thread, as `kfood serve` runs it; yield its address."""
    from kfood.serving.listening import address_of, listen
    from kfood.serving.running import server_of

    server = server_of(app)
    with listen("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            thread.join(0.01)
        try:
            yield address_of(listening)
        finally:
            server.should_exit = True
            thread.join(60)


def called(app: Any, path: str, pieces: list[bytes | None], headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    """POST to an application piece by piece, without a network; None is silence that never ends. Return the answer."""
    return asyncio.run(_called(app, path, pieces, headers or {}))


async def _called(app: Any, path: str, pieces: list[bytes | None], headers: dict[str, str]) -> tuple[int, bytes]:
    left, sent = list(pieces), []

    async def receive() -> dict[str, Any]:
        piece = left.pop(0) if left else b""
        if piece is None:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": piece, "more_body": bool(left)}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "scheme": "http",
        "root_path": "",
    }
    async with _started(app):
        await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


class _started:
    """The application's lifespan around a block."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __aenter__(self) -> None:
        self.inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.ready = asyncio.Event()

        async def send(message: dict[str, Any]) -> None:
            assert "failed" not in message["type"], message
            self.ready.set()

        self.task = asyncio.create_task(
            self.app({"type": "lifespan", "asgi": {"version": "3.0"}}, self.inbox.get, send)
        )
        self.inbox.put_nowait({"type": "lifespan.startup"})
        await self.ready.wait()

    async def __aexit__(self, *_: object) -> None:
        self.inbox.put_nowait({"type": "lifespan.shutdown"})
        await self.task
