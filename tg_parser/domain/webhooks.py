"""Webhooks: events, the form of deliveries, and when they are retried (pure).

Bodies, headers and signatures follow the Standard Webhooks: `webhook-id` is the same for all attempts of a delivery, so
that a receiver can ignore repeated ones.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from pydantic import Field

from tg_parser.domain.errors import UsageError
from tg_parser.domain.jobs import DeliveryState, Job, JsonObject
from tg_parser.domain.messages import Contract
from tg_parser.domain.utc_field import UtcTime
from tg_parser.domain.utc_time import iso_z

EventType = Literal["job.done", "job.failed", "source.failed"]
EVENT_TYPES: tuple[EventType, ...] = get_args(EventType)
WebhookState = Literal["active", "disabled", "key_ended"]

SECRET_PREFIX = "whsec_"  # noqa: S105 - of the form, not a secret
_SECRET_BYTES, _SHORTEST, _LONGEST = 32, 24, 64
PAUSES = tuple(timedelta(seconds=each) for each in (5, 60, 300, 1_800, 7_200, 18_000, 28_800, 28_800))
"""Pauses before the second attempt, the third, and so on: about a day in total, then a delivery is given up."""
_LONGEST_PAUSE = timedelta(days=1)
_JITTER = 0.1
_GONE = 410
_PASSING = frozenset({408, 425, 429})


class JobFailure(Contract):
    """Why a job failed."""

    code: str
    message: str
    hint: str | None = None
    data: dict[str, Any] = Field(default_factory=dict)


class EndedJob(Contract):
    """A job as it ended. A job about several sources has no `channel_id`."""

    job_id: str
    kind: str
    state: Literal["done", "failed"]
    channel_id: str | None
    parameters: dict[str, Any]
    created_at: UtcTime
    started_at: UtcTime | None
    finished_at: UtcTime | None
    attempt: int
    result: dict[str, Any] | None
    error: JobFailure | None


class JobEvent(Contract):
    """The body of a webhook when a job has ended."""

    type: Literal["job.done", "job.failed"]
    timestamp: UtcTime
    data: EndedJob


class FailedSource(Contract):
    """A source that is no longer collected until a person acts. `error` is the class of the error."""

    source_id: str
    channel_id: str
    error: str
    message: str


class SourceEvent(Contract):
    """The body of a webhook when a source has failed; sent once until it is resumed or succeeds."""

    type: Literal["source.failed"]
    timestamp: UtcTime
    data: FailedSource


class PingedWebhook(Contract):
    """The webhook being tested."""

    webhook_id: str


class PingEvent(Contract):
    """The body of a test event."""

    type: Literal["webhook.ping"]
    timestamp: UtcTime
    data: PingedWebhook


@dataclass(frozen=True, slots=True)
class Event:
    """An event for webhooks. `sources` are those it is about, empty if it is about the installation."""

    type: str
    at: datetime
    subject: str
    body: str
    sources: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that receives events; with `job_id`, only those of that job.

    One that was added with a key receives only events visible to the key, while the key is valid.
    """

    webhook_id: str
    url: str
    events: tuple[str, ...]
    secret_sealed: str = field(repr=False)
    created_at: datetime
    key_id: str | None = None
    job_id: str | None = None
    previous_sealed: str | None = field(default=None, repr=False)
    previous_until: datetime | None = None
    disabled_at: datetime | None = None
    disabled_reason: str | None = None
    key_sources: frozenset[str] | None = None
    key_valid: bool = True

    @property
    def state(self) -> WebhookState:
        """Return whether it receives events."""
        if self.disabled_at is not None:
            return "disabled"
        return "active" if self.key_valid else "key_ended"

    def wants(self, event: Event) -> bool:
        """Return whether this webhook receives `event`."""
        if self.state != "active" or event.type not in self.events:
            return False
        if self.job_id is not None:
            return event.subject == self.job_id
        if self.key_id is None or self.key_sources is None:
            return True
        return bool(event.sources) and self.key_sources >= event.sources


@dataclass(frozen=True, slots=True)
class ReceiverAnswer:
    """The result of one attempt: a status, or an error without one. `seconds` is how long it took."""

    at: datetime
    seconds: float
    status: int | None = None
    body: str | None = None
    error: str | None = None
    asked_wait: float | None = None
    final: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one webhook; `answer` is that of the last attempt, `job_id` the job that delivers it."""

    delivery_id: str
    webhook_id: str
    event: str
    subject: str
    body: str
    created_at: datetime
    job_id: str
    state: DeliveryState = "waiting"
    attempts: int = 0
    next_at: datetime | None = None
    answer: ReceiverAnswer | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What happens to a delivery after an attempt; `disables` if the receiver wants no more events."""

    state: DeliveryState
    next_at: datetime | None = None
    disables: bool = False


def verdict(answer: ReceiverAnswer, attempts: int, share: float) -> Verdict:
    """Return what the answer to the `attempts`-th attempt means; `share`, 0 to 1, spreads the next attempts."""
    status = answer.status
    if status is not None and 200 <= status < 300:
        return Verdict("delivered")
    if status == _GONE:
        return Verdict("failed", disables=True)
    passes = status is None or status >= 500 or status in _PASSING
    if answer.final or not passes or attempts > len(PAUSES):
        return Verdict("failed")
    pause = PAUSES[attempts - 1] * (1 + _JITTER * share)
    asked = min(timedelta(seconds=answer.asked_wait or 0), _LONGEST_PAUSE)
    return Verdict("waiting", answer.at + max(pause, asked))


def new_webhook_id() -> str:
    """Return a new webhook id, which is not secret."""
    return f"wh_{secrets.token_hex(6)}"


def new_delivery_id(now: datetime, unique: str | None = None) -> str:
    """Return an id that sorts by time, the same for the same `unique` name; all attempts use it as webhook-id."""
    tail = secrets.token_hex(6) if unique is None else hashlib.sha256(unique.encode()).hexdigest()[:12]
    return f"msg_{now:%Y%m%dT%H%M%S%f}_{tail}"


def new_signing_secret() -> str:
    """Return a new secret in the form of the Standard Webhooks."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def require_signing_secret(secret: str) -> str:
    """Return `secret` if it has the right form. Raises UsageError, which does not repeat it."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(SECRET_PREFIX) or not _SHORTEST <= len(key) <= _LONGEST:
        raise UsageError(
            "This is not a valid webhook secret.",
            f"Use {SECRET_PREFIX} and {_SHORTEST} to {_LONGEST} random bytes in Base64, or let one be generated.",
        )
    return secret


def job_event(job: Job) -> Event | None:
    """Return the event for an ended job; None if it was cancelled or only shared the work of another job."""
    if job.state not in {"done", "failed"} or job.helps is not None or job.finished_at is None:
        return None
    facts = {name: getattr(job, name) for name in EndedJob.model_fields if name != "error"}
    error = job.error if job.state == "failed" else None
    told = {"code": error.code, "message": error.message, "hint": error.hint, "data": error.data} if error else None
    kind: EventType = "job.done" if job.state == "done" else "job.failed"
    body = JobEvent.model_validate({"type": kind, "timestamp": job.finished_at, "data": {**facts, "error": told}})
    return Event(kind, job.finished_at, job.job_id, body.model_dump_json(), _sources(job.parameters))


def source_event(source: FailedSource, at: datetime) -> Event:
    """Return the event for a failed source."""
    body = SourceEvent(type="source.failed", timestamp=at, data=source)
    sources = frozenset({source.source_id})
    return Event("source.failed", at, source.source_id, body.model_dump_json(), sources)


def ping_event(webhook_id: str, at: datetime) -> Event:
    """Return a test event for a webhook."""
    body = PingEvent(type="webhook.ping", timestamp=at, data=PingedWebhook(webhook_id=webhook_id))
    return Event("webhook.ping", at, webhook_id, body.model_dump_json())


def headers_of(delivery: Delivery, at: datetime, signatures: tuple[str, ...]) -> dict[str, str]:
    """Return the headers of an attempt at the time `at`."""
    return {
        "webhook-id": delivery.delivery_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
        "content-type": "application/json",
    }


def facts_of(webhook: Webhook) -> JsonObject:
    """Return the facts for the audit log, without the query of the address, which may contain tokens."""
    address = webhook.url.partition("?")[0]
    return {"url": address, "events": list(webhook.events), "created_at": iso_z(webhook.created_at)}


def _sources(parameters: JsonObject) -> frozenset[str]:
    """Return the sources in the parameters of a job."""
    named = [parameters.get("source"), *(parameters.get("sources") or ())]
    return frozenset(each for each in named if isinstance(each, str))
