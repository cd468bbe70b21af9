"""Long waits that a server asks for, with a line now and then about how long it still takes."""

from __future__ import annotations

import asyncio

import structlog

TELL_EVERY = 10.0
"""Seconds between two lines; a shorter wait has none."""

log = structlog.get_logger(__name__)


async def wait_with_notice(seconds: float, for_whom: str) -> None:
    """Sleep for `seconds`, logging the time left every TELL_EVERY seconds."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while (left := until - loop.time()) > TELL_EVERY:
        await asyncio.sleep(TELL_EVERY)
        log.warning(f"Waiting for {for_whom}: {left - TELL_EVERY:.0f} s left.")
    await asyncio.sleep(left)
