"""The root of the tree of errors."""

from __future__ import annotations

from typing import Any


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
