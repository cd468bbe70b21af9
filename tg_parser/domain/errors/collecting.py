"""Errors of Telegram, exports and accounts."""

from __future__ import annotations

from datetime import datetime

from tg_parser.domain.errors.base import TgParserError
from tg_parser.domain.utc_time import moment_text


class SourceError(TgParserError):
    """A source cannot be read: it is unknown, unreadable, or in another format."""

    code = "source"


class SourceUnavailableError(SourceError):
    """A source cannot be reached at the moment (network, server error); a retry may work."""

    code = "source_unavailable"
    retryable = True


class RateLimitedError(SourceError):
    """Telegram asks to wait until `until`; no request may be sent before."""

    code = "rate_limited"
    retryable = True

    def __init__(self, what: str, until: datetime) -> None:
        super().__init__(
            f"Telegram asks to wait until {moment_text(until)} before {what}.",
            "No request is sent before then; run the same command again afterwards.",
            retry_at=until,
        )
        self.until = until


class WrongChatError(SourceError):
    """The chat is not the stored one: a name has moved, or the wrong chat was given."""

    code = "wrong_chat"

    def __init__(self, channel_id: str, message_id: str, held: datetime, seen: datetime) -> None:
        super().__init__(
            f"Message {message_id} of {channel_id} is stored with the date {held:%Y-%m-%d}, but the one read now is of "
            f"{seen:%Y-%m-%d}: this is another chat.",
            "A name can move to another chat. Add this chat as a new source, by its number or new name.",
            channel_id=channel_id,
            message_id=message_id,
        )


class AccountError(SourceError):
    """The account is the problem, not the chat: no session, a revoked one, wrong credentials."""

    code = "account"


class ExportFormatError(SourceError):
    """A file is not a Telegram Desktop export."""

    code = "export_format"


class ExportTruncatedError(SourceError):
    """An export is truncated; everything complete before that point has been delivered."""

    code = "export_truncated"
