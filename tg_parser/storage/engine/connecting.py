"""Connections that are made whole or not at all, also when the one who wants them is cancelled meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg


async def connect_whole(*arguments: Any, **options: Any) -> psycopg.AsyncConnection:
    """Like psycopg's own connect; where the caller is cancelled, the connection is closed as soon as it is there.

    Cancelled in the middle, psycopg leaves the half-made session to the garbage collector, and on the server it lives
    as long as that takes.
    """
    making = asyncio.ensure_future(psycopg.AsyncConnection.connect(*arguments, **options))
    try:
        return await asyncio.shield(making)
    except asyncio.CancelledError:
        making.add_done_callback(_close)
        raise


def _close(made: asyncio.Future[psycopg.AsyncConnection]) -> None:
    if not made.cancelled() and made.exception() is None:
        made.result().pgconn.finish()
