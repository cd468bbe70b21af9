"""The time on the server of the web preview, which every answer states."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime

import httpx

from tg_parser.config.proxies import parse_proxy
from tg_parser.config.settings import WebSettings
from tg_parser.domain.errors import SourceUnavailableError


async def time_of_server(settings: WebSettings) -> datetime:
    """The time, to the second. Raises SourceUnavailableError."""
    proxy = None if settings.proxy is None else parse_proxy(settings.proxy.get_secret_value()).url
    try:
        async with httpx.AsyncClient(proxy=proxy, timeout=settings.timeout) as client:
            response = await client.head(settings.base_url, headers={"User-Agent": settings.user_agent})
        return parsedate_to_datetime(response.headers["Date"])
    except (httpx.HTTPError, httpx.InvalidURL, KeyError, ValueError) as error:
        raise SourceUnavailableError(
            f"{settings.base_url} does not tell the time: {type(error).__name__}.",
            "Check the network and WEB_PROXY; without --online no server is asked.",
        ) from error
