"""The tree of errors. Each is a sentence for a person, carries its data, and knows whether a retry can help."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tg_parser.domain.utc_time import moment_text


class TgParserError(Exception):
    """Base of every error meant for users: `message` says what happened, `hint` what to do next."""

    code = "error"
    """The kind of error, for programs; it never changes."""
    retryable = False
    stops_run = False
    """Whether all other messages would meet it too, so that the run ends with it, and not the message."""

    def __init__(self, message: str, hint: str | None = None, **data: Any) -> None:
        """`data` are the facts for programs. A `case` among them says which error of its kind it is, so that each
        interface can say in its own words what to do; `hint` is for what they can all say."""
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.data = data


class UsageError(TgParserError):
    """The request itself is wrong: an option, a value, a combination."""

    code = "usage"


class InvalidCursorError(UsageError):
    """A cursor that no page of this list, asked for in this way, has given."""

    code = "invalid_cursor"

    def __init__(self) -> None:
        super().__init__(
            "This cursor does not continue this list.",
            "Take it unchanged from the last page, with the filter and the order of that page; or begin without one.",
        )


class InvalidRefError(TgParserError):
    """A reference (source_ref, document, topic or entry id) that does not follow its form."""

    code = "invalid_ref"

    def __init__(self, value: str, expected: str) -> None:
        super().__init__(f"{value!r} is not a valid reference.", f"Expected the form {expected}.", value=value)


class InvalidPeerError(TgParserError):
    """A chat written in a way that names no chat."""

    code = "invalid_chat"

    def __init__(self, value: str) -> None:
        invited = "/+" in value or "joinchat/" in value
        super().__init__(
            f"{value!r} does not name a Telegram chat.",
            "An invitation does not say which chat it is to: join with your account, then give its t.me link or number."
            if invited
            else "Write it as @name, name, a t.me link, or the numeric id (-100… for channels).",
            value=value,
        )


class SettingsError(TgParserError):
    """A setting with a value outside its range."""

    code = "settings"
    stops_run = True


class SourceError(TgParserError):
    """A source that cannot be read: unknown, unreadable, or in another format."""

    code = "source"


class SourceUnavailableError(SourceError):
    """A source that cannot be reached at the moment (network, server error); a later try may work."""

    code = "source_unavailable"
    retryable = True


class RateLimitedError(SourceError):
    """Telegram asks to wait until `until`; no request may be sent before."""

    code = "rate_limited"
    retryable = True

    def __init__(self, what: str, until: datetime) -> None:
        super().__init__(
            f"Telegram asks to wait until {moment_text(until)} before {what}.",
            "No request is sent before that moment; run the same command again after it.",
            retry_at=until,
        )
        self.until = until


class WrongChatError(SourceError):
    """A chat other than the stored one: a name has moved, or the wrong chat was given."""

    code = "wrong_chat"

    def __init__(self, channel_id: str, message_id: str, held: datetime, seen: datetime) -> None:
        super().__init__(
            f"Message {message_id} of {channel_id} is stored as sent on {held:%Y-%m-%d}, but the one read now was "
            f"sent on {seen:%Y-%m-%d}: this is another chat.",
            "A name can move to another chat. Register this one as a source of its own, by its number or new name.",
            channel_id=channel_id,
            message_id=message_id,
        )


class AccountError(SourceError):
    """The account, not the chat, is the problem: no session, a revoked one, wrong credentials."""

    code = "account"


class ExportFormatError(SourceError):
    """A file that is not a Telegram Desktop export."""

    code = "export_format"


class ExportTruncatedError(SourceError):
    """An export that ends in the middle; everything complete before the cut has been delivered."""

    code = "export_truncated"


class UnknownSourceError(TgParserError):
    """A source id or channel nobody has registered."""

    code = "unknown_source"


class InputFileError(TgParserError):
    """A file that was named but cannot be read."""

    code = "input_file"


class NotFoundError(TgParserError):
    """Something looked up by its id that does not exist."""

    code = "not_found"


class StorageError(TgParserError):
    """A database that cannot be used as it is."""

    code = "storage"
    stops_run = True


class StorageUnavailableError(StorageError):
    """A database that does not answer at the moment; a later try may work."""

    code = "storage_unavailable"
    retryable = True


class SchemaMismatchError(StorageError):
    """A database whose schema is older or newer than this version expects."""

    code = "schema_mismatch"


class BackupError(TgParserError):
    """A backup that cannot be made, trusted or restored."""

    code = "backup"


class BusyError(TgParserError):
    """Another process is already doing this work."""

    code = "busy"
    retryable = True


class AnalysisError(TgParserError):
    """One message that could not be analysed; the run goes on."""

    code = "analysis"


class UnusableAnswerError(AnalysisError):
    """A message for which a model gave no usable answer; message after message, the model is to blame."""

    code = "unusable_answer"


class ProviderError(TgParserError):
    """A language model that cannot be used as configured: wrong key, no such model, no credit left."""

    code = "provider"
    stops_run = True


class ProviderUnavailableError(TgParserError):
    """A language model that did not answer after all attempts (network, timeout, overload); a later try may work."""

    code = "provider_unavailable"
    retryable = True


class BudgetError(TgParserError):
    """Spending has reached its cap, or a price is unknown; what was paid for is kept."""

    code = "budget"
    stops_run = True


class OutputError(TgParserError):
    """A place that cannot be written to."""

    code = "output"


class HandoffError(TgParserError):
    """A handoff cannot change this way: its state does not allow it, or another process was quicker."""

    code = "handoff"

    def __init__(self, handoff_id: str, status: str, wanted: str) -> None:
        super().__init__(
            f"Handoff {handoff_id} is {status} and cannot become {wanted}.",
            case="handoff",
            handoff_id=handoff_id,
            status=status,
        )


class JobStateError(TgParserError):
    """A job cannot change this way: its state does not allow it."""

    code = "job_state"

    def __init__(self, job_id: str, state: str, wanted: str = "", *, told: str | None = None) -> None:
        message = told or f"Job {job_id} is {state} and cannot become {wanted}."
        super().__init__(message, case="job_state", job_id=job_id, state=state)


class JobNotFoundError(TgParserError):
    """No job has this id."""

    code = "job_not_found"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"No job has the id {job_id}.", case="job_not_found", job_id=job_id)


class UnauthorizedError(TgParserError):
    """No key was given, or one that does not open anything: unknown, expired, revoked, replaced."""

    code = "unauthorized"


class ForbiddenError(TgParserError):
    """A key that is good but does not allow this."""

    code = "forbidden"


class KeyNotFoundError(TgParserError):
    """No API key has this id."""

    code = "key_not_found"

    def __init__(self, key_id: str) -> None:
        super().__init__(f"No API key has the id {key_id}.", case="key_not_found", key_id=key_id)


class KeyStateError(TgParserError):
    """An API key cannot change this way: it has been revoked or has expired."""

    code = "key_state"

    def __init__(self, key_id: str, state: str) -> None:
        super().__init__(f"The API key {key_id} is {state}.", case="key_state", key_id=key_id, state=state)


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
    """An address that this installation sends nothing to: not public, without TLS, or of no known form."""

    code = "address_refused"


class HostNotFoundError(TgParserError):
    """A host name without an address at the moment."""

    code = "host_not_found"
    retryable = True


class DeliveryError(TgParserError):
    """A webhook that its receiver has refused, or that was given up."""

    code = "webhook_refused"


class DeliveryDelayedError(TgParserError):
    """A webhook that its receiver did not take; the next attempt is made at `until`."""

    code = "webhook_delayed"
    retryable = True

    def __init__(self, message: str, until: datetime) -> None:
        super().__init__(message, retry_at=until)
        self.until = until


class ArchiveError(TgParserError):
    """An archive of the agents' history that cannot be written or has unexpected content; nothing was deleted."""

    code = "archive"


class TooManyRequestsError(TgParserError):
    """Requests come faster than is allowed, or more are open at once."""

    code = "too_many_requests"
    retryable = True


class TooLargeError(TgParserError):
    """A request that is larger than this installation takes."""

    code = "too_large"


class SlowClientError(TgParserError):
    """A request whose body did not come in time."""

    code = "slow_client"
    retryable = True


class IdempotencyError(TgParserError):
    """An idempotency key that came with another request before, or with one that is still under way."""

    code = "idempotency"
