"""Errors of jobs, handoffs and webhooks."""

from __future__ import annotations

from datetime import datetime

from tg_parser.domain.errors.base import TgParserError
from tg_parser.domain.errors.requests import UsageError


class HandoffError(TgParserError):
    """The state of a handoff does not allow this change, or another process was faster."""

    code = "handoff"

    def __init__(self, handoff_id: str, status: str, wanted: str) -> None:
        super().__init__(
            f"Handoff {handoff_id} is {status} and cannot become {wanted}.",
            case="handoff",
            handoff_id=handoff_id,
            status=status,
        )


class JobStateError(TgParserError):
    """The state of a job does not allow this change."""

    code = "job_state"

    def __init__(self, job_id: str, state: str, wanted: str = "", *, told: str | None = None) -> None:
        message = told or f"Job {job_id} is {state} and cannot become {wanted}."
        super().__init__(message, case="job_state", job_id=job_id, state=state)


class JobNotFoundError(TgParserError):
    """No job has this id."""

    code = "job_not_found"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"No job has the id {job_id}.", case="job_not_found", job_id=job_id)


class WebhookNotFoundError(TgParserError):
    """No webhook has this id."""

    code = "webhook_not_found"

    def __init__(self, webhook_id: str) -> None:
        super().__init__(f"No webhook has the id {webhook_id}.", case="webhook_not_found", webhook_id=webhook_id)


class DeliveryNotFoundError(TgParserError):
    """No delivery of a webhook has this id."""

    code = "delivery_not_found"

    def __init__(self, delivery_id: str) -> None:
        super().__init__(f"No delivery has the id {delivery_id}.", case="delivery_not_found", delivery_id=delivery_id)


class AddressRefusedError(UsageError):
    """Webhooks must not be sent to this address: it is not public, not https, or of an unknown form."""

    code = "address_refused"


class HostNotFoundError(TgParserError):
    """A host name cannot be resolved at the moment."""

    code = "host_not_found"
    retryable = True


class DeliveryError(TgParserError):
    """The receiver refused a webhook, or its delivery was given up."""

    code = "webhook_refused"


class DeliveryDelayedError(TgParserError):
    """The receiver did not accept a webhook; the next attempt is made at `until`."""

    code = "webhook_delayed"
    retryable = True

    def __init__(self, message: str, until: datetime) -> None:
        super().__init__(message, retry_at=until)
        self.until = until


class NotReadyError(TgParserError):
    """A service that responds but cannot do its work: its database, its schemas or its workers fail."""

    code = "not_ready"
    retryable = True


class NoAnswerError(TgParserError):
    """A process of this installation does not answer."""

    code = "no_answer"
    retryable = True

    def __init__(self, host: str, port: int, reason: str) -> None:
        message = f"The process at {host}:{port} does not answer: {reason}."
        super().__init__(message, case="no_answer", host=host, port=port)


class TopicEditError(TgParserError):
    """What a person wants to do to a topic makes no sense as the topics are now."""

    code = "topic_edit"
