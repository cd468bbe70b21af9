"""Connections to providers: one client and one rate limiter per address, shared by everyone who asks there."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import NamedTuple

import httpx2

from tg_parser.config.settings import Settings
from tg_parser.llm.choice import ModelChoice
from tg_parser.llm.models.clients import http_client
from tg_parser.llm.models.rate_limited import RateLimiter


class Line(NamedTuple):
    """The connections shared by all models at one address."""

    limiter: RateLimiter
    http: httpx2.AsyncClient


class Connections:
    """A provider's limits apply to all stages and runs together."""

    def __init__(self) -> None:
        self._closing = AsyncExitStack()
        self._lines: dict[tuple[str | None, ...], Line] = {}

    async def line(self, choice: ModelChoice, settings: Settings) -> Line:
        """The connection to the address of `choice`; through another proxy it is another one."""
        proxy = settings.llm.proxy.get_secret_value() if settings.llm.proxy else None
        address = choice.provider, choice.base_url, proxy
        if address not in self._lines:
            limiter = RateLimiter(choice.base_url or choice.provider, settings.llm_limits, settings.retry)
            http = http_client(settings.llm, limiter.note)
            self._closing.push_async_callback(http.aclose)
            self._lines[address] = Line(limiter, http)
        return self._lines[address]

    async def close(self) -> None:
        """Close every client."""
        await self._closing.aclose()
