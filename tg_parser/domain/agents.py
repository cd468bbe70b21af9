"""Agents, their tasks, and handoffs of work between them. States of a handoff:

pending → accepted → in_progress → completed
↓         ↓            ↓
rejected  rejected      failed        (an unfinished handoff can fail in any state)
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
"""The allowed changes of state."""
OPEN: tuple[HandoffStatus, ...] = tuple(status for status in STATUSES if NEXT[status])

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class AgentCard:
    """An agent and what it can do, with its `model` and `provider` if it uses one."""

    name: str
    agent_type: str
    description: str
    capabilities: tuple[str, ...]
    version: str = "3.1.0"
    provider: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """One task of an agent, with its input and result."""

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
        """Return whether the task ended without an error."""
        return self.error is None


@dataclass(frozen=True, slots=True)
class Handoff:
    """Work handed from one agent to another. `context` names the run and who is working on it."""

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
        """Return whether the state can still change."""
        return self.status in OPEN

    def moved(
        self, status: HandoffStatus, at: datetime, *, result: JsonObject | None = None, error: str | None = None
    ) -> Handoff:
        """Return the handoff in its next state. Raises HandoffError if the current state does not allow that."""
        if status not in NEXT[self.status]:
            raise HandoffError(self.id, self.status, status)
        if status == "accepted":
            return replace(self, status=status, accepted_at=at)
        if NEXT[status]:
            return replace(self, status=status)
        taken = None if self.accepted_at is None else round((at - self.accepted_at).total_seconds() * 1000)
        return replace(self, status=status, result=result, error=error, completed_at=at, processing_time_ms=taken)


def new_id(at: datetime) -> str:
    """Return a unique id that sorts by creation time."""
    return f"{at:%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"
