"""Telegram, an export or an account stands in the way."""

from __future__ import annotations

from datetime import datetime

from tg_parser.domain.errors.base import TgParserError
from tg_parser.domain.utc_time import moment_text


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
