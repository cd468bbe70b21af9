"""Meanings of Telegram's errors: one table by class."""

from __future__ import annotations

import asyncio
from typing import Any

from telethon import errors

from tg_parser.domain.errors import AccountError, SourceError

WAITS = (
    errors.FloodWaitError,
    errors.FloodPremiumWaitError,
    errors.SlowModeWaitError,
    errors.TakeoutInitDelayError,
    errors.FloodTestPhoneWaitError,
)
"""Each carries the `seconds` that Telegram wants to be waited."""

MOVES = (errors.PhoneMigrateError, errors.NetworkMigrateError, errors.UserMigrateError)
"""The account lives in another data centre, `new_dc`."""

LOST = (OSError, asyncio.IncompleteReadError, errors.InvalidBufferError, errors.InvalidChecksumError)
"""The connection is lost; TimeoutError is an OSError."""

_DEAD: dict[type[Exception], str] = {
    errors.AuthKeyDuplicatedError: "it was used from two places at once, so Telegram has ended it",
    errors.AuthKeyUnregisteredError: "Telegram does not know it as logged in",
    errors.AuthKeyInvalidError: "Telegram does not accept its key",
    errors.AuthKeyNotFound: "Telegram does not know its key",
    errors.SessionRevokedError: "it was ended from another device",
    errors.SessionExpiredError: "it has expired",
    errors.UserDeactivatedError: "the account has been deleted",
    errors.UserDeactivatedBanError: "Telegram has banned the account",
    errors.UnauthorizedError: "Telegram does not take it as logged in",
    errors.UserMigrateError: "the account has moved to another data centre",
}

_MY_TELEGRAM = "Copy TELEGRAM_API_ID and TELEGRAM_API_HASH from https://my.telegram.org, API development tools."
_CREDENTIALS: dict[type[Exception], str] = {
    errors.ApiIdInvalidError: "Telegram does not accept TELEGRAM_API_ID with TELEGRAM_API_HASH.",
    errors.ApiIdPublishedFloodError: "TELEGRAM_API_ID was published somewhere, so Telegram refuses it.",
}

_JOIN = "Join it in Telegram with the account that is logged in, then run the same command again."
_SPELLING = "Check the spelling; a chat without a name can be given by its number (-100…) once the account is in it."
_FINAL: dict[type[Exception], tuple[str, str]] = {
    errors.ChannelPrivateError: ("{chat} is private, or the account has lost access to it.", _JOIN),
    errors.ChannelPublicGroupNaError: ("{chat} cannot be reached by this account.", _JOIN),
    errors.UserBannedInChannelError: ("The account is banned in {chat}.", "Use another account, or the web preview."),
    errors.ChatForbiddenError: ("The account may not read {chat}.", _JOIN),
    errors.ChatAdminRequiredError: ("Only administrators may read {chat}.", _JOIN),
    errors.ChannelInvalidError: ("Telegram shows this account no chat {chat}.", _JOIN),
    errors.ChatIdInvalidError: ("Telegram shows this account no chat {chat}.", _JOIN),
    errors.PeerIdInvalidError: ("Telegram shows this account no chat {chat}.", _JOIN),
    errors.UsernameNotOccupiedError: ("Nobody on Telegram has the name {chat}.", _SPELLING),
    errors.UsernameInvalidError: ("{chat} cannot be a name on Telegram.", _SPELLING),
}


def invalid_session_reason(error: BaseException) -> str | None:
    """Why `error` makes the session invalid; None if it does not."""
    return next((reason for kind, reason in _DEAD.items() if isinstance(error, kind)), None)


def is_passing(error: errors.RPCError) -> bool:
    """Whether the error is on Telegram's side and the next attempt may succeed."""
    return abs(int(error.code or 0)) >= 500


def code_of(error: BaseException) -> str:
    """The error as Telegram calls it, as far as it is known."""
    named = str(getattr(error, "message", "") or "")
    return named if named.isupper() and named not in _BASES else type(error).__name__.removesuffix("Error")


def credentials_error(error: BaseException) -> AccountError | None:
    """The error of wrong application credentials; None for any other."""
    sentence = next((text for kind, text in _CREDENTIALS.items() if isinstance(error, kind)), None)
    return None if sentence is None else AccountError(sentence, _MY_TELEGRAM)


def final_error(error: errors.RPCError, chat: str) -> SourceError:
    """Return the error for a refusal about `chat`."""
    for kind, (sentence, hint) in _FINAL.items():
        if isinstance(error, kind):
            return SourceError(sentence.format(chat=chat), hint)
    return SourceError(f"Telegram does not show {chat}: {code_of(error)}.")


_BASES: set[Any] = {base.message for base in errors.base_errors.values()}
