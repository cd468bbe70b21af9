"""Long waits requested by a server, with a log line now and then showing the time left."""

from __future__ import annotations

import asyncio

import structlog

TELL_EVERY = 10.0
"""Seconds between two lines; shorter waits log nothing."""

log = structlog.get_logger(__name__)


async def wait_with_notice(seconds: float, for_whom: str) -> None:
    """Sleep for `seconds`, logging the time left every TELL_EVERY seconds."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while (left := until - loop.time()) > TELL_EVERY:
        await asyncio.sleep(TELL_EVERY)
        log.warning(f"Waiting for {for_whom}: {left - TELL_EVERY:.0f} s left.")
    await asyncio.sleep(left)
