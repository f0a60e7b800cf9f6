"""The web application: each address and what it answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from kfood.recipes.schema import nfc
from kfood.serving.batching import Batcher
from kfood.serving.decoding import Decoder, named
from kfood.serving.metrics import Metrics
from kfood.serving.page_files import page_files
from kfood.serving.refused import Refused
from kfood.serving.service import SHOWN, Service
from kfood.serving.uploads import Form, Limits, Room, Share, Upload, read_form
from kfood.serving.watching import Watching

_NO_PHOTO = "None of the files can be read as a photo."


class Server:
    """Answers requests about one service.

    Args:
        service: the model.
        limits: of uploads.
        room: photos that may be worked on at once.
    """

    def __init__(self, service: Service, limits: Limits, room: int) -> None:
        self.service, self.limits = service, limits
        self.batcher = Batcher(service.predictor, room=room, observe=lambda size: self.metrics.batch.observe(size))
        self.decoder = Decoder(service.predictor, limits.pixels)
        self.metrics = Metrics(lambda: self.batcher.waiting, lambda: self.batcher.admitted)
        self.memory = Room(limits.bytes_at_once)

    @asynccontextmanager
    async def running(self, _: Starlette) -> AsyncIterator[None]:
        """Predict while the application runs."""
        self.batcher.start()
        try:
            yield
        finally:
            await self.batcher.stop()
            self.decoder.stop()

    async def model(self, _: Request) -> Response:
        """What is served."""
        return JSONResponse(self.service.description())

    async def health(self, _: Request) -> Response:
        """That it is up."""
        return JSONResponse({"status": "ok"})

    async def measured(self, _: Request) -> Response:
        """What was done so far."""
        return PlainTextResponse(self.metrics.text(), media_type="text/plain; version=0.0.4")

    async def predict(self, request: Request) -> Response:
        """What is on one photo or several."""
        began = time.monotonic()
        n = self._how_many(request)
        with self.memory.share() as share:
            form = await self._read(request, share)
            with self.batcher.admit(len(form.photos)):
                answers = await asyncio.gather(*(self._answer(photo, n) for photo in form.photos))
        refused = [answer for answer in answers if isinstance(answer, Refused)]
        if len(refused) == len(answers):
            raise refused[0] if len(refused) == 1 else Refused(415, _NO_PHOTO)
        self.metrics.seconds.observe(time.monotonic() - began)
        self.metrics.photos.add(n=len(answers) - len(refused))
        photos = [
            {"name": photo.name, **({"error": answer.sentence} if isinstance(answer, Refused) else answer)}
            for photo, answer in zip(form.photos, answers, strict=True)
        ]
        return JSONResponse({"model": self.service.predictor.name, "photos": photos})

    async def map(self, request: Request) -> Response:
        """Where the network sees a class: of `class`, as a JPEG."""
        if self.service.maps is None:
            raise Refused(501, "Where it looks is not known of an exported model: serve the run itself for that.")
        with self.memory.share() as share:
            photo, form = await self._one_photo(request, share)
            name = nfc(form.fields.get("class", request.query_params.get("class", "")))
            if name not in self.service.predictor.classes:
                raise Refused(400, "Name a class of the model in the field class: GET /model names them.")
            with self.batcher.admit(1):
                pixels = await self.decoder.prepare(photo)
                drawn = await asyncio.to_thread(self.service.maps.draw, BytesIO(photo.content), pixels, name)
        return Response(drawn, media_type="image/jpeg")

    async def label(self, request: Request) -> Response:
        """Keep a photo with its class."""
        collection = self.service.collection
        if collection is None:
            raise Refused(403, "This server keeps no photos: it was started without --collect.")
        if not _of_this_page(request):
            raise Refused(403, "Photos are only taken from this server's own page.")
        with self.memory.share() as share:
            photo, form = await self._one_photo(request, share)
            with self.batcher.admit(1):
                await self.decoder.prepare(photo)  # what is no photo is not kept
                file = await asyncio.to_thread(collection.keep, photo.content, form.fields.get("label", ""))
        return JSONResponse({"kept": f"{file.parent.name}/{file.name}"}, 201)

    async def _read(self, request: Request, share: Share) -> Form:
        self.batcher.require_room()  # nobody need send what is then turned away
        return await read_form(request, self.limits, share)

    async def _one_photo(self, request: Request, share: Share) -> tuple[Upload, Form]:
        form = await self._read(request, share)
        if len(form.photos) > 1:
            raise Refused(400, "Send one photo at a time here.")
        return form.photos[0], form

    async def _answer(self, photo: Upload, n: int) -> dict[str, Any] | Refused:
        """Return what is said of a photo, or why it is refused: the others of a request are answered all the same."""
        try:
            if not photo.content:
                raise Refused(400, f"{named(photo)} is empty.")
            pixels = await self.decoder.prepare(photo)
            said = await self.batcher.predict(pixels)
            return self.service.answer(said.probabilities, n, said.more)
        except Refused as refused:
            return refused

    def _how_many(self, request: Request) -> int:
        asked, most = request.query_params.get("top", ""), len(self.service.predictor.classes)
        if not asked:
            return SHOWN
        if not (asked.isascii() and asked.isdecimal()) or not 1 <= int(asked[:9]) <= most:
            raise Refused(400, f"top is a number of classes, from 1 to {most}.")
        return int(asked)


def build_app(service: Service, limits: Limits = Limits(), room: int = 128) -> Watching:
    """Return the application.

    Args:
        service: what is served.
        limits: of uploads.
        room: photos that may be worked on at once; who comes then is told to come again (503).
    """
    server, files = Server(service, limits, room), page_files(service)
    routes = [Route("/predict", server.predict, methods=["POST"]), Route("/map", server.map, methods=["POST"])]
    routes += [Route("/label", server.label, methods=["POST"]), Route("/model", server.model)]
    routes += [Route("/health", server.health), Route("/metrics", server.measured)]
    routes += [Route(path, file.answer) for path, file in files.items()]
    app = Starlette(
        routes=routes,
        lifespan=server.running,
        exception_handlers={
            Refused: _refused,
            HTTPException: _http_error,
            ClientDisconnect: _gone,
            Exception: _trouble,
        },
    )
    return Watching(app, server.metrics, {route.path for route in routes})


def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return error.answer()


def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    known = {404: "There is nothing at this address.", 405: "This address takes another method, such as POST."}
    return JSONResponse({"error": known.get(error.status_code, error.detail)}, error.status_code, error.headers)


def _gone(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": "The sender went away."}, 400)  # nobody reads it


def _trouble(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": "Something went wrong here; the server's log says what."}, 500)


def _of_this_page(request: Request) -> bool:
    """Return whether no other site's page sends this: a browser names the page's origin with every POST."""
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")
