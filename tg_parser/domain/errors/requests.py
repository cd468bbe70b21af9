"""Errors of requests: invalid, not found, not allowed, or too many."""

from __future__ import annotations

from tg_parser.domain.errors.base import TgParserError


class UsageError(TgParserError):
    """The request itself is wrong: an option, a value, a combination."""

    code = "usage"


class InvalidCursorError(UsageError):
    """The cursor was not returned by this list with this filter and order."""

    code = "invalid_cursor"

    def __init__(self) -> None:
        super().__init__(
            "This cursor does not continue this list.",
            "Use the cursor from the last page unchanged, with that page's filter and order; or start without one.",
        )


class InvalidQueryError(UsageError):
    """A filter in a search query does not exist, or has a value that it does not take."""

    code = "invalid_query"


class InvalidRefError(TgParserError):
    """A reference (source_ref, document, topic or entry id) is not of the right form."""

    code = "invalid_ref"

    def __init__(self, value: str, expected: str) -> None:
        super().__init__(f"{value!r} is not a valid reference.", f"Expected the form {expected}.", value=value)


class InvalidPeerError(TgParserError):
    """A text does not name a chat."""

    code = "invalid_chat"

    def __init__(self, value: str) -> None:
        invited = "/+" in value or "joinchat/" in value
        super().__init__(
            f"{value!r} does not name a Telegram chat.",
            "An invitation does not name its chat: join with your account, then give the chat's t.me link or number."
            if invited
            else "Use @name, name, a t.me link, or the numeric id (-100… for channels).",
            value=value,
        )


class SettingsError(TgParserError):
    """A setting has a value that is not allowed."""

    code = "settings"
    stops_run = True


class InputFileError(TgParserError):
    """A given file cannot be read."""

    code = "input_file"


class NotFoundError(TgParserError):
    """No item has this id."""

    code = "not_found"


class UnknownSourceError(TgParserError):
    """There is no source with this id or channel."""

    code = "unknown_source"


class UnauthorizedError(TgParserError):
    """No key was given, or an invalid one: unknown, expired, revoked, replaced."""

    code = "unauthorized"


class ForbiddenError(TgParserError):
    """The key is valid but does not allow this."""

    code = "forbidden"


class KeyNotFoundError(TgParserError):
    """No API key has this id."""

    code = "key_not_found"

    def __init__(self, key_id: str) -> None:
        super().__init__(f"No API key has the id {key_id}.", case="key_not_found", key_id=key_id)


class KeyStateError(TgParserError):
    """The state of an API key does not allow this change: it has been revoked or has expired."""

    code = "key_state"

    def __init__(self, key_id: str, state: str) -> None:
        super().__init__(f"The API key {key_id} is {state}.", case="key_state", key_id=key_id, state=state)


class TooManyRequestsError(TgParserError):
    """Requests are sent faster than allowed, or too many are open at once."""

    code = "too_many_requests"
    retryable = True


class TooLargeError(TgParserError):
    """A request is larger than this installation accepts."""

    code = "too_large"


class SlowClientError(TgParserError):
    """The body of a request did not arrive in time."""

    code = "slow_client"
    retryable = True


class IdempotencyError(TgParserError):
    """The idempotency key was already used for a different request, or its request is still in progress."""

    code = "idempotency"
