"""Jobs: work that is asked for now and done by whichever worker is free.

queued → running → done | failed | cancelled        running → queued (given back, or taken over from a dead worker)
queued → cancelled
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from tg_parser.domain.errors import BusyError, DeliveryDelayedError, JobStateError, RateLimitedError, TgParserError

JobKind = Literal["ingest", "recheck", "process", "topicize", "export", "run", "sentiment", "backup", "cleanup"]
JOB_KINDS: tuple[JobKind, ...] = get_args(JobKind)
WEBHOOK = "webhook"
"""The kind of the jobs that deliver webhooks; they are made by events, and nobody asks for them."""
DeliveryState = Literal["waiting", "delivered", "failed"]
"""How such a job stands with what it delivers."""
DELIVERY_STATES: tuple[DeliveryState, ...] = get_args(DeliveryState)
QUEUES = (*JOB_KINDS, WEBHOOK)
"""All that a worker does."""
JobState = Literal["queued", "running", "done", "failed", "cancelled"]
NEXT: dict[JobState, tuple[JobState, ...]] = {
    "queued": ("running", "cancelled"),
    "running": ("done", "failed", "cancelled", "queued"),
    "done": (),
    "failed": (),
    "cancelled": (),
}
"""The legal changes of state."""
ENDED: frozenset[JobState] = frozenset(state for state, following in NEXT.items() if not following)

MAX_ATTEMPTS = 5
"""How often a job is tried whose errors may pass by themselves."""
MAX_TAKEOVERS = 1
"""How often a job outlives its worker; the second worker that dies of it is the last."""
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=10), timedelta(minutes=10)
PASSED_ON_FOR = timedelta(seconds=30)
"""How long workers tell each other of a job that is ready; then those with room ask by themselves."""
_PASSED_ON_AT_ONCE = timedelta(seconds=0.3)
_BUSY_PAUSE = timedelta(seconds=5)

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class JobError:
    """Why a job failed, or why it will be tried again; `code` and `data` are those of the error tree."""

    code: str
    message: str
    hint: str | None = None
    data: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work. No other job with its `lock` runs meanwhile; `attempt` fences what is written of it.

    `helps` is the job whose work this one shares, `traceparent` what it is a part of in traces.
    """

    job_id: str
    kind: str
    created_at: datetime
    run_at: datetime
    parameters: JsonObject = field(default_factory=dict)
    state: JobState = "queued"
    channel_id: str | None = None
    lock: str | None = None
    asked_by: str | None = None
    request_id: str | None = None
    idempotency_key: str | None = None
    attempt: int = 0
    takeovers: int = 0
    worker: str | None = None
    started_at: datetime | None = None
    heartbeat_at: datetime | None = None
    finished_at: datetime | None = None
    cancel_requested_at: datetime | None = None
    progress: JsonObject | None = None
    result: JsonObject | None = None
    error: JobError | None = None
    helps: str | None = None
    traceparent: str | None = None

    @property
    def digest(self) -> str:
        """The same for the same work, whoever asks for it."""
        return work_digest(self.kind, self.parameters)


def new_job_id(now: datetime) -> str:
    """An id that sorts by time: 20241127T095500123-9f8e7d6c."""
    return f"{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03}-{secrets.token_hex(4)}"


def work_digest(kind: str, parameters: Mapping[str, Any]) -> str:
    """What identifies a piece of work among those that wait."""
    told = json.dumps([kind, parameters], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def require_legal(job_id: str, before: JobState, after: JobState) -> None:
    """Raise JobStateError unless a job may go from `before` to `after`."""
    if after not in NEXT[before]:
        raise JobStateError(job_id, before, after)


def next_attempt(error: TgParserError, attempt: int, now: datetime) -> datetime | None:
    """When a job that failed its `attempt`-th time is tried again; None where that would not help."""
    if isinstance(error, RateLimitedError | DeliveryDelayedError):
        return max(error.until, now)
    if isinstance(error, BusyError):
        return now + _BUSY_PAUSE
    if not error.retryable or attempt >= MAX_ATTEMPTS:
        return None
    pause: timedelta = min(_FIRST_PAUSE * 2 ** (attempt - 1), _LONGEST_PAUSE)
    return now + pause


def ran_too_long(seconds: float) -> JobError:
    """Why a job was ended that ran for longer than it may."""
    return JobError(
        "job_too_long",
        f"The job had not ended after {seconds:g} seconds (JOB_MAX_SECONDS).",
        "What it did is kept, and the same job goes on from there. Raise JOB_MAX_SECONDS where work takes so long.",
    )


def passed_on_at(job: Job, now: datetime) -> datetime | None:
    """When another worker is told of a job that one may not do: at once, then with growing pauses, and at last not."""
    waits = now - job.run_at
    if waits >= PASSED_ON_FOR:
        return None
    return now if waits < _PASSED_ON_AT_ONCE else now + waits / 2


def error_of(error: TgParserError) -> JobError:
    """An error as a job keeps it."""
    return JobError(error.code, error.message, error.hint, dict(error.data))
