"""Agents: who they are, what they did, and how work passes from one to another.

pending → accepted → in_progress → completed
   ↓         ↓            ↓
rejected  rejected      failed        (what is not finished can fail at any moment)
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, get_args

from tg_parser.domain.errors import HandoffError

HandoffStatus = Literal["pending", "accepted", "in_progress", "completed", "failed", "rejected"]
STATUSES: tuple[HandoffStatus, ...] = get_args(HandoffStatus)
NEXT: dict[HandoffStatus, tuple[HandoffStatus, ...]] = {
    "pending": ("accepted", "rejected", "failed"),
    "accepted": ("in_progress", "rejected", "failed"),
    "in_progress": ("completed", "failed"),
    "completed": (),
    "failed": (),
    "rejected": (),
}
"""The legal changes of state."""
OPEN: tuple[HandoffStatus, ...] = tuple(status for status in STATUSES if NEXT[status])

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class AgentCard:
    """What an agent is and can do; `model` and `provider` where it asks one."""

    name: str
    agent_type: str
    description: str
    capabilities: tuple[str, ...]
    version: str = "3.1.0"
    provider: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """One thing an agent did, with its input and its result."""

    agent_name: str
    task_type: str
    at: datetime
    milliseconds: int
    input: JsonObject
    output: JsonObject | None = None
    source_ref: str | None = None
    channel_id: str | None = None
    error: str | None = None

    @property
    def success(self) -> bool:
        """Whether it ended without an error."""
        return self.error is None


@dataclass(frozen=True, slots=True)
class Handoff:
    """Work that one agent hands to another. `context` names the run and who is working on it."""

    id: str
    source_agent: str
    target_agent: str
    task_type: str
    created_at: datetime
    status: HandoffStatus = "pending"
    priority: int = 0
    payload: JsonObject | None = None
    context: JsonObject = field(default_factory=dict)
    result: JsonObject | None = None
    error: str | None = None
    processing_time_ms: int | None = None
    accepted_at: datetime | None = None
    completed_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether its state can still change."""
        return self.status in OPEN

    def moved(
        self, status: HandoffStatus, at: datetime, *, result: JsonObject | None = None, error: str | None = None
    ) -> Handoff:
        """The handoff in its next state. Raises HandoffError where the present state does not allow that."""
        if status not in NEXT[self.status]:
            raise HandoffError(self.id, self.status, status)
        if status == "accepted":
            return replace(self, status=status, accepted_at=at)
        if NEXT[status]:
            return replace(self, status=status)
        taken = None if self.accepted_at is None else round((at - self.accepted_at).total_seconds() * 1000)
        return replace(self, status=status, result=result, error=error, completed_at=at, processing_time_ms=taken)


def new_id(at: datetime) -> str:
    """A unique id that sorts by creation time."""
    return f"{at:%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"
