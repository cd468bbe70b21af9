"""One tree of errors. Each is a sentence for a person, carries its data, and knows whether a retry can help."""

from __future__ import annotations

from datetime import datetime

from tg_parser.domain.moments import moment_text


class TgParserError(Exception):
    """Base of every error a user is meant to read: `message` says what happened, `hint` what to do next."""

    retryable = False
    stops_run = False
    """Whether all other messages would meet it too, so that the run ends with it, and not the message."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(TgParserError):
    """The request itself is wrong: an option, a value, a combination."""


class InvalidRefError(TgParserError):
    """A reference (source_ref, document, topic or entry id) that does not follow its form."""

    def __init__(self, value: str, expected: str) -> None:
        super().__init__(f"{value!r} is not a valid reference.", f"Expected the form {expected}.")


class InvalidPeerError(TgParserError):
    """A chat written in a way that names no chat."""

    def __init__(self, value: str) -> None:
        invited = "/+" in value or "joinchat/" in value
        super().__init__(
            f"{value!r} does not name a Telegram chat.",
            "An invitation does not say which chat it is to: join with your account, then give its t.me link or number."
            if invited
            else "Write it as @name, name, a t.me link, or the numeric id (-100… for channels).",
        )


class SettingsError(TgParserError):
    """A setting with a value outside its range."""

    stops_run = True


class SourceError(TgParserError):
    """A source that cannot be read: unknown, unreadable, of another shape."""


class SourceUnavailableError(SourceError):
    """A source that cannot be reached now: network, server error. Later it may."""

    retryable = True


class RateLimitedError(SourceError):
    """Telegram asks to wait until `until`; nothing may be asked before."""

    retryable = True

    def __init__(self, what: str, until: datetime) -> None:
        super().__init__(
            f"Telegram asks to wait until {moment_text(until)} before {what}.",
            "Nothing is asked before that moment; run the same command again after it.",
        )
        self.until = until


class WrongChatError(SourceError):
    """A chat that is not the stored one: a name has moved, or a wrong chat was pointed at."""

    def __init__(self, channel_id: str, message_id: str, held: datetime, seen: datetime) -> None:
        super().__init__(
            f"Message {message_id} of {channel_id} is stored as sent on {held:%Y-%m-%d}, but the one read now was "
            f"sent on {seen:%Y-%m-%d}: this is another chat.",
            "A name can move to another chat. Register this one as a source of its own, by its number or new name.",
        )


class AccountError(SourceError):
    """The account, not the chat, is the problem: no session, a revoked one, wrong credentials."""


class ExportFormatError(SourceError):
    """A file that is not a Telegram Desktop export."""


class ExportTruncatedError(SourceError):
    """An export that ends in the middle; everything complete before the cut has been delivered."""


class UnknownSourceError(TgParserError):
    """A source id or channel nobody has registered."""


class InputFileError(TgParserError):
    """A file that was named and cannot be read."""


class NotFoundError(TgParserError):
    """Something asked for by its id that is not held."""


class StorageError(TgParserError):
    """A database that cannot be used as it is."""

    stops_run = True


class StorageUnavailableError(StorageError):
    """A database that does not answer now; later it may."""

    retryable = True


class SchemaMismatchError(StorageError):
    """A database whose schema is older or newer than this version expects."""


class BackupError(TgParserError):
    """A backup that cannot be made, trusted or brought back."""


class BusyError(TgParserError):
    """Another process holds the work that was asked for."""

    retryable = True


class AnalysisError(TgParserError):
    """One message that could not be analysed; the run goes on."""


class UnusableAnswerError(AnalysisError):
    """One message for which a model gave no answer that could be used; message after message, it is the model."""


class ProviderError(TgParserError):
    """A language model that cannot be used as it is set up: wrong key, no such model, no money left there."""

    stops_run = True


class ProviderUnavailableError(TgParserError):
    """A language model that does not answer now: network, timeout, overload, after all attempts. Later it may."""

    retryable = True


class BudgetError(TgParserError):
    """Spending that has reached its cap, or whose price nobody knows; what was paid for is kept."""

    stops_run = True


class OutputError(TgParserError):
    """A place that cannot be written."""


class HandoffError(TgParserError):
    """A change of a handoff between agents that its state does not allow, or that another process was quicker with."""

    def __init__(self, handoff_id: str, status: str, wanted: str) -> None:
        super().__init__(
            f"Handoff {handoff_id} is {status} and cannot become {wanted}.",
            "Look at it with: tg-parser agents handoffs",
        )


class ArchiveError(TgParserError):
    """An archive of the agents' history that cannot be written, or holds not what it should; nothing was deleted."""
