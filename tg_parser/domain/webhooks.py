"""Webhooks: what is told to whom, in which form, and when a delivery is tried again (pure).

Bodies, headers and signatures follow the Standard Webhooks: `webhook-id` stays the same however often a delivery is
tried, so that a receiver that has seen it can ignore it.
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
"""Before the second attempt, the third, and so on: about a day, after which a delivery is given up."""
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
    """A source that is no longer collected until somebody acts. `error` is the class of the error."""

    source_id: str
    channel_id: str
    error: str
    message: str


class SourceEvent(Contract):
    """The body of a webhook when a source has failed, once until it is resumed or succeeds."""

    type: Literal["source.failed"]
    timestamp: UtcTime
    data: FailedSource


class PingedWebhook(Contract):
    """The webhook that is tried out."""

    webhook_id: str


class PingEvent(Contract):
    """The body of a webhook that somebody tries out."""

    type: Literal["webhook.ping"]
    timestamp: UtcTime
    data: PingedWebhook


@dataclass(frozen=True, slots=True)
class Event:
    """Something that webhooks are told. `sources` are those it is about, none where it is about the installation."""

    type: str
    at: datetime
    subject: str
    body: str
    sources: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that is told of events; with `job_id`, of that job alone.

    One that was made with a key is told what the key may see, as long as the key is valid.
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
        """Whether it is told anything."""
        if self.disabled_at is not None:
            return "disabled"
        return "active" if self.key_valid else "key_ended"

    def wants(self, event: Event) -> bool:
        """Whether this webhook is told of `event`."""
        if self.state != "active" or event.type not in self.events:
            return False
        if self.job_id is not None:
            return event.subject == self.job_id
        if self.key_id is None or self.key_sources is None:
            return True
        return bool(event.sources) and self.key_sources >= event.sources


@dataclass(frozen=True, slots=True)
class ReceiverAnswer:
    """What came back of one attempt: a status, or an error without one. `seconds` is how long it took."""

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
    """What becomes of a delivery after an attempt; `disables` where the receiver wants nothing any more."""

    state: DeliveryState
    next_at: datetime | None = None
    disables: bool = False


def verdict(answer: ReceiverAnswer, attempts: int, share: float) -> Verdict:
    """What the answer to the `attempts`-th attempt means; `share`, 0 to 1, spreads the next attempts."""
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
    """An id for a webhook; it is no secret."""
    return f"wh_{secrets.token_hex(6)}"


def new_delivery_id(now: datetime, unique: str | None = None) -> str:
    """An id that sorts by time, the same for the same `unique` name; it is the webhook-id of every attempt."""
    tail = secrets.token_hex(6) if unique is None else hashlib.sha256(unique.encode()).hexdigest()[:12]
    return f"msg_{now:%Y%m%dT%H%M%S%f}_{tail}"


def new_signing_secret() -> str:
    """A secret as the Standard Webhooks write it."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def require_signing_secret(secret: str) -> str:
    """`secret`, where it has the form of one. Raises UsageError, which does not repeat it."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(SECRET_PREFIX) or not _SHORTEST <= len(key) <= _LONGEST:
        raise UsageError(
            "This is no secret of a webhook.",
            f"It is {SECRET_PREFIX} and {_SHORTEST} to {_LONGEST} random bytes in Base64; or let one be made.",
        )
    return secret


def job_event(job: Job) -> Event | None:
    """What is told of a job that has ended; None of one that was cancelled, or only shared the work of another."""
    if job.state not in {"done", "failed"} or job.helps is not None or job.finished_at is None:
        return None
    facts = {name: getattr(job, name) for name in EndedJob.model_fields if name != "error"}
    error = job.error if job.state == "failed" else None
    told = {"code": error.code, "message": error.message, "hint": error.hint, "data": error.data} if error else None
    kind: EventType = "job.done" if job.state == "done" else "job.failed"
    body = JobEvent.model_validate({"type": kind, "timestamp": job.finished_at, "data": {**facts, "error": told}})
    return Event(kind, job.finished_at, job.job_id, body.model_dump_json(), _sources(job.parameters))


def source_event(source: FailedSource, at: datetime) -> Event:
    """What is told of a source that has failed."""
    body = SourceEvent(type="source.failed", timestamp=at, data=source)
    sources = frozenset({source.source_id})
    return Event("source.failed", at, source.source_id, body.model_dump_json(), sources)


def ping_event(webhook_id: str, at: datetime) -> Event:
    """What a webhook is told that somebody tries out."""
    body = PingEvent(type="webhook.ping", timestamp=at, data=PingedWebhook(webhook_id=webhook_id))
    return Event("webhook.ping", at, webhook_id, body.model_dump_json())


def headers_of(delivery: Delivery, at: datetime, signatures: tuple[str, ...]) -> dict[str, str]:
    """The headers of an attempt at the moment `at`."""
    return {
        "webhook-id": delivery.delivery_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
        "content-type": "application/json",
    }


def facts_of(webhook: Webhook) -> JsonObject:
    """What the log of changes keeps of a webhook: not the query of its address, where some receivers have tokens."""
    address = webhook.url.partition("?")[0]
    return {"url": address, "events": list(webhook.events), "created_at": iso_z(webhook.created_at)}


def _sources(parameters: JsonObject) -> frozenset[str]:
    """The sources that the parameters of a job name."""
    named = [parameters.get("source"), *(parameters.get("sources") or ())]
    return frozenset(each for each in named if isinstance(each, str))
