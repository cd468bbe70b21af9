"""One login attempt: what is needed next, what each answer leads to, and how often it may be wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tg_parser.domain.errors import AccountError, UsageError
from tg_parser.ingestion.telegram.session import WrongAnswerError
from tg_parser.storage.stores.accounts import AccountStorage

if TYPE_CHECKING:
    from tg_parser.ingestion.telegram.login import TelegramLogin

ATTEMPTS = 3
"""How often a code or a password may be given."""
SCAN_SECONDS = 300.0
"""How long QR codes are shown, in seconds."""

LoginInput = Literal["phone", "code", "password", "scan"]


@dataclass(frozen=True, slots=True)
class LoginStep:
    """What a person has to enter or scan next, and until when it is valid.

    `sent` says where the code was sent, `url` is the content of the QR code, `problem` says why it is asked again.
    """

    wanted: LoginInput
    sent: str | None = None
    url: str | None = None
    good_until: datetime | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """The account, the location of its session, and whether it was logged in before."""

    account: str
    session_file: Path | None
    already: bool


StepResult = LoginStep | LoggedIn


class LoginAttempt:
    """Takes answers one after another. UsageError refuses an answer that is not the one expected."""

    def __init__(self, login: TelegramLogin, path: Path, accounts: AccountStorage, scan_pause: float) -> None:
        self._login = login
        self._path = path
        self._accounts = accounts
        self._scan_pause = scan_pause
        self._turn = asyncio.Lock()
        self._step = LoginStep("phone")
        self._wrong = 0
        self._scan_until = 0.0

    async def want_phone(self) -> StepResult:
        """Ask for the phone number."""
        return self._step

    async def show_qr(self) -> StepResult:
        """Return the first QR code."""
        self._scan_until = asyncio.get_running_loop().time() + SCAN_SECONDS
        return await self._look() or self._step

    async def take_phone(self, phone: str) -> StepResult:
        """Have a code sent to `phone`. Raises AccountError, RateLimitedError."""
        async with self._turn:
            self._require("phone")
            return self._want(LoginStep("code", sent=await self._login.send_code(phone)))

    async def take_code(self, code: str) -> StepResult:
        """Log in, or go on to the password. Raises WrongAnswerError when wrong for the last time, AccountError."""
        async with self._turn:
            self._require("code")
            return await self._judged(self._login.enter_code(code))

    async def take_password(self, password: str) -> StepResult:
        """Log in. Raises WrongAnswerError when wrong for the last time, AccountError."""
        async with self._turn:
            self._require("password")
            return await self._judged(self._login.enter_password(password))

    async def scanned(self) -> StepResult:
        """Return the next step after the scan, or the next QR code. Raises AccountError after SCAN_SECONDS."""
        async with self._turn:
            self._require("scan")
            try:
                async with asyncio.timeout_at(self._scan_until):
                    while True:
                        await asyncio.sleep(self._scan_pause)
                        if (outcome := await self._look()) is not None:
                            return outcome
            except TimeoutError:
                raise AccountError("The QR code was not scanned in time.", case="nobody_scanned") from None

    async def _look(self) -> StepResult | None:
        """Return the next step once the QR code was scanned, else None."""
        scan = await self._login.scan()
        if scan.url is None:
            return await self._passed(scan.account)
        if scan.url == self._step.url:
            return None
        return self._want(LoginStep("scan", url=scan.url, good_until=scan.good_until))

    async def _judged(self, answer: Awaitable[str | None]) -> StepResult:
        try:
            account = await answer
        except WrongAnswerError as error:
            self._wrong += 1
            if self._wrong == ATTEMPTS:
                raise
            return replace(self._step, problem=error.message)
        self._wrong = 0
        return await self._passed(account)

    async def _passed(self, account: str | None) -> StepResult:
        """Save the session of `account`; without an account, ask for the password."""
        if account is None:
            return self._want(LoginStep("password"))
        session = await asyncio.to_thread(self._login.write, self._path)
        await self._accounts.lift_block(session.session_id)
        return LoggedIn(account, self._path, already=False)

    def _want(self, step: LoginStep) -> LoginStep:
        self._step = step
        return step

    def _require(self, given: LoginInput) -> None:
        wanted = self._step.wanted
        if given != wanted:
            raise UsageError(f"The login is waiting for {_WORDS[wanted]}, not for {_WORDS[given]}.")


_WORDS: dict[LoginInput, str] = {
    "phone": "a phone number",
    "code": "the code that Telegram sent",
    "password": "the password of the account",
    "scan": "a scan of the QR code",
}
