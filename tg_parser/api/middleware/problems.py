"""Turns all errors of a request into problem details, and adds security headers to responses."""

from __future__ import annotations

import structlog
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tg_parser.api.problems import http_problem, problem_of
from tg_parser.domain.errors import TgParserError

log = structlog.get_logger(__name__)

SAFETY = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
"""Headers for browsers of every response, unless a route sets them."""
_SAFETY_SENT = [(name.encode(), value.encode()) for name, value in SAFETY.items()]


class Problems:
    """The error boundary of a request: the client always gets a response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def safely(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                stated = [*message.get("headers", ())]
                names = {name.lower() for name, _ in stated}
                message["headers"] = stated + [each for each in _SAFETY_SENT if each[0] not in names]
            await send(message)

        request_id = scope.setdefault("state", {}).get("request_id")
        try:
            await self._app(scope, receive, safely)
        except TgParserError as error:
            if started:
                log.warning("a response was interrupted", reason=error.message)
                raise
            await problem_of(error, request_id)(scope, receive, safely)
        except HTTPException as error:
            await http_problem(error.status_code, request_id, headers=error.headers)(scope, receive, safely)
        except OSError:
            # The client has disconnected.
            log.debug("the client disconnected")
        except Exception:
            # The response has been sent by now, or can no longer be sent.
            log.exception("a request failed unexpectedly")
            if not started:
                await http_problem(500, request_id)(scope, receive, safely)
