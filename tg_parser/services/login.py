"""Step-by-step login: each step says what to ask for next, on a terminal or a web page."""

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
"""Seconds to wait for the next answer."""
SCAN_PAUSE = 3.0
"""Seconds between checks whether a QR code has been scanned."""


class LoginService:
    """Logs an account in with the help of a person.

    There is one attempt at a time; a new one replaces the previous one. An attempt keeps a connection, and the lock of
    the session it replaces, until it ends: by success, an error, `cancel`, or `patience` seconds after the last step.
    `give_back` releases a session that this process holds without using it.
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
        """Start by QR code or phone; if no number is given here or in the settings, it is asked for first.

        An existing login is returned at once, unless `force`. Raises AccountError, RateLimitedError, BusyError.
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
        """Submit the number with country code; Telegram then sends a code. Raises AccountError, RateLimitedError."""
        return await self._next(lambda attempt: attempt.take_phone(phone))

    async def submit_code(self, code: str) -> StepResult:
        """Submit the code. Raises AccountError if it has expired or was wrong too often."""
        return await self._next(lambda attempt: attempt.take_code(code))

    async def submit_password(self, password: str) -> StepResult:
        """Submit the account's password. Raises AccountError if it was wrong too often."""
        return await self._next(lambda attempt: attempt.take_password(password))

    async def wait_for_scan(self) -> StepResult:
        """Wait until the QR code is scanned, or return the next one to show. Raises AccountError if it never is."""
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
        """Cancel the attempt, if any; a waiting step ends with AccountError."""
        held, self._held = self._held, None
        if held is not None:
            await held.close(because=_given_up())

    async def export_string(self, path: Path) -> None:
        """Write the session as a string to a file readable only by its owner. Raises AccountError."""
        await asyncio.to_thread(lambda: write_private(path, f"{as_string(load_session(self._settings))}\n".encode()))

    async def _next(self, take: Callable[[LoginAttempt], Awaitable[StepResult]]) -> StepResult:
        """Return the result of a step. An error ends the attempt, unless the answer can be given again."""
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
        """Yield an attempt with all it keeps open, or the existing login."""
        async with AsyncExitStack() as opened:
            known = await self._present(opened)
            if known is not None and not force:
                yield known
            else:
                path = self._file()
                yield LoginAttempt(self._login(opened, None), path, self._accounts, self._scan_pause)

    async def _present(self, opened: AsyncExitStack) -> LoggedIn | None:
        """Return the current login, if any, and clear earlier problems of the session."""
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
                "TELEGRAM_SESSION contains a session string, which a login cannot renew.",
                "Set it to a file instead, for example TELEGRAM_SESSION=data/telegram.session, and log in again.",
            )
        return session_file(value)

    def _login(self, opened: AsyncExitStack, session: Session | None) -> TelegramLogin:
        # Telethon takes a third of a second to import, so it is only loaded by those who use the account.
        from tg_parser.ingestion.telegram.login import TelegramLogin  # noqa: PLC0415

        login = TelegramLogin(self._settings, session, self._retry)
        opened.push_async_callback(login.close)
        return login


def _given_up() -> AccountError:
    return AccountError("The login was given up, or waited too long for an answer.", case="login_given_up")
