"""Logging in: who is logged in already, the questions a person answers, and the session that is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tg_parser.config.secrets import is_session_string
from tg_parser.config.settings import RetrySettings, TelegramSettings
from tg_parser.domain.errors import AccountError, UsageError
from tg_parser.ingestion.telegram.api import hold_session
from tg_parser.ingestion.telegram.session import (
    NotLoggedInError,
    Session,
    WrongAnswerError,
    as_string,
    load_session,
    session_file,
    write_private,
)
from tg_parser.storage.engine.locks import Locks
from tg_parser.storage.stores.accounts import AccountStorage

if TYPE_CHECKING:
    from tg_parser.ingestion.telegram.login import TelegramLogin

T = TypeVar("T")

ATTEMPTS = 3
"""How often a code or a password may be given."""
SCAN_SECONDS, SCAN_PAUSE = 300.0, 3.0
"""How long a QR code is shown, and how often Telegram is asked whether it was scanned."""


@dataclass(frozen=True, slots=True)
class LoginQuestions:
    """How a person is asked. `code` is told where the code was sent, `show_qr` what the QR code must say."""

    phone: Callable[[], str]
    code: Callable[[str], str]
    password: Callable[[], str]
    show_qr: Callable[[str], None]
    wrong: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Whose account it is, where its session is kept, and whether it was logged in before."""

    account: str
    session_file: Path | None
    already: bool


class LoginService:
    """The one place where a person acts for the account."""

    def __init__(
        self, settings: TelegramSettings, retry: RetrySettings, accounts: AccountStorage, locks: Locks
    ) -> None:
        self._settings = settings
        self._retry = retry
        self._accounts = accounts
        self._locks = locks

    async def log_in(self, prompts: LoginQuestions, *, by_qr: bool = False, force: bool = False) -> LoggedIn:
        """Log in by phone or by QR code, unless that was done before. Raises AccountError, RateLimitedError."""
        async with AsyncExitStack() as opened:
            known = await self._present(opened)
            if known is not None and not force:
                return known
            path = self._file()
            login = self._login(opened, None)
            account = await (_by_qr(login, prompts) if by_qr else _by_phone(login, prompts, self._settings.phone))
            session = login.write(path)
            await self._accounts.lift_block(session.session_id)
            return LoggedIn(account, path, already=False)

    def export_string(self, path: Path) -> None:
        """Write the session as a string into a file that its owner alone can read. Raises AccountError."""
        write_private(path, f"{as_string(load_session(self._settings))}\n".encode())

    async def _present(self, opened: AsyncExitStack) -> LoggedIn | None:
        """Who is logged in now; what trouble the session had before is over then."""
        session = self._held_session()
        if session is None:
            return None
        await hold_session(opened, session, self._locks)
        account = await self._login(opened, session).account()
        if account is None:
            return None
        await self._accounts.lift_block(session.session_id)
        return LoggedIn(account, session.file, already=True)

    def _held_session(self) -> Session | None:
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


async def _by_phone(login: TelegramLogin, prompts: LoginQuestions, phone: str | None) -> str:
    where = await login.send_code(phone or prompts.phone())
    account = await _answered(lambda: login.enter_code(prompts.code(where)), prompts)
    return account or await _by_password(login, prompts)


async def _by_qr(login: TelegramLogin, prompts: LoginQuestions) -> str:
    try:
        async with asyncio.timeout(SCAN_SECONDS):
            account = await _scanned(login, prompts)
    except TimeoutError:
        raise AccountError("Nobody has scanned the QR code.", "Begin again: tg-parser login --qr") from None
    return account or await _by_password(login, prompts)


async def _scanned(login: TelegramLogin, prompts: LoginQuestions) -> str | None:
    """Show QR codes, each as long as it is good, until one was scanned."""
    shown = None
    while True:
        url, account = await login.scan()
        if url is None:
            return account
        if url != shown:
            prompts.show_qr(url)
            shown = url
        await asyncio.sleep(SCAN_PAUSE)


async def _by_password(login: TelegramLogin, prompts: LoginQuestions) -> str:
    return await _answered(lambda: login.enter_password(prompts.password()), prompts)


async def _answered(ask: Callable[[], Awaitable[T]], prompts: LoginQuestions) -> T:
    """What comes of the answer, which may be given again where it was wrong."""
    for _ in range(ATTEMPTS - 1):
        try:
            return await ask()
        except WrongAnswerError as error:
            prompts.wrong(error.message)
    return await ask()
