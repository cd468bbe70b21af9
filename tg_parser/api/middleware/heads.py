"""Answers HEAD as GET would be answered, without the body."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Heads:
    """Wraps routes that know of GET alone. An answer in many parts, such as a stream of events, ends with its head."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            if message["type"] != "http.response.body":
                await send(message)
                return
            await send({"type": "http.response.body", "body": b""})
            if message.get("more_body", False):
                raise _EnoughError

        # The server must go on knowing it as HEAD; those who log it want to know its route.
        as_get = {**scope, "method": "GET"}
        try:
            await self._app(as_get, receive, without_body)
        except* _EnoughError:
            pass
        finally:
            scope.update(as_get | {"method": "HEAD"})


class _EnoughError(Exception):
    """The head has been sent, and more is not wanted."""
