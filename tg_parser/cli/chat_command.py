"""A command whose argument is a chat in any form, including a negative id."""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperCommand

_NUMBER = re.compile(r"-\d+")


class ChatCommand(TyperCommand):
    """A command that accepts a negative number as its argument instead of reading it as an option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """If the line contains a negative number, pass unknown options on as arguments."""
        ctx.ignore_unknown_options = any(map(_NUMBER.fullmatch, args))
        return super().parse_args(ctx, args)
