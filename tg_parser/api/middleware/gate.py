"""Authentication and rate limits: checks a request's key, and the limits of keys and addresses."""

from __future__ import annotations

from collections.abc import Awaitable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tg_parser.api.probes import KEYS_UNCHECKED, PROBES
from tg_parser.api.rate_limits import RateLimits, Room
from tg_parser.domain.errors import StorageUnavailableError, UnauthorizedError
from tg_parser.domain.keys import Actor, ApiKey
from tg_parser.domain.utc_time import utc_now
from tg_parser.services.cached import answered_within
from tg_parser.services.keys import KeyService

OPEN = "/health/live"
"""The only route that needs no key and is not counted."""
PROBE_SECONDS = 1.5
ANYONE = "anyone"
"""Name of callers without a key, if none is required."""


class Gate:
    """Lets a request through with an `actor` in its state."""

    def __init__(self, app: ASGIApp, keys: KeyService, limits: RateLimits, *, key_required: bool) -> None:
        self._app = app
        self._keys = keys
        self._limits = limits
        self._key_required = key_required

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request. Raises UnauthorizedError, TooManyRequestsError."""
        if scope["type"] != "http" or scope["path"] == OPEN:
            await self._app(scope, receive, send)
            return
        address = (scope.get("client") or ("unknown", 0))[0]
        room = await self._limits.require_address(address)
        key = await self._in_time(scope["path"], self._key(secret_of(Headers(scope=scope)), address))
        if key is not None:
            room = await self._limits.require_key(key.key_id)
            scope["state"]["key_id"] = key.key_id
        scope["state"]["actor"] = Actor(key.key_id if key else ANYONE, address, key)
        await self._app(scope, receive, send if room is None else _telling(room, send))

    async def _in_time(self, path: str, key: Awaitable[ApiKey | None]) -> ApiKey | None:
        """Return the key; for probes, fail quickly if the database is unavailable. Raises StorageUnavailableError."""
        if path not in PROBES:
            return await key
        try:
            return await answered_within(PROBE_SECONDS, key)
        except (TimeoutError, StorageUnavailableError) as error:
            told = "The database does not respond, so keys cannot be checked."
            raise StorageUnavailableError(told, case=KEYS_UNCHECKED) from error

    async def _key(self, secret: str | None, address: str) -> ApiKey | None:
        if secret is None and not self._key_required:
            return None
        await self._limits.require_few_failures(address)
        try:
            return await self._keys.authenticate(secret, utc_now())
        except UnauthorizedError:
            await self._limits.count_failure(address)
            raise


def secret_of(headers: Headers) -> str | None:
    """Return the key of a request: from `Authorization: Bearer …`, or X-API-Key."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials.strip():
        return credentials.strip()
    return headers.get("x-api-key") or (headers.get("authorization") or None)


def _telling(room: Room, send: Send) -> Send:
    async def telling(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(room.headers())
        await send(message)

    return telling
