"""The account's rate limits: a pace between requests, waits that outlive the process, no use of a dead session."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from datetime import timedelta

import structlog

from tg_parser.config.announced_waits import wait_with_notice
from tg_parser.domain.errors import AccountError, RateLimitedError
from tg_parser.domain.utc_time import moment_text, utc_now
from tg_parser.observability import metrics
from tg_parser.storage.stores.accounts import AccountStorage

log = structlog.get_logger(__name__)

_MARGIN = 0.1
"""Seconds added to a wait, so that clocks that differ a little never make it too short."""


class AccountRateLimiter:
    """Admits the requests of one account, one at a time."""

    def __init__(self, session_id: str, accounts: AccountStorage, *, pace: float, max_wait: float) -> None:
        self._session_id = session_id
        self._accounts = accounts
        self._pace = pace
        self._max_wait = max_wait
        self._next_at = 0.0
        self._until: dict[str, float] = {}
        self._waited = Counter[str]()
        self._dead: AccountError | None = None

    async def open(self) -> None:
        """Load the limits that earlier runs met. Raises AccountError for a session that must not be used."""
        if (block := await self._accounts.block(self._session_id)) is not None:
            raise _dead(f"{block.reason} (since {moment_text(block.blocked_at)})")
        now = utc_now()
        for request, until in (await self._accounts.limits(self._session_id)).items():
            self._until[request] = time.monotonic() + (until - now).total_seconds()

    async def admit(self, request: str) -> None:
        """Return when `request` may be sent. Raises RateLimitedError if that is too far off, AccountError."""
        if self._dead is not None:
            raise self._dead
        left = self._until.get(request, 0.0) - time.monotonic()
        if left > 0:
            await self._wait_out(request, left)
        await asyncio.sleep(self._next_at - time.monotonic())
        self._next_at = time.monotonic() + self._pace

    async def note_wait(self, request: str, seconds: int) -> None:
        """Remember, for the next process too, that Telegram wants `request` to wait."""
        patience = max(seconds, 1) + _MARGIN
        metrics.count_wait("telegram", patience)
        self._until[request] = time.monotonic() + patience
        await self._accounts.set_limit(self._session_id, request, utc_now() + timedelta(seconds=patience))

    def answered(self, request: str) -> None:
        """The wait, if there was one, is over."""
        self._waited.pop(request, None)

    async def mark_invalid(self, reason: str) -> AccountError:
        """Remember that this session must not be used any more; returns the error to raise."""
        await self._accounts.set_block(self._session_id, reason, utc_now())
        self._dead = _dead(reason)
        return self._dead

    async def _wait_out(self, request: str, seconds: float) -> None:
        self._waited[request] += round(seconds)
        if self._waited[request] > self._max_wait:
            raise RateLimitedError(f"the account asks again ({request})", utc_now() + timedelta(seconds=seconds))
        log.warning(f"Telegram asks to wait {seconds:.0f} s before {request}; waiting.", seconds=round(seconds))
        await wait_with_notice(seconds, "Telegram")


def _dead(reason: str) -> AccountError:
    return AccountError(f"The Telegram session cannot be used any more: {reason}.", case="dead_session")
