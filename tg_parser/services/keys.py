"""API keys: create, list, revoke, rotate and authenticate. Every change is recorded in the audit log."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tg_parser.domain.errors import KeyNotFoundError, UnauthorizedError, UsageError
from tg_parser.domain.keys import (
    ROLES,
    Actor,
    ApiKey,
    AuditEntry,
    Role,
    entry_of,
    key_id_in,
    new_key_id,
    new_secret,
    require_admin,
    require_within,
    secret_hash,
)
from tg_parser.domain.utc_time import iso_z, moment_text, utc_now
from tg_parser.services.sources import SourceService
from tg_parser.storage.stores.keys import NOTED_EVERY, KeyStorage

LONGEST_NAME = 100
DEFAULT_OVERLAP = timedelta(days=7)
"""How long the previous secret works after a rotation, so that all programs can be given the new one."""


@dataclass(frozen=True, slots=True)
class FreshKey:
    """A key with its secret, available only once."""

    key: ApiKey
    secret: str = field(repr=False)


class KeyService:
    """Manages API keys. An actor with a key needs the role admin and cannot grant more than that key allows."""

    def __init__(self, storage: KeyStorage, sources: SourceService, clock: Callable[[], datetime] = utc_now) -> None:
        self._storage = storage
        self._sources = sources
        self._clock = clock

    async def create(
        self,
        name: str,
        role: Role,
        by: Actor,
        *,
        sources: Collection[str] | None = None,
        lasts: timedelta | None = None,
    ) -> FreshKey:
        """Create a key, limited to `sources` if given. Raises UsageError, UnknownSourceError, ForbiddenError."""
        limit = await self._limit(sources)
        require_within(by, limit)
        _require_fit(name, role)
        now = self._clock()
        key_id = new_key_id()
        secret = new_secret(key_id)
        key = ApiKey(
            key_id=key_id,
            name=name.strip(),
            role=role,
            secret_hash=secret_hash(secret),
            created_at=now,
            sources=limit,
            expires_at=_end(now, lasts),
        )
        await self._storage.add(key, entry_of(by, "keys.create", key_id, now, _facts(key)))
        return FreshKey(key, secret)

    async def list(self, by: Actor) -> list[ApiKey]:
        """Return the keys that `by` may manage, oldest first. Raises ForbiddenError."""
        require_admin(by)
        return [each for each in await self._storage.list() if by.key is None or by.key.covers(each.sources)]

    async def revoke(self, key_id: str, by: Actor) -> ApiKey:
        """Revoke a key immediately. Raises KeyNotFoundError, KeyStateError, ForbiddenError."""
        key = await self._within_reach(key_id, by)
        now = self._clock()
        entry = entry_of(by, "keys.revoke", key.key_id, now, {"name": key.name})
        return await self._storage.revoke(key.key_id, now, entry)

    async def rotate(
        self, key_id: str, by: Actor, *, overlap: timedelta = DEFAULT_OVERLAP, lasts: timedelta | None = None
    ) -> FreshKey:
        """Give a key a new secret; the old one still works for `overlap`. `lasts` sets a new expiry for both.

        Raises KeyNotFoundError, KeyStateError, ForbiddenError.
        """
        key = await self._within_reach(key_id, by)
        now = self._clock()
        secret = new_secret(key.key_id)
        until, expires_at = _end(now, overlap) or now, _end(now, lasts)
        facts = {"name": key.name, "previous_until": iso_z(until), "expires_at": expires_at and iso_z(expires_at)}
        entry = entry_of(by, "keys.rotate", key.key_id, now, facts)
        rotated = await self._storage.rotate(key.key_id, secret_hash(secret), now, until, entry, expires_at=expires_at)
        return FreshKey(rotated, secret)

    async def authenticate(self, secret: str | None, now: datetime) -> ApiKey:
        """Return the key for a secret and note its use. Raises UnauthorizedError."""
        key = await self._shown(secret)
        if not key.fits(secret or ""):
            _require_overlap(key, now)
        _require_valid(key, now)
        if key.last_used_at is None or key.last_used_at <= now - NOTED_EVERY:
            await self._storage.note_use(key.key_id, now)
        return key

    async def log(self, by: Actor, action: str, subject: str, details: Mapping[str, Any]) -> None:
        """Record a change made by `by` in the audit log."""
        await self._storage.log(entry_of(by, action, subject, self._clock(), dict(details)))

    async def require_still_valid(self, key: ApiKey) -> None:
        """Raise UnauthorizedError if a key that was valid before has expired or been revoked since."""
        present = await self._storage.get(key.key_id)
        if present is None:
            raise UnauthorizedError("This API key is not known.", case="key_unknown")
        _require_valid(present, self._clock())

    async def audit(
        self, *, limit: int = 50, before: str | None = None, key_id: str | None = None
    ) -> Sequence[AuditEntry]:
        """Return audit entries older than `before`, newest first; with `key_id`, only those by or about that key."""
        return await self._storage.audit(limit=limit, before=before, key_id=key_id and _id_of(key_id))

    async def _shown(self, secret: str | None) -> ApiKey:
        """Return the key for a current or previous secret, in whatever state."""
        if not secret:
            raise UnauthorizedError("An API key is required.", case="key_missing")
        key_id = key_id_in(secret)
        key = None if key_id is None else await self._storage.get(key_id)
        if key is None or not (key.fits(secret) or key.fitted(secret)):
            raise UnauthorizedError("This API key is not known.", case="key_unknown")
        return key

    async def _within_reach(self, key_id: str, by: Actor) -> ApiKey:
        require_admin(by)
        key = await self._storage.get(_id_of(key_id))
        if key is None:
            raise KeyNotFoundError(_id_of(key_id))
        require_within(by, key.sources)
        return key

    async def _limit(self, sources: Collection[str] | None) -> frozenset[str] | None:
        if sources is None:
            return None
        if not sources:
            raise UsageError(
                "A key limited to no source could not see anything.", "Give sources, or leave out the limit."
            )
        return frozenset([(await self._sources.get(each)).source_id for each in sources])


def _id_of(given: str) -> str:
    """Return the id of a key. If the full key is given, its secret does not show up in errors and logs."""
    return key_id_in(given) or given


def _require_fit(name: str, role: str) -> None:
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise UsageError(
            f"The name of a key must have 1 to {LONGEST_NAME} printable characters.", "Say what uses the key."
        )
    if role not in ROLES:
        raise UsageError(f"{role!r} is not a role.", f"Choose from: {', '.join(ROLES)}.")


def _require_overlap(key: ApiKey, now: datetime) -> None:
    if key.previous_until is None or key.previous_until <= now:
        raise UnauthorizedError(
            f"The API key {key.key_id} was rotated, and this secret has stopped working.",
            case="key_replaced",
            key_id=key.key_id,
        )


def _require_valid(key: ApiKey, now: datetime) -> None:
    if key.revoked_at is not None:
        raise UnauthorizedError(f"The API key {key.key_id} was revoked.", case="key_revoked", key_id=key.key_id)
    if key.key_state(now) == "expired" and key.expires_at is not None:
        raise UnauthorizedError(
            f"The API key {key.key_id} expired on {moment_text(key.expires_at)}.",
            case="key_expired",
            key_id=key.key_id,
            expires_at=key.expires_at,
        )


def _end(now: datetime, lasts: timedelta | None) -> datetime | None:
    try:
        return None if lasts is None else now + lasts
    except OverflowError:
        raise UsageError("The expiry is too far in the future.", "Leave it out for a key that never expires.") from None


def _facts(key: ApiKey) -> dict[str, Any]:
    return {
        "name": key.name,
        "role": key.role,
        "sources": None if key.sources is None else sorted(key.sources),
        "expires_at": key.expires_at and iso_z(key.expires_at),
    }
