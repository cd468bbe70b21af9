"""Logs one line per request: who requested what and the outcome, without queries, headers and bodies."""

from __future__ import annotations

import logging

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from tg_parser.api.middleware.exchanges import Exchange, route_of
from tg_parser.api.probes import PROBES

log = structlog.get_logger(__name__)
_plain = logging.getLogger(__name__)


class AccessLog:
    """Logs requests; probes, which come every few seconds, at level DEBUG."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and log it."""
        level = logging.DEBUG if scope.get("path") in PROBES else logging.INFO
        if scope["type"] != "http" or not _plain.isEnabledFor(level):
            await self._app(scope, receive, send)
            return
        exchange = Exchange(scope, send)
        try:
            await self._app(scope, receive, exchange.send)
        finally:
            _tell(exchange, level)


def _tell(exchange: Exchange, level: int) -> None:
    scope = exchange.scope
    client = scope.get("client")
    key_id = scope.get("state", {}).get("key_id")
    log.log(
        level,
        "request",
        method=scope["method"],
        route=route_of(scope),
        status=exchange.status,
        seconds=round(exchange.seconds, 4),
        bytes=exchange.sent,
        client=client[0] if client else None,
        **({"key_id": key_id} if key_id else {}),
    )
