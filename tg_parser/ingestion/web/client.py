"""Pages over HTTP, one at a time with a pause in between; waits exactly as long as the server asks."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from functools import cached_property
from typing import NamedTuple

import httpx
import structlog

from tg_parser.config.announced_waits import wait_with_notice
from tg_parser.config.proxies import parse_proxy
from tg_parser.config.settings import RetrySettings, WebSettings
from tg_parser.domain.errors import RateLimitedError, SourceError, SourceUnavailableError
from tg_parser.domain.utc_time import utc_now
from tg_parser.ingestion.retrying import attempts
from tg_parser.ingestion.web.answers import asked_wait, is_cut, is_temporary
from tg_parser.observability import metrics

MAX_BODY = 16 << 20
"""Limit for an unpacked page in bytes; the largest pages of Telegram have a hundredth of that."""

log = structlog.get_logger(__name__)


class WebAnswer(NamedTuple):
    """What the server returned for a path: a page, or the address that it redirects to."""

    html: str
    redirected_to: str | None = None


class _AskedToWaitError(Exception):
    """The server asked to wait: not a failure, and not counted as an attempt."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class WebClient:
    """Fetches pages below `settings.base_url`. Everyone who shares it takes turns, even while one of them waits."""

    def __init__(self, settings: WebSettings, retry: RetrySettings, max_wait: float) -> None:
        self._settings = settings
        self._retry = retry
        self._max_wait = max_wait
        self._base = settings.base_url.rstrip("/")
        self._turn = asyncio.Lock()
        self._paused_until = 0.0
        self._asked_until = 0.0

    @property
    def host(self) -> str:
        """The server's name for messages to users."""
        return self._base.split("://", 1)[-1].partition("/")[0]

    async def close(self) -> None:
        """Close the connections."""
        if "_http" in self.__dict__:
            await self._http.aclose()

    async def fetch(self, path: str) -> WebAnswer:
        """The answer for `path`. Raises RateLimitedError, SourceError, SourceUnavailableError (after the last try)."""
        async with self._turn:
            waited = 0.0
            self._require_patience(self._asked_until - time.monotonic())
            while True:
                try:
                    return await self._attempts(path)
                except _AskedToWaitError as asked:
                    self._asked_until = time.monotonic() + asked.seconds
                    waited += asked.seconds
                    metrics.count_wait("web_preview", asked.seconds)
                    self._require_patience(waited)
                    log.warning(f"{self.host} asks to wait {asked.seconds:.0f} s; waiting.")

    def _require_patience(self, seconds: float) -> None:
        if seconds > self._max_wait:
            left = self._asked_until - time.monotonic()
            raise RateLimitedError(f"{self.host} is asked again", utc_now() + timedelta(seconds=left))

    async def _attempts(self, path: str) -> WebAnswer:
        async for attempt in attempts(self._retry):
            with attempt:
                await self._until_it_may_be_asked()
                try:
                    return await self._once(f"{self._base}/{path}")
                finally:
                    self._paused_until = time.monotonic() + self._settings.pause
        raise AssertionError("a retry context either returns or raises")

    async def _until_it_may_be_asked(self) -> None:
        await wait_with_notice(max(self._paused_until, self._asked_until) - time.monotonic(), self.host)

    async def _once(self, url: str) -> WebAnswer:
        try:
            async with asyncio.timeout(self._settings.timeout), self._http.stream("GET", url) as response:
                return await self._read(response)
        except (httpx.TransportError, httpx.DecodingError, TimeoutError) as error:
            raise self._unavailable(" ".join(f"{type(error).__name__} {error}".split())) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceError(f"{url} cannot be fetched: {error}.", "Check WEB_PREVIEW_URL.") from error

    async def _read(self, response: httpx.Response) -> WebAnswer:
        if response.has_redirect_location:
            return WebAnswer("", response.headers["Location"])
        wait = asked_wait(response.status_code, response.headers, utc_now(), self._retry.backoff_max)
        if wait is not None:
            raise _AskedToWaitError(wait)
        if is_temporary(response.status_code):
            raise self._unavailable(f"status {response.status_code}")
        if response.status_code != httpx.codes.OK:
            of_the_proxy = response.status_code == httpx.codes.PROXY_AUTHENTICATION_REQUIRED
            raise SourceError(
                f"{self.host} refuses {response.url.path}: status {response.status_code}.",
                "Check user and password in WEB_PROXY." if of_the_proxy else "Check WEB_PREVIEW_URL.",
            )
        html = await _text(response)
        if is_cut(html):
            raise self._unavailable("the page is truncated")
        return WebAnswer(html)

    def _unavailable(self, why: str) -> SourceUnavailableError:
        checked = "the network" if self._settings.proxy is None else "WEB_PROXY and the network"
        return SourceUnavailableError(
            f"{self.host} did not respond as expected: {why}.",
            f"Check {checked} and run the same command later; what was collected so far is kept.",
        )

    @cached_property
    def _http(self) -> httpx.AsyncClient:
        headers = {b"User-Agent": self._settings.user_agent.encode(), b"Accept-Language": b"en"}
        proxy = self._settings.proxy
        address = None if proxy is None else parse_proxy(proxy.get_secret_value()).url
        return httpx.AsyncClient(headers=headers, timeout=self._settings.timeout, follow_redirects=False, proxy=address)


async def _text(response: httpx.Response) -> str:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MAX_BODY:
            raise SourceError(
                f"The answer of {response.url} has more than {MAX_BODY >> 20} MB: it is not a page of the web preview.",
                "Check WEB_PREVIEW_URL.",
            )
    return body.decode("utf-8", "replace")
