"""Answers HEAD like GET, without the body."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Heads:
    """Wraps routes that only support GET. A streamed response, such as events, ends after its head."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
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

        # The server has to keep seeing HEAD; for the log, the route is copied back.
        as_get = {**scope, "method": "GET"}
        try:
            await self._app(as_get, receive, without_body)
        except* _EnoughError:
            pass
        finally:
            scope.update(as_get | {"method": "HEAD"})


class _EnoughError(Exception):
    """The head has been sent, and nothing more is needed."""
