"""API keys and roles: who may do what, and with which sources (pure).

A key is shown once, as `tgp_<key id>_<secret>`; only its hash is stored. The secret has 256 random bits, so a plain
hash can neither be reversed nor searched by brute force.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

from tg_parser.domain.errors import ForbiddenError

Role = Literal["reader", "editor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""From least to most powerful; each role includes the ones before it."""
Action = Literal["read", "work", "administer"]
NEEDED: dict[Action, Role] = {"read": "reader", "work": "editor", "administer": "admin"}
"""The role required for reading; for starting jobs and changing sources; for keys, removal and backups."""
KeyState = Literal["valid", "expired", "revoked"]

_FORM = re.compile(r"tgp_(?P<key_id>[0-9a-f]{12})_[\w-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret. `sources` limits it to these ids; None means no limit, an empty set allows nothing.

    After a rotation, the previous secret works until `previous_until`.
    """

    key_id: str
    name: str
    role: Role
    secret_hash: str = field(repr=False)
    created_at: datetime
    sources: frozenset[str] | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    rotated_at: datetime | None = None
    previous_hash: str | None = field(default=None, repr=False)
    previous_until: datetime | None = None

    def key_state(self, now: datetime) -> KeyState:
        """Return whether the key is valid at the time `now`."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "valid"

    def fits(self, secret: str) -> bool:
        """Return whether `secret` is the current one."""
        return hmac.compare_digest(secret_hash(secret), self.secret_hash)

    def fitted(self, secret: str) -> bool:
        """Return whether `secret` is the one before the last rotation."""
        return self.previous_hash is not None and hmac.compare_digest(secret_hash(secret), self.previous_hash)

    def allowed_sources(self, sources: Iterable[str]) -> tuple[str, ...]:
        """Return the `sources` that the key may access, in the given order."""
        return tuple(each for each in sources if self.sources is None or each in self.sources)

    def covers(self, sources: Collection[str] | None) -> bool:
        """Return whether a limit to `sources` (None: no limit) grants nothing beyond this key.

        An empty limit is only covered by a key without a limit.
        """
        return self.sources is None or (bool(sources) and self.sources.issuperset(sources or ()))


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a change, and from where. `key` is None for the person at the command line, who may do everything."""

    name: str
    origin: str
    key: ApiKey | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A change: when, by whom, what, to what, from where."""

    entry_id: str
    at: datetime
    actor: str
    action: str
    subject: str
    origin: str
    details: dict[str, Any] = field(default_factory=dict)


def new_key_id() -> str:
    """Return a new key id, which is not secret."""
    return secrets.token_hex(6)


def new_secret(key_id: str) -> str:
    """Return a new complete key, to be shown once."""
    return f"tgp_{key_id}_{secrets.token_urlsafe(32)}"


def secret_hash(secret: str) -> str:
    """Return the hash under which a secret is stored."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def key_id_in(secret: str) -> str | None:
    """Return the key id contained in `secret`, or None if it does not have the form of a key."""
    match = _FORM.fullmatch(secret)
    return match["key_id"] if match else None


def may(role: Role, action: Action) -> bool:
    """Return whether a role allows an action."""
    return ROLES.index(role) >= ROLES.index(NEEDED[action])


def require(key: ApiKey, action: Action) -> None:
    """Raise ForbiddenError if the key's role does not allow the action."""
    if not may(key.role, action):
        raise ForbiddenError(
            f"The key {key.key_id} has the role {key.role}; this needs the role {NEEDED[action]}.",
            case="role_too_low",
            key_id=key.key_id,
            role=key.role,
            needed=NEEDED[action],
        )


def require_admin(actor: Actor) -> None:
    """Raise ForbiddenError if `actor` may not manage keys."""
    if actor.key is not None:
        require(actor.key, "administer")


def require_within(actor: Actor, sources: Collection[str] | None) -> None:
    """Raise ForbiddenError if `actor` would manage a key that can access more than the actor's own."""
    require_admin(actor)
    if actor.key is not None and not actor.key.covers(sources):
        raise ForbiddenError(
            f"The key {actor.key.key_id} is limited to some sources and cannot manage keys with access to others.",
            case="beyond_own_sources",
            key_id=actor.key.key_id,
        )


def new_entry_id(now: datetime) -> str:
    """Return an id that sorts by time."""
    return f"{now:%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"


def entry_of(by: Actor, action: str, subject: str, now: datetime, details: dict[str, Any]) -> AuditEntry:
    """Return the audit entry for a change made by `by` now."""
    return AuditEntry(new_entry_id(now), now, by.name, action, subject, by.origin, details)
