"""The Telegram API as a way to reach chats: one account, connected at first use, one client for all chats."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from tg_parser.config.settings import RetrySettings, TelegramSettings
from tg_parser.domain.errors import BusyError
from tg_parser.domain.peers import Peer
from tg_parser.ingestion.telegram.chat import TelegramChat
from tg_parser.ingestion.telegram.rate_limiter import AccountRateLimiter
from tg_parser.ingestion.telegram.session import Session, load_session, session_exists
from tg_parser.storage.engine.locks import LOCKS, FileLocks, Locks
from tg_parser.storage.engine.shared_resource import HeldResource
from tg_parser.storage.stores.accounts import AccountStorage

if TYPE_CHECKING:
    from tg_parser.ingestion.telegram.client import AccountClient
    from tg_parser.ingestion.telegram.finding import ChatFinder
    from tg_parser.ingestion.telegram.requests import TelegramRequests

PATIENCE = 60.0
"""Seconds after which an answer of Telegram is given up."""


class ConnectedAccount(NamedTuple):
    """A connected account: what asks, and what finds chats."""

    requests: TelegramRequests
    finder: ChatFinder


class TelegramApi:
    """Opens chats with the account's session, which one process uses at a time and gives back when no chat is in use.

    It is kept for as long after the last use as TELEGRAM_IDLE_TIME says, and never for less than the pause between two
    requests: whoever takes it then need not know when the last one was.
    """

    def __init__(
        self,
        settings: TelegramSettings,
        retry: RetrySettings,
        max_wait: float,
        accounts: AccountStorage,
        locks: Locks,
        *,
        patience: float = PATIENCE,
    ) -> None:
        self._settings = settings
        self._retry = retry
        self._max_wait = max_wait
        self._accounts = accounts
        self._locks = locks
        self._patience = patience
        self._opening = asyncio.Lock()
        self._held: HeldResource[ConnectedAccount] | None = None

    def is_configured(self) -> bool:
        """Whether there are credentials and a session, as far as can be seen without reading one."""
        known = self._settings.api_id is not None and self._settings.api_hash is not None
        return known and session_exists(self._settings)

    @asynccontextmanager
    async def open(self, peer: Peer) -> AsyncIterator[TelegramChat]:
        """The chat of `peer`, for the length of the block. Raises AccountError, BusyError, or SourceError."""
        async with AsyncExitStack() as using:
            async with self._opening:
                held = await self._holding()
                account = await using.enter_async_context(held.used())
                found = await account.finder.find(peer)
            yield TelegramChat(account.requests, found)

    async def give_back(self) -> None:
        """Release the session for other processes, unless a chat is in use."""
        if self._held is not None:
            self._held.give_back()
            if self._held.is_over:
                await self._held.ended()

    async def close(self) -> None:
        """Disconnect, and let another process use the session."""
        held, self._held = self._held, None
        if held is not None:
            await held.close()

    async def _holding(self) -> HeldResource[ConnectedAccount]:
        if self._held is not None and self._held.is_over:
            # The session is free only when the last life of it has ended.
            await self._held.ended()
            self._held = None
        if self._held is None:
            idle = max(self._settings.idle_time, self._settings.wait_time)
            self._held = await HeldResource.open(self._account(), idle)
        return self._held

    @asynccontextmanager
    async def _account(self) -> AsyncIterator[ConnectedAccount]:
        client_of, finder_of, requests_of = _telethon()
        session = await asyncio.to_thread(load_session, self._settings)
        async with AsyncExitStack() as opened:
            await hold_session(opened, session, self._locks)
            limiter = AccountRateLimiter(
                session.session_id, self._accounts, pace=self._settings.wait_time, max_wait=self._max_wait
            )
            await limiter.open()
            client = client_of(self._settings, session, retry=self._retry, limiter=limiter, patience=self._patience)
            opened.push_async_callback(client.leave)
            if self._settings.takeout:
                await client.begin_takeout()
            requests = requests_of(client)
            yield ConnectedAccount(requests, finder_of(requests, self._accounts, session.session_id))


@cache
def _telethon() -> tuple[type[AccountClient], type[ChatFinder], type[TelegramRequests]]:
    """What needs Telethon, which takes a third of a second to import: loaded only when the account is used."""
    from tg_parser.ingestion.telegram.client import AccountClient  # noqa: PLC0415
    from tg_parser.ingestion.telegram.finding import ChatFinder  # noqa: PLC0415
    from tg_parser.ingestion.telegram.requests import TelegramRequests  # noqa: PLC0415

    # What was imported stays for good. Left out of garbage collection, it takes a third off the time of collecting.
    gc.freeze()
    return AccountClient, ChatFinder, TelegramRequests


async def hold_session(opened: AsyncExitStack, session: Session, locks: Locks) -> None:
    """Lock the session against other processes until `opened` is closed. Raises BusyError, which names the holder."""
    held = [(locks, f"telegram-session:{session.session_id}")]
    if session.file is not None and os.access(session.file.absolute().parent, os.W_OK):
        # Processes with databases elsewhere share nothing but the file. Where it is mounted read-only, not even that.
        held.append((FileLocks(session.file.absolute().parent / LOCKS), f"telegram-session-file:{session.session_id}"))
    try:
        for each, name in held:
            await opened.enter_async_context(each.exclusive(name))
    except BusyError as error:
        raise BusyError(
            f"The Telegram session is in use. {error.message}",
            case="session_in_use",
        ) from error
