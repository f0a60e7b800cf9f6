"""The page as the server hands it out: from memory, so that no address can reach any other file."""

from __future__ import annotations

from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from kfood.serving.service import Service
from kfood.webpage.parts import INDEX, media_type, page_parts
from kfood.webpage.policy import POLICY


class PageFile(NamedTuple):
    """One file."""

    content: bytes
    kind: str

    async def answer(self, _: Request) -> Response:
        """Hand it out."""
        return Response(self.content, media_type=self.kind)


def page_files(service: Service) -> dict[str, PageFile]:
    """Return the page's files by address."""
    parts = page_parts("server", POLICY, service.predictor.classes)
    found = {f"/{name}": PageFile(text.encode(), media_type(name)) for name, text in parts.items()}
    return {"/": found.pop(f"/{INDEX}"), **found}
