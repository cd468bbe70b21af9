"""What was asked is wrong, not there, not allowed, or asked too often."""

from __future__ import annotations

from tg_parser.domain.errors.base import TgParserError


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


class InputFileError(TgParserError):
    """A file that was named but cannot be read."""

    code = "input_file"


class NotFoundError(TgParserError):
    """Something looked up by its id that does not exist."""

    code = "not_found"


class UnknownSourceError(TgParserError):
    """A source id or channel nobody has registered."""

    code = "unknown_source"


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
