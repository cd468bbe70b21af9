"""API keys and the audit log; no view contains a hash."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from tg_parser.domain.keys import KeyState, Role
from tg_parser.services.views.base import View

if TYPE_CHECKING:
    from tg_parser.domain.keys import ApiKey
    from tg_parser.services.keys import FreshKey


class KeyView(View):
    """A key. `sources` is null if it is not limited; until `previous_until` the previous secret works too."""

    key_id: str
    name: str
    role: Role
    state: KeyState
    sources: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    rotated_at: datetime | None
    previous_until: datetime | None
    last_used_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey, now: datetime) -> Self:
        """Return the view of a key at the time `now`."""
        return cls(
            key_id=key.key_id,
            name=key.name,
            role=key.role,
            state=key.key_state(now),
            sources=None if key.sources is None else tuple(sorted(key.sources)),
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
            rotated_at=key.rotated_at,
            previous_until=key.previous_until,
            last_used_at=key.last_used_at,
        )


class ShownKey(View):
    """A key that was just created or rotated, with its secret, which is shown only once."""

    key: KeyView
    secret: str

    @classmethod
    def of(cls, fresh: FreshKey, now: datetime) -> Self:
        """Return the view of a key with its secret."""
        return cls(key=KeyView.of(fresh.key, now), secret=fresh.secret)


class KeyList(View):
    """`keys list`, oldest first."""

    keys: tuple[KeyView, ...]


class AuditEntryView(View):
    """A change: by whom (`actor`, a key or a person), what (`action`), to what (`subject`), from where (`origin`)."""

    entry_id: str
    at: datetime
    actor: str
    action: str
    subject: str
    origin: str
    details: dict[str, Any]


class AuditLog(View):
    """`keys audit`, newest first."""

    entries: tuple[AuditEntryView, ...]
