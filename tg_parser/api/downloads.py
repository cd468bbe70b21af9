"""Files as responses, complete or in ranges."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import FileResponse
from starlette.types import Message, Receive, Scope, Send

from tg_parser.api.middleware.request_ids import request_id_of
from tg_parser.api.problems import http_problem

_REFUSED = 400


class Download(FileResponse):
    """A file. An invalid or unavailable range is a problem like any other."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        refused: list[Message] = []

        async def send_unless_refused(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= _REFUSED:
                refused.append(message)
            if not refused:
                await send(message)

        await super().__call__(scope, receive, send_unless_refused)
        for start in refused:
            told = Headers(raw=start["headers"])
            kept = {"Content-Range": told["content-range"]} if "content-range" in told else {}
            detail = None if kept else "The Range header is not valid."
            problem = http_problem(start["status"], request_id_of(scope), detail, headers=kept)
            await problem(scope, receive, send)
