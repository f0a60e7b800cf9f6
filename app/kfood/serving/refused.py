"""What a request is answered with that cannot be done: a status and one sentence."""

from __future__ import annotations

from starlette.responses import JSONResponse

RETRY_SECONDS = 1


class Refused(Exception):
    """Raised wherever a request is found wanting; `answer` says it to whoever asked.

    Args:
        status: of HTTP: 400, 403, 408, 413, 415, 501, 503 or 507.
        sentence: what is wrong and what to do, fit for anybody's eyes.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence

    def answer(self) -> JSONResponse:
        """Return the response; one that is busy says when to come again."""
        headers = {"Retry-After": str(RETRY_SECONDS)} if self.status == 503 else {}
        return JSONResponse({"error": self.sentence}, self.status, headers)
