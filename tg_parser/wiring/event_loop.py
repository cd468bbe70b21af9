"""The event loop that the databases need."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Do `work` to its end, as asyncio.run does, in a loop that psycopg works in."""
    with asyncio.Runner(loop_factory=loop_factory(sys.platform)) as runner:
        return runner.run(work)


def loop_factory(platform: str) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Who makes the loop on `platform`: the one that is usual on Windows watches no sockets, which psycopg asks for."""
    return asyncio.SelectorEventLoop if platform == "win32" else None
