"""Gives every request an id, the caller's or a new one, which appears in the response, the log and jobs."""

from __future__ import annotations

import re
import secrets

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = b"x-request-id"
_FIT = re.compile(rb"[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?")
"""Up to 128 printable ASCII characters, as ids are copied to headers and the log."""


def request_id_of(scope: Scope) -> str:
    """Return the id of a request that has passed the middleware."""
    return str(scope["state"]["request_id"])


class RequestIds:
    """Stores the id in `scope["state"]["request_id"]`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its id."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _given(scope) or secrets.token_hex(16)
        scope.setdefault("state", {})["request_id"] = request_id
        header = HEADER, request_id.encode()

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), header]
            await send(message)

        bound = structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            await self._app(scope, receive, send_with_id)
        finally:
            structlog.contextvars.reset_contextvars(**bound)


def _given(scope: Scope) -> str | None:
    """Return the caller's id, if there is exactly one and it is valid."""
    found = [value for name, value in scope["headers"] if name == HEADER]
    return found[0].decode() if len(found) == 1 and _FIT.fullmatch(found[0]) else None
