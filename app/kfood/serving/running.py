"""An application run by uvicorn: until it is told to stop, and then to the end of what it has begun."""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from kfood.serving.listening import address_of

log = logging.getLogger(__name__)
_FINISH_SECONDS = 30  # that requests have to come to their end after SIGTERM or Ctrl-C
_HEADER_SECONDS = 15  # that a connection has to send its first request's headers


def run_app(app: ASGIApp, listening: socket.socket) -> None:
    """Run an application at a socket until SIGTERM or Ctrl-C."""
    server_of(app).run(sockets=[listening])


def server_of(app: ASGIApp) -> uvicorn.Server:
    """Return a server that runs an application; its `run` takes the sockets."""
    config = uvicorn.Config(
        app,
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_FINISH_SECONDS,
    )
    config.load()
    config.http_protocol_class = _hurried(config.http_protocol_class)
    return _Telling(config)


class _Telling(uvicorn.Server):
    """Says where it is once it answers."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            log.info("Open %s in a browser. Ctrl-C ends it.", address_of(sockets[0]))


def _hurried(protocol: Any) -> Any:  # noqa: ANN401 - uvicorn has two, of no common kind
    """Return uvicorn's protocol, but closing connections whose first request never comes: it waits for ever."""

    class Hurried(protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            self.loop.call_later(_HEADER_SECONDS, self._close_if_silent)

        def _close_if_silent(self) -> None:
            if self.cycle is None and not self.transport.is_closing():
                self.transport.close()

    return Hurried
