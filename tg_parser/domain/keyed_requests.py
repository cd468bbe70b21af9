"""Requests that name themselves by an idempotency key, so that sent again they do nothing twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What a request was answered; without a `body` it is not to be shown again."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request by its client and key; `digest` says what was asked. Without an answer it is under way."""

    client: str
    key: str
    digest: str
    begun_at: datetime
    answer: KeptAnswer | None = None
