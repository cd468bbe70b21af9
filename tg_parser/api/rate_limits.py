"""Rate limits, counted in this process or in Redis for all processes together."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError as CounterError

from tg_parser.domain.errors import SettingsError, StorageUnavailableError, TooManyRequestsError

if TYPE_CHECKING:
    from tg_parser.config.api_settings import RateLimitSettings

log = structlog.get_logger(__name__)

T = TypeVar("T")
_AGAIN_AFTER = 5.0
"""Seconds to wait before trying an unresponsive counter again."""

_ANSWERS_WITHIN = 1.0


@dataclass(frozen=True, slots=True)
class Room:
    """The remaining requests of a limit; `reset_after` is in seconds."""

    limit: int
    remaining: int
    reset_after: int

    def headers(self) -> dict[str, str]:
        """Return the rate-limit headers."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_after),
        }


class RateLimits:
    """Counts requests by key and by address, and wrong keys."""

    def __init__(self, settings: RateLimitSettings) -> None:
        self._settings = settings
        self._key, self._address = parse(settings.per_key), parse(settings.per_address)
        self._failed = parse(settings.failed_keys)
        self._own = SlidingWindowCounterRateLimiter(MemoryStorage())
        url = settings.redis_url
        self._shared = None if url is None else _shared_by(url.get_secret_value())
        self._is_away, self._away_until = False, 0.0

    async def require_address(self, address: str) -> Room | None:
        """Count a request from an address. Raises TooManyRequestsError."""
        return await self._require(self._address, f"address:{_network(address)}")

    async def require_key(self, key_id: str) -> Room | None:
        """Count a request with a key. Raises TooManyRequestsError."""
        return await self._require(self._key, f"key:{key_id}")

    async def require_few_failures(self, address: str) -> None:
        """Raise TooManyRequestsError if an address has sent too many wrong keys."""
        who = f"failed:{_network(address)}"
        if self._settings.enabled and not await self._counted(lambda limiter: limiter.test(self._failed, who)):
            raise _too_many(await self._room(self._failed, who), "Too many wrong keys came from this address.")

    async def count_failure(self, address: str) -> None:
        """Count a wrong key from an address."""
        if self._settings.enabled:
            await self._counted(lambda limiter: limiter.hit(self._failed, f"failed:{_network(address)}"))

    async def _require(self, item: RateLimitItem, who: str) -> Room | None:
        if not self._settings.enabled:
            return None
        allowed = await self._counted(lambda limiter: limiter.hit(item, who))
        room = await self._room(item, who)
        if not allowed:
            raise _too_many(room, f"The limit of {item} is exceeded.")
        return room

    async def _room(self, item: RateLimitItem, who: str) -> Room:
        stats = await self._counted(lambda limiter: limiter.get_window_stats(item, who))
        return Room(item.amount, max(0, stats.remaining), max(1, round(stats.reset_time - time.time())))

    async def _counted(self, count: Callable[[SlidingWindowCounterRateLimiter], Awaitable[T]]) -> T:
        """Count in the shared counter; while it does not respond, follow the settings. Raises
        StorageUnavailableError."""
        if self._shared is None:
            return await count(self._own)
        if time.monotonic() >= self._away_until:
            try:
                return await self._counted_by_all(count, self._shared)
            except (CounterError, OSError) as error:
                log.warning("REDIS_URL does not respond", reason=str(error), meanwhile=self._settings.without_redis)
        if self._settings.without_redis == "refuse":
            raise StorageUnavailableError("Requests cannot be counted at the moment.", "Try again in a few seconds.")
        return await count(self._own)

    async def _counted_by_all(
        self, count: Callable[[SlidingWindowCounterRateLimiter], Awaitable[T]], shared: SlidingWindowCounterRateLimiter
    ) -> T:
        if self._is_away:
            # One request tries again, without the others waiting for it.
            self._away_until = time.monotonic() + _AGAIN_AFTER
        try:
            result = await count(shared)
        except (CounterError, OSError):
            self._is_away, self._away_until = True, time.monotonic() + _AGAIN_AFTER
            raise
        self._is_away, self._away_until = False, 0.0
        return result


def _shared_by(url: str) -> SlidingWindowCounterRateLimiter:
    try:
        # An extra for installations with several processes.
        from redis.asyncio.retry import Retry  # noqa: PLC0415
        from redis.backoff import NoBackoff  # noqa: PLC0415
        from redis.exceptions import ConnectionError as LostConnection  # noqa: PLC0415
    except ModuleNotFoundError:
        raise SettingsError(
            "REDIS_URL is set, but the package for Redis is not installed.",
            "Install it: pip install 'tg-parser[redis]'; or unset REDIS_URL to count in each process separately.",
        ) from None
    told: dict[str, Any] = {"socket_timeout": _ANSWERS_WITHIN, "socket_connect_timeout": _ANSWERS_WITHIN}
    # A pooled connection may have been lost in the meantime.
    told["retry"] = Retry(NoBackoff(), 1, supported_errors=(LostConnection,))
    storage = RedisStorage(
        f"async+{url}", wrap_exceptions=True, implementation="redispy", key_prefix="tg-parser", **told
    )
    return SlidingWindowCounterRateLimiter(storage)


def _network(address: str) -> str:
    """Return an IPv4 address as it is, or the network of an IPv6 address that belongs to one customer."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    return str(parsed.ipv4_mapped or parsed.exploded[:19])


def _too_many(room: Room, told: str) -> TooManyRequestsError:
    retry_at = datetime.fromtimestamp(time.time() + room.reset_after, UTC)
    return TooManyRequestsError(told, f"Try again in {room.reset_after} seconds.", retry_at=retry_at)
