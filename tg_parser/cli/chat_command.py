"""A command whose argument is a chat in any form."""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperCommand

_NUMBER = re.compile(r"-\d+")


class ChatCommand(TyperCommand):
    """The chat may be a negative number, which is not an option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Leave what is no option to the argument, but only where a number stands on the line."""
        ctx.ignore_unknown_options = any(map(_NUMBER.fullmatch, args))
        return super().parse_args(ctx, args)
