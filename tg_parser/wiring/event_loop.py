"""The event loop required by the databases."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to completion like asyncio.run, in a loop that psycopg supports."""
    with asyncio.Runner(loop_factory=loop_factory(sys.platform)) as runner:
        return runner.run(work)


def loop_factory(platform: str) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return the loop factory for `platform`: the default loop on Windows cannot watch sockets, which psycopg needs."""
    return asyncio.SelectorEventLoop if platform == "win32" else None
