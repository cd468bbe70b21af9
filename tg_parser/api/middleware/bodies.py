"""Reads the complete body of a request before it is handled, with limits for size and time."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tg_parser.api.middleware.request_ids import request_id_of
from tg_parser.api.problems import http_problem
from tg_parser.domain.errors import SlowClientError, TooLargeError

_BOTH = "The request has both Content-Length and Transfer-Encoding."


class BoundedBodies:
    """Accepts only bodies of up to `most` bytes that arrive within `seconds`."""

    def __init__(self, app: ASGIApp, *, most: int, seconds: float) -> None:
        self._app = app
        self._most = most
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request. Raises TooLargeError, SlowClientError."""
        stated = _stated(scope) if scope["type"] == "http" else set()
        if not stated:
            await self._app(scope, receive, send)
            return
        if len(stated) > 1:
            # A proxy may interpret it differently and take the rest of it for another client's request.
            refused = http_problem(400, request_id_of(scope), _BOTH, headers={"Connection": "close"})
            await refused(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._seconds):
                body = await self._read(scope, receive)
        except TimeoutError:
            raise SlowClientError(
                f"The body of the request did not arrive within {self._seconds:g} seconds.",
                "Send it without delay; the limit is set by API_BODY_TIMEOUT.",
            ) from None
        if body is None:
            return
        unread = [body]

        async def replay() -> Message:
            if unread:
                return {"type": "http.request", "body": unread.pop(), "more_body": False}
            return await receive()

        await self._app(scope, replay, send)

    async def _read(self, scope: Scope, receive: Receive) -> bytes | None:
        """Return the body, or None if the client has disconnected."""
        self._require_fit(_stated_length(scope))
        read = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            read += message.get("body", b"")
            self._require_fit(len(read))
            if not message.get("more_body", False):
                return bytes(read)

    def _require_fit(self, size: int) -> None:
        if size > self._most:
            raise TooLargeError(
                f"The body of the request is larger than {self._most} bytes.",
                "Split the request; the limit is set by API_MAX_BODY_BYTES.",
                most_bytes=self._most,
            )


def _stated(scope: Scope) -> set[bytes]:
    """Return the headers that declare the length of the body."""
    return {name for name, _ in scope["headers"]} & {b"content-length", b"transfer-encoding"}


def _stated_length(scope: Scope) -> int:
    stated = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(stated) if stated.isdigit() else 0
