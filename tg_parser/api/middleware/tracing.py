"""Creates a span for every request except probes, as part of the caller's trace if there is one."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from tg_parser.api.middleware.exchanges import Exchange, method_of, route_of
from tg_parser.api.probes import PROBES
from tg_parser.observability.tracing import span

_HEADER = b"traceparent"


class Tracing:
    """Records only the route, never the full address."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on inside a span."""
        if scope["type"] != "http" or scope["path"] in PROBES:
            await self._app(scope, receive, send)
            return
        method, exchange = method_of(scope), Exchange(scope, send)
        with span(method, "server", parent=_given(scope), http_request_method=method) as told:
            try:
                await self._app(scope, receive, exchange.send)
            finally:
                route = route_of(scope)
                told.rename(f"{method} {route}")
                told.tell(
                    http_route=route,
                    http_response_status__code=exchange.status,
                    request_id=scope.get("state", {}).get("request_id"),
                )


def _given(scope: Scope) -> str | None:
    found = [value for name, value in scope["headers"] if name == _HEADER]
    return found[0].decode("latin-1") if len(found) == 1 else None
