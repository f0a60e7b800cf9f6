"""What is done around every request: counted, its answer given the headers that keep browsers from harm."""

from __future__ import annotations

import asyncio
import contextlib

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kfood.serving.metrics import Metrics
from kfood.webpage.policy import POLICY

_HEADERS = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_LINGER = 5.0  # seconds for which the rest of a refused upload is read, so that its sender sees the answer


class Watching:
    """An application (ASGI) around another one.

    Args:
        app: what answers.
        metrics: counts.
        paths: known addresses; all others are counted as one.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, paths: set[str]) -> None:
        self.app, self.metrics, self.paths = app, metrics, paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = _Body(receive, nothing=scope["method"] in ("GET", "HEAD"))
        path = scope["path"] if scope["path"] in self.paths else "other"

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.metrics.requests.add(path, str(message["status"]))
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if message["status"] >= 400 and not body.ended:
                    headers["Connection"] = "close"
                await send(message)
                return
            if not message.get("more_body") and not body.ended:
                await send({**message, "more_body": True})
                await body.drain(_LINGER)
                message = {"type": "http.response.body", "body": b""}
            await send(message)

        await self.app(scope, body.receive, watched)


class _Body:
    """A request's body, with a note of whether it was read to its end."""

    def __init__(self, receive: Receive, nothing: bool) -> None:
        self._receive, self.ended = receive, nothing

    async def receive(self) -> Message:
        message = await self._receive()
        self.ended = self.ended or message["type"] != "http.request" or not message.get("more_body")
        return message

    async def drain(self, seconds: float) -> None:
        """Read and forget what still comes: a connection that is closed on a sender loses the answer to it."""

        async def read() -> None:
            while not self.ended:
                await self.receive()

        with contextlib.suppress(TimeoutError, asyncio.TimeoutError):
            await asyncio.wait_for(read(), seconds)
