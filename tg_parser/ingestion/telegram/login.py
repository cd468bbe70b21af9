"""Logging an account in, step by step: a code by phone, or a QR code; then a password where the account has one."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from telethon import errors
from telethon.password import compute_check
from telethon.sessions import SQLiteSession
from telethon.tl import functions, types

from tg_parser.config.settings import RetrySettings, TelegramSettings
from tg_parser.domain.errors import AccountError, RateLimitedError
from tg_parser.domain.utc_time import utc_now
from tg_parser.ingestion.telegram.client import AccountClient
from tg_parser.ingestion.telegram.errors import MOVES, WAITS, code_of
from tg_parser.ingestion.telegram.session import Session, WrongAnswerError

PATIENCE = 60.0
_SIGN_UP = "Telegram has no account with this phone number."
_REFUSALS: dict[type[Exception], str] = {
    errors.PhoneNumberInvalidError: "This is no phone number; write it with the country code, +79990000000.",
    errors.PhoneNumberBannedError: "Telegram has banned this phone number.",
    errors.PhoneNumberFloodError: "Telegram sends no more codes to this number today.",
    errors.PhoneNumberUnoccupiedError: _SIGN_UP,
    errors.PhoneCodeExpiredError: "The code has expired.",
    errors.PhonePasswordFloodError: "Too many wrong passwords: Telegram lets nobody try for a while.",
}
_PLACES = {
    "SentCodeTypeApp": "in Telegram on another device",
    "SentCodeTypeSms": "by SMS",
    "SentCodeTypeCall": "by a phone call",
    "SentCodeTypeEmailCode": "by e-mail",
}


class Scan(NamedTuple):
    """What a QR code must say and until when, or the name of the account that scanned it; neither where a password is
    wanted too."""

    url: str | None = None
    good_until: datetime | None = None
    account: str | None = None


class TelegramLogin:
    """One attempt to log in, on a separate connection."""

    def __init__(self, settings: TelegramSettings, session: Session | None, retry: RetrySettings) -> None:
        self._client = AccountClient(settings, session, retry=retry, limiter=None, patience=PATIENCE)
        self._phone = self._code_hash = ""

    async def account(self) -> str | None:
        """Return the display name of the logged-in account; None if the session is not logged in."""
        try:
            users = await self._ask(functions.users.GetUsersRequest([types.InputUserSelf()]))
        except (errors.UnauthorizedError, errors.AuthKeyDuplicatedError, errors.AuthKeyNotFound):
            return None
        return _display_name(users[0]) if users else None

    async def send_code(self, phone: str) -> str:
        """Let Telegram send a code; says where to. Raises AccountError, RateLimitedError."""
        async with _translate_errors():
            client = self._client
            request = functions.auth.SendCodeRequest(phone, client.api_id, client.api_hash, types.CodeSettings())
            sent = await self._ask(request)
        self._phone, self._code_hash = phone, sent.phone_code_hash
        return _PLACES.get(type(sent.type).__name__, "by Telegram")

    async def enter_code(self, code: str) -> str | None:
        """Return the account's name after logging in with `code`; None if a password is required too."""
        async with _translate_errors("code"):
            try:
                answer = await self._ask(functions.auth.SignInRequest(self._phone, self._code_hash, code))
            except errors.SessionPasswordNeededError:
                return None
            return _name_of(answer)

    async def enter_password(self, password: str) -> str:
        """Return the account's name after logging in with `password`."""
        async with _translate_errors("password"):
            wanted = await self._ask(functions.account.GetPasswordRequest())
            answer = await self._ask(functions.auth.CheckPasswordRequest(compute_check(wanted, password)))
            return _name_of(answer)

    async def scan(self) -> Scan:
        """Return the progress of the QR login."""
        async with _translate_errors():
            client = self._client
            try:
                answer = await self._ask(functions.auth.ExportLoginTokenRequest(client.api_id, client.api_hash, []))
                if isinstance(answer, types.auth.LoginTokenMigrateTo):
                    await client.move(answer.dc_id)
                    answer = await self._ask(functions.auth.ImportLoginTokenRequest(answer.token))
            except errors.SessionPasswordNeededError:
                return Scan()
            if isinstance(answer, types.auth.LoginTokenSuccess):
                return Scan(account=_name_of(answer.authorization))
            token = base64.urlsafe_b64encode(answer.token).decode().rstrip("=")
            return Scan(f"tg://login?token={token}", answer.expires)

    def write(self, path: Path) -> Session:
        """Keep what was logged in as a session file for its owner alone, whole or not at all."""
        held = self._client.session
        session = Session(held.dc_id, held.server_address, held.port, held.auth_key.key, path)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".login-") as folder:
            written = Path(folder) / "telegram.session"
            written.touch(mode=0o600)
            file = SQLiteSession(str(written))
            file.set_dc(session.dc_id, session.address, session.port)
            file.auth_key = held.auth_key
            file.save()
            file.close()
            written.replace(path)
        return session

    async def close(self) -> None:
        """Disconnect."""
        await self._client.disconnect()

    async def _ask(self, request: Any) -> Any:
        try:
            return await self._client(request)
        except MOVES as elsewhere:
            await self._client.move(elsewhere.new_dc)
            return await self._client(request)


@asynccontextmanager
async def _translate_errors(answer: str = "") -> AsyncIterator[None]:
    """Translate Telegram's refusals into our errors; a wrong `answer` becomes WrongAnswerError."""
    try:
        yield
    except WAITS as wait:
        raise RateLimitedError("the next attempt to log in", utc_now() + timedelta(seconds=wait.seconds)) from wait
    except (errors.PhoneCodeInvalidError, errors.PhoneCodeEmptyError, errors.PasswordHashInvalidError) as error:
        raise WrongAnswerError(f"Telegram does not accept this {answer}.", case="wrong_answer") from error
    except errors.RPCError as error:
        sentence = next((text for kind, text in _REFUSALS.items() if isinstance(error, kind)), None)
        raise AccountError(sentence or f"Telegram refuses to log in: {code_of(error)}.") from error


def _name_of(authorization: Any) -> str:
    if isinstance(authorization, types.auth.AuthorizationSignUpRequired):
        raise AccountError(_SIGN_UP)
    return _display_name(authorization.user)


def _display_name(user: Any) -> str:
    names = " ".join(name for name in (user.first_name, user.last_name) if name)
    return names or (f"@{user.username}" if user.username else "an account without a name")
