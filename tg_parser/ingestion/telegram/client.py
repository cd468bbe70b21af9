"""Telethon's client behind a rate limiter: requests are paced, time-limited, and repeated only where that can help."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

from python_socks import ProxyError
from telethon import TelegramClient, errors, utils
from telethon.crypto import AuthKey, rsa
from telethon.network import ConnectionTcpMTProxyRandomizedIntermediate
from telethon.sessions import MemorySession
from telethon.tl import functions

from tg_parser import __version__
from tg_parser.config.proxies import MtProxy, Proxy, parse_telegram_proxy
from tg_parser.config.settings import RetrySettings, TelegramSettings
from tg_parser.domain.errors import AccountError, SourceError, SourceUnavailableError
from tg_parser.ingestion.retrying import attempts
from tg_parser.ingestion.telegram.errors import (
    LOST,
    WAITS,
    code_of,
    credentials_error,
    invalid_session_reason,
    is_passing,
)
from tg_parser.ingestion.telegram.rate_limiter import AccountRateLimiter
from tg_parser.ingestion.telegram.session import Session, named_server

_TAKEN_OUT = {"GetHistory", "GetReplies", "GetMessages"}
"""Requests that count as part of a takeout."""


_KEY_EXCHANGES = 3
"""Attempts to agree on a key. One in 256 fails because Telethon drops a leading zero of the key, and one in 30,000
because it does not find the factors of Telegram's number; Telegram then closes the connection."""


class AccountClient(TelegramClient):
    """One account. Without a session it can do no more than log in."""

    def __init__(
        self,
        settings: TelegramSettings,
        session: Session | None,
        *,
        retry: RetrySettings,
        limiter: AccountRateLimiter | None,
        patience: float,
    ) -> None:
        held = _memory_session(settings, session)
        self._through = through = _proxy(settings)
        super().__init__(
            held,
            *_credentials(settings),
            use_ipv6=":" in (held.server_address or ""),
            # Telethon itself neither repeats nor waits: the rate limiter decides, and no wait is endless.
            request_retries=0,
            connection_retries=0,
            retry_delay=0,
            auto_reconnect=False,
            flood_sleep_threshold=0,
            receive_updates=False,
            device_model="TG_parser",
            app_version=__version__,
            **_proxy_arguments(through),
        )
        self._retry = retry
        self._exchanges = 1 if session else _KEY_EXCHANGES
        self._limiter = limiter
        self._patience = patience
        self._turn = asyncio.Lock()
        self._takeout: int | None = None
        self._left = False
        _quieten()

    async def __call__(self, request: Any, *_: Any, **__: Any) -> Any:
        """The answer to `request`. Raises SourceUnavailableError, RateLimitedError, AccountError, or an RPCError."""
        async with self._turn:
            async for attempt in attempts(self._retry):
                with attempt:
                    return await self._passed(request)
        raise AssertionError("a retry context either returns or raises")

    async def get_me(self, input_peer: bool = False) -> Any:
        """None: Telethon would ask at every connection, and collecting does not need the answer."""

    async def begin_takeout(self) -> None:
        """Request history as part of a takeout from now on; Telegram notifies the owner of it."""
        begin = functions.account.InitTakeoutSessionRequest(message_megagroups=True, message_channels=True)
        self._takeout = (await self(begin)).id

    async def end_takeout(self) -> None:
        """Finish the takeout."""
        if self._takeout is not None:
            finish = functions.account.FinishTakeoutSessionRequest(success=True)
            await self(functions.InvokeWithTakeoutRequest(self._takeout, finish))
            self._takeout = None

    async def leave(self) -> None:
        """Disconnect for good: once another process may use the session, no request is sent from here."""
        try:
            await self.end_takeout()
        finally:
            self._left = True
            await self.disconnect()

    async def move(self, dc_id: int) -> None:
        """Switch to the account's data centre, where a new key is agreed on."""
        # A connection that fails here is made by the next request, which is repeated.
        with contextlib.suppress(*LOST):
            async with asyncio.timeout(self._patience):
                await self._switch_dc(dc_id)

    async def _passed(self, request: Any) -> Any:
        """The answer, once the rate limiter admits the request, however often Telegram asks to wait."""
        name = type(request).__name__.removesuffix("Request")
        while True:
            if self._limiter is not None:
                await self._limiter.admit(name)
            try:
                answer = await self._translated(request, name)
            except WAITS as wait:
                if self._limiter is None:
                    raise
                await self._limiter.note_wait(name, wait.seconds)
            else:
                if self._limiter is not None:
                    self._limiter.answered(name)
                return answer

    async def _translated(self, request: Any, name: str) -> Any:
        """The answer, or what its failure means for the account and the connection."""
        try:
            return await self._answer(request, name)
        except LOST as error:
            raise self._unreachable(error) from error
        except errors.BadMessageError as error:
            raise _wrong_clock(error) from error
        except errors.TypeNotFoundError as error:
            raise SourceError(
                f"Telegram answered {name} with something that this version does not know.",
                "Look for a newer TG_parser.",
            ) from error
        except (errors.RPCError, errors.AuthKeyNotFound) as error:
            if (wrong := credentials_error(error)) is not None:
                raise wrong from error
            if self._limiter is not None and (reason := invalid_session_reason(error)) is not None:
                raise await self._limiter.mark_invalid(reason) from error
            if isinstance(error, errors.RPCError) and is_passing(error):
                raise SourceUnavailableError(f"Telegram has trouble of its own ({code_of(error)}).") from error
            raise

    async def _answer(self, request: Any, name: str) -> Any:
        """The answer, over a live connection. After any failure the next request gets a new one."""
        try:
            async with asyncio.timeout(self._patience):
                await self._ensure_connected()
                await request.resolve(self, utils)
                return await self._sent(self._wrapped(request, name))
        except ProxyError as error:
            # Telethon does not translate a proxy's refusal; for us it is a failed connection.
            await self.disconnect()
            raise ConnectionError(str(error)) from error
        except (*LOST, errors.BadMessageError):
            await self.disconnect()
            raise
        except asyncio.CancelledError:
            await self.disconnect()
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise
            # Nobody cancelled this task: Telethon cancels pending requests when it gives up a connection.
            raise ConnectionError("the connection was closed") from None

    async def _ensure_connected(self) -> None:
        if self._left:
            raise RuntimeError("the account was given back")
        if self.is_connected():
            return
        exchanges = self._exchanges
        while not self.is_connected():
            exchanges -= 1
            await self.disconnect()
            try:
                await self.connect()
            except BaseException as error:
                await self.disconnect()
                _retrieve_exception(self.disconnected)
                # Nothing was requested yet, so starting over does no harm.
                if not exchanges or not isinstance(error, LOST):
                    raise

    async def _sent(self, request: Any) -> Any:
        """The answer, or ConnectionError as soon as the connection ends: Telethon may never answer then."""
        answer, ended = self._sender.send(request), self.disconnected
        try:
            await asyncio.wait({answer, ended}, return_when=asyncio.FIRST_COMPLETED)
            if answer.done() and not answer.cancelled():
                return answer.result()
            raise ConnectionError("the connection was closed")
        finally:
            answer.cancel()
            ended.cancel()
            _retrieve_exception(ended)

    def _unreachable(self, error: BaseException) -> SourceUnavailableError:
        cut = isinstance(error, asyncio.IncompleteReadError | ConnectionResetError)
        why = "it was cut" if cut else str(error) or type(error).__name__
        way = f" through the proxy {self._through.shown}" if self._through else ""
        return SourceUnavailableError(
            f"Telegram did not answer in time{way}."
            if isinstance(error, TimeoutError)
            else f"The connection to Telegram{way} failed: {why}.",
            f"Check {'TELEGRAM_PROXY, ' if way else ''}the network and that this machine's clock is right, then run "
            "the same command again.",
        )

    def _wrapped(self, request: Any, name: str) -> Any:
        taken_out = self._takeout is not None and name in _TAKEN_OUT
        inner = functions.InvokeWithTakeoutRequest(self._takeout, request) if taken_out else request
        return functions.InvokeWithoutUpdatesRequest(inner)


def _retrieve_exception(ended: asyncio.Future[Any]) -> None:
    """Retrieve how a connection ended: asyncio reports exceptions that nobody retrieves as program errors."""
    if ended.done() and not ended.cancelled():
        ended.exception()


def _memory_session(settings: TelegramSettings, session: Session | None) -> MemorySession:
    """The account's data centre and key, in memory only: nothing that Telegram sends is written to disk."""
    held = MemorySession()
    server = named_server(settings)
    if session is not None:
        held.set_dc(session.dc_id, session.address, session.port)
        held.auth_key = AuthKey(session.key)
    elif server is not None:
        held.set_dc(*server)
    if settings.server_key is not None:
        rsa.add_key(settings.server_key.read_text(encoding="utf-8"), old=False)
    return held


def _proxy(settings: TelegramSettings) -> Proxy | MtProxy | None:
    return None if settings.proxy is None else parse_telegram_proxy(settings.proxy.get_secret_value())


def _proxy_arguments(proxy: Proxy | MtProxy | None) -> dict[str, Any]:
    """The proxy as arguments of Telethon's client."""
    if proxy is None:
        return {}
    if isinstance(proxy, MtProxy):
        # Telethon strips two digits from a secret that begins with dd or ee, so the padding is written as in links.
        told = (proxy.host, proxy.port, f"dd{proxy.secret}")
        return {"connection": ConnectionTcpMTProxyRandomizedIntermediate, "proxy": told}
    return {"proxy": (proxy.scheme, proxy.host, proxy.port, True, proxy.username, proxy.password)}


def _credentials(settings: TelegramSettings) -> tuple[int, str]:
    if settings.api_id is None or settings.api_hash is None:
        raise AccountError(
            "The Telegram API needs TELEGRAM_API_ID and TELEGRAM_API_HASH.",
            "Get both at https://my.telegram.org, API development tools, and set them in the environment or .env.",
        )
    return settings.api_id, settings.api_hash.get_secret_value()


def _wrong_clock(error: errors.BadMessageError) -> SourceUnavailableError:
    return SourceUnavailableError(
        f"Telegram refuses what this machine sends (message error {error.code}): its clock may be wrong.",
        "Set the clock of this machine, then run the same command again.",
    )


def _quieten() -> None:
    """Silence Telethon's log of every lost connection: our errors say the same in plain words."""
    for part in ("mtprotosender", "connection"):
        logging.getLogger(f"telethon.network.{part}").setLevel(logging.CRITICAL)
