"""Requests with an idempotency key, which are carried out only once even if sent again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """The answer to a request; without a `body` it cannot be shown again."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request, identified by client and key; `digest` stands for its content. It is in progress until answered."""

    client: str
    key: str
    digest: str
    begun_at: datetime
    answer: KeptAnswer | None = None
