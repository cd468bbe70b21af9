"""Jobs: work that is submitted now and run by whichever worker is free. States:

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
"""Kind of the jobs that deliver webhooks; they are created by events, not by users."""
DeliveryState = Literal["waiting", "delivered", "failed"]
"""The state of a delivery, by the state of its job."""
DELIVERY_STATES: tuple[DeliveryState, ...] = get_args(DeliveryState)
QUEUES = (*JOB_KINDS, WEBHOOK)
"""All kinds of jobs that workers run."""
JobState = Literal["queued", "running", "done", "failed", "cancelled"]
NEXT: dict[JobState, tuple[JobState, ...]] = {
    "queued": ("running", "cancelled"),
    "running": ("done", "failed", "cancelled", "queued"),
    "done": (),
    "failed": (),
    "cancelled": (),
}
"""The allowed changes of state."""
ENDED: frozenset[JobState] = frozenset(state for state, following in NEXT.items() if not following)

MAX_ATTEMPTS = 5
"""Maximum attempts of a job whose errors may be temporary."""
MAX_TAKEOVERS = 1
"""How often a job may outlive its worker; the second worker that dies from it is the last."""
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=10), timedelta(minutes=10)
PASSED_ON_FOR = timedelta(seconds=30)
"""How long workers notify each other of a job that is ready; after that, those with free slots look for it."""
_PASSED_ON_AT_ONCE = timedelta(seconds=0.3)
_BUSY_PAUSE = timedelta(seconds=5)

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class JobError:
    """Why a job failed, or why it will be retried; `code` and `data` are those of the error."""

    code: str
    message: str
    hint: str | None = None
    data: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    """One job. No other job with the same `lock` runs at the same time; `attempt` fences writes of older attempts.

    `helps` is the job whose work this one shares, `traceparent` the span that it belongs to.
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
        """Return a digest that is the same for the same work, whoever requests it."""
        return work_digest(self.kind, self.parameters)


def new_job_id(now: datetime) -> str:
    """Return an id that sorts by time: 20241127T095500123-9f8e7d6c."""
    return f"{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03}-{secrets.token_hex(4)}"


def work_digest(kind: str, parameters: Mapping[str, Any]) -> str:
    """Return the digest that identifies a piece of work among waiting jobs."""
    told = json.dumps([kind, parameters], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def require_legal(job_id: str, before: JobState, after: JobState) -> None:
    """Raise JobStateError unless a job may go from `before` to `after`."""
    if after not in NEXT[before]:
        raise JobStateError(job_id, before, after)


def next_attempt(error: TgParserError, attempt: int, now: datetime) -> datetime | None:
    """Return when a job that failed its `attempt`-th time is retried; None if a retry would not help."""
    if isinstance(error, RateLimitedError | DeliveryDelayedError):
        return max(error.until, now)
    if isinstance(error, BusyError):
        return now + _BUSY_PAUSE
    if not error.retryable or attempt >= MAX_ATTEMPTS:
        return None
    pause: timedelta = min(_FIRST_PAUSE * 2 ** (attempt - 1), _LONGEST_PAUSE)
    return now + pause


def ran_too_long(seconds: float) -> JobError:
    """Return the error of a job that was stopped because it ran too long."""
    return JobError(
        "job_too_long",
        f"The job was stopped after {seconds:g} seconds (JOB_MAX_SECONDS).",
        "Finished work is kept, and a retried job continues from there. Raise JOB_MAX_SECONDS if work takes so long.",
    )


def passed_on_at(job: Job, now: datetime) -> datetime | None:
    """Return when to notify another worker of a job that one cannot run: at once, then less often, finally None."""
    waits = now - job.run_at
    if waits >= PASSED_ON_FOR:
        return None
    return now if waits < _PASSED_ON_AT_ONCE else now + waits / 2


def error_of(error: TgParserError) -> JobError:
    """Return an error in the form stored with a job."""
    return JobError(error.code, error.message, error.hint, dict(error.data))
