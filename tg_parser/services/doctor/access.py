"""Checks access: the Telegram session, the key of the language model, the keys of the API."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from tg_parser.config.llm_settings import LlmSettings
from tg_parser.config.settings import TelegramSettings
from tg_parser.domain.errors import AccountError
from tg_parser.domain.keys import ApiKey
from tg_parser.ingestion.telegram.session import NotLoggedInError, load_session
from tg_parser.llm.choice import chosen_provider, model_chain, require_extra
from tg_parser.llm.reachability import require_answer
from tg_parser.services.doctor.finding import Finding, advised
from tg_parser.services.login import LoginService
from tg_parser.storage.stores.accounts import AccountStorage

EXPIRES_SOON = timedelta(days=7)
MODEL_SECONDS = 15.0


async def check_session(
    settings: TelegramSettings,
    accounts: AccountStorage,
    login: LoginService,
    *,
    needed: bool,
    online: bool,
) -> Finding:
    """Check whether the account can be used; `needed` if a source is read with it; `online` asks Telegram.

    Raises AccountError, BusyError, SourceError.
    """
    if not needed and settings.api_id is None:
        return Finding("session", "skipped", "No Telegram account is set up; public channels are read without one.")
    if settings.api_id is None or settings.api_hash is None:
        raise AccountError(
            "TELEGRAM_API_ID and TELEGRAM_API_HASH are not both set.",
            "Copy both from https://my.telegram.org, API development tools.",
        )
    try:
        session = await asyncio.to_thread(load_session, settings)
    except NotLoggedInError as error:
        if needed:
            raise
        return Finding("session", "warning", error.message, data=error.data)
    if block := await accounts.block(session.session_id):
        raise AccountError(f"The Telegram session can no longer be used: {block.reason}.", case="dead_session")
    if not online:
        return Finding("session", "ok", "There is a session. It was not checked with Telegram.")
    account = await login.account()
    if account is None:
        raise AccountError("The Telegram session is no longer valid.", case="dead_session")
    return Finding("session", "ok", f"The Telegram session is valid, for {account}.")


async def check_model(llm: LlmSettings, *, online: bool) -> Finding:
    """Check whether the language model has its key; `online` asks for its list of models. Raises ProviderError."""
    if chosen_provider(llm) == "local":
        return Finding("model", "ok", "No language model is used: messages are processed offline.")
    require_extra()
    label = model_chain(llm, "processing")[0].label
    if not online:
        return Finding("model", "ok", f"{label}; its key was not checked.")
    await require_answer(llm, MODEL_SECONDS)
    return Finding("model", "ok", f"{label} responds and accepts the key.")


def check_api_keys(keys: Sequence[ApiKey], now: datetime, *, required: bool) -> Finding:
    """Check whether the API has valid keys if they are required, and whether any of them expires within a week."""
    valid = [each for each in keys if each.key_state(now) == "valid"]
    if not valid:
        if not required:
            return Finding("api keys", "ok", "There are no valid keys, and the HTTP API requires none.")
        message = "The HTTP API requires a key, but there is no valid one: all requests are refused."
        return advised("api keys", "warning", message, case="key_missing")
    ending = [each for each in valid if each.expires_at and each.expires_at < now + EXPIRES_SOON]
    if ending:
        names = ", ".join(f"{each.name} ({each.key_id})" for each in ending)
        return advised("api keys", "warning", f"Expiring within a week: {names}.", case="key_expires")
    return Finding("api keys", "ok", f"{len(valid)} valid.")
