"""Opens connections completely or not at all, even when the caller is cancelled meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg


async def connect_whole(*arguments: Any, **options: Any) -> psycopg.AsyncConnection:
    """Like psycopg's own connect, but if the caller is cancelled, the connection is closed as soon as it is open.

    psycopg leaves a half-open session to the garbage collector, and it lives on the server until then.
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
