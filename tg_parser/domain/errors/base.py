"""The base class of errors."""

from __future__ import annotations

from typing import Any


class TgParserError(Exception):
    """Base of all errors shown to users: `message` says what happened, `hint` what to do next."""

    code = "error"
    """The kind of error, for programs; it never changes."""
    retryable = False
    stops_run = False
    """Whether the error would affect all other messages too, so that it ends the run, not just the message."""

    def __init__(self, message: str, hint: str | None = None, **data: Any) -> None:
        """`data` are facts for programs. `case` tells errors of one kind apart, so that each interface can add its own
        hint; `hint` is for advice that applies to all interfaces."""
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.data = data
