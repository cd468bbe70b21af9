"""Counts requests by method, route and status class, and those in progress, except /health/live."""

from __future__ import annotations

from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tg_parser.api.middleware.exchanges import Exchange, method_of, route_of
from tg_parser.api.probes import LIVE
from tg_parser.observability.instruments import Instruments


class HttpMetrics:
    """Counts requests of an application; callers cannot create new series."""

    def __init__(self, app: ASGIApp, instruments: Instruments) -> None:
        self._app = app
        self._told = instruments
        self._counters: dict[tuple[str, str, int], Counter] = {}
        self._histograms: dict[tuple[str, str], Histogram] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and count it once it is answered."""
        if scope["type"] != "http" or scope["path"] == LIVE:
            await self._app(scope, receive, send)
            return
        exchange = _Counted(scope, send, self._told)
        self._told.http_in_flight.inc()
        try:
            await self._app(scope, receive, exchange.send)
        finally:
            self._told.http_in_flight.dec()
            exchange.end()
            self._count(exchange)

    def _count(self, exchange: Exchange) -> None:
        method, route, kind = method_of(exchange.scope), route_of(exchange.scope), exchange.status // 100
        counter = self._counters.get((method, route, kind))
        if counter is None:
            counter = self._counters[method, route, kind] = self._told.http_requests.labels(method, route, f"{kind}xx")
        counter.inc()
        if exchange.is_stream:
            return
        histogram = self._histograms.get((method, route))
        if histogram is None:
            histogram = self._histograms[method, route] = self._told.http_seconds.labels(method, route)
        histogram.observe(exchange.seconds)


class _Counted(Exchange):
    """An exchange that may turn out to be an event stream."""

    def __init__(self, scope: Scope, out: Send, told: Instruments) -> None:
        super().__init__(scope, out)
        self._streams = told.event_streams

    async def send(self, message: Message) -> None:
        began = message["type"] == "http.response.start"
        await super().send(message)
        if began and self.is_stream:
            self._streams.inc()

    def end(self) -> None:
        if self.is_stream:
            self._streams.dec()
