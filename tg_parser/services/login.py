"""Logging in, step by step: each step says what to ask for next, on a terminal or a web page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tg_parser.config.secrets import is_session_string
from tg_parser.config.settings import RetrySettings, TelegramSettings
from tg_parser.domain.errors import AccountError, SourceUnavailableError, UsageError
from tg_parser.domain.utc_time import utc_now
from tg_parser.ingestion.telegram.api import hold_session
from tg_parser.ingestion.telegram.session import (
    NotLoggedInError,
    Session,
    as_string,
    load_session,
    session_file,
    write_private,
)
from tg_parser.services.login_attempt import LoggedIn, LoginAttempt, StepResult
from tg_parser.storage.engine.locks import Locks
from tg_parser.storage.engine.shared_resource import HeldResource
from tg_parser.storage.stores.accounts import AccountStorage

if TYPE_CHECKING:
    from tg_parser.ingestion.telegram.login import TelegramLogin

ATTEMPT_SECONDS = 600.0
"""How long an attempt waits for its next answer."""
SCAN_PAUSE = 3.0
"""How often Telegram is asked whether a QR code was scanned."""


class LoginService:
    """The one place where a person acts for the account.

    There is one attempt at a time, and a new one takes the place of the last. It keeps a connection, and the lock of
    the session that it is to replace, until it ends: by success, by an error, by `cancel`, or `patience` seconds after
    the last step. `give_back` is asked for a session that this very process keeps without using it.
    """

    def __init__(
        self,
        settings: TelegramSettings,
        retry: RetrySettings,
        accounts: AccountStorage,
        locks: Locks,
        give_back: Callable[[], Awaitable[None]],
        *,
        patience: float = ATTEMPT_SECONDS,
        scan_pause: float = SCAN_PAUSE,
    ) -> None:
        self._settings = settings
        self._retry = retry
        self._accounts = accounts
        self._locks = locks
        self._give_back = give_back
        self._patience = patience
        self._scan_pause = scan_pause
        self._starting = asyncio.Lock()
        self._held: HeldResource[LoginAttempt | LoggedIn] | None = None

    async def start(self, phone: str | None = None, *, by_qr: bool = False, force: bool = False) -> StepResult:
        """Begin by QR code or by phone; without a number here or in the settings that is wanted first.

        A login that exists is returned at once, unless `force`. Raises AccountError, RateLimitedError, BusyError.
        """
        async with self._starting:
            await self.cancel()
            await self._give_back()
            self._held = await HeldResource.open(self._attempt(force=force), self._patience)
            if by_qr:
                return await self._next(LoginAttempt.show_qr)
            number = phone or self._settings.phone
            return await (self._next(LoginAttempt.want_phone) if number is None else self.submit_phone(number))

    async def submit_phone(self, phone: str) -> StepResult:
        """The number, with its country code; the code is sent then. Raises AccountError, RateLimitedError."""
        return await self._next(lambda attempt: attempt.take_phone(phone))

    async def submit_code(self, code: str) -> StepResult:
        """The code that was sent. Raises AccountError where it is wrong for the last time or has expired."""
        return await self._next(lambda attempt: attempt.take_code(code))

    async def submit_password(self, password: str) -> StepResult:
        """The password of the account. Raises AccountError where it is wrong for the last time."""
        return await self._next(lambda attempt: attempt.take_password(password))

    async def wait_for_scan(self) -> StepResult:
        """Return when the QR code was scanned, or with the next one to show. Raises AccountError if nobody scans."""
        return await self._next(LoginAttempt.scanned)

    async def account(self) -> str | None:
        """The name of the account that Telegram knows the session by; None if it knows none.

        Raises AccountError, BusyError, SourceUnavailableError.
        """
        await self._give_back()
        async with AsyncExitStack() as opened:
            known = await self._present(opened)
            return known.account if known else None

    async def cancel(self) -> None:
        """Cancel the attempt, if there is one; a waiting step ends with AccountError."""
        held, self._held = self._held, None
        if held is not None:
            await held.close(because=_given_up())

    async def export_string(self, path: Path) -> None:
        """Write the session as a string into a file that its owner alone can read. Raises AccountError."""
        await asyncio.to_thread(lambda: write_private(path, f"{as_string(load_session(self._settings))}\n".encode()))

    async def _next(self, take: Callable[[LoginAttempt], Awaitable[StepResult]]) -> StepResult:
        """The result of a step. An error ends the attempt, unless the same answer can be given again."""
        held = self._held
        if held is None or held.is_over:
            raise _given_up()
        try:
            async with held.used() as attempt:
                outcome = attempt if isinstance(attempt, LoggedIn) else await take(attempt)
        except (UsageError, SourceUnavailableError, asyncio.CancelledError):
            raise
        except Exception:
            await self._end(held)
            raise
        if isinstance(outcome, LoggedIn):
            await self._end(held)
            return outcome
        return replace(outcome, good_until=outcome.good_until or utc_now() + timedelta(seconds=self._patience))

    async def _end(self, held: HeldResource[LoginAttempt | LoggedIn]) -> None:
        if self._held is held:
            await self.cancel()

    @asynccontextmanager
    async def _attempt(self, *, force: bool) -> AsyncIterator[LoginAttempt | LoggedIn]:
        """An attempt with all it keeps open, or who is logged in already."""
        async with AsyncExitStack() as opened:
            known = await self._present(opened)
            if known is not None and not force:
                yield known
            else:
                path = self._file()
                yield LoginAttempt(self._login(opened, None), path, self._accounts, self._scan_pause)

    async def _present(self, opened: AsyncExitStack) -> LoggedIn | None:
        """Who is logged in now; what trouble the session had before is cleared."""
        session = await asyncio.to_thread(self._kept_session)
        if session is None:
            return None
        await hold_session(opened, session, self._locks)
        account = await self._login(opened, session).account()
        if account is None:
            return None
        await self._accounts.lift_block(session.session_id)
        return LoggedIn(account, session.file, already=True)

    def _kept_session(self) -> Session | None:
        try:
            return load_session(self._settings)
        except NotLoggedInError:
            return None

    def _file(self) -> Path:
        value = self._settings.session.get_secret_value()
        if is_session_string(value):
            raise UsageError(
                "TELEGRAM_SESSION holds a session string, which a login cannot renew.",
                "Name a file in it instead, for example TELEGRAM_SESSION=data/telegram.session, and log in again.",
            )
        return session_file(value)

    def _login(self, opened: AsyncExitStack, session: Session | None) -> TelegramLogin:
        # Telethon takes a third of a second to import: only those who use the account wait for it.
        from tg_parser.ingestion.telegram.login import TelegramLogin  # noqa: PLC0415

        login = TelegramLogin(self._settings, session, self._retry)
        opened.push_async_callback(login.close)
        return login


def _given_up() -> AccountError:
    return AccountError("The login was given up, or waited too long for an answer.", case="login_given_up")
