"""A Telegram whose clock differs from this machine's, and that refuses messages which are not of its own time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fake_telegram.connection import Connection
from fake_telegram.server import FakeTelegram
from fake_telegram.world import World
from fake_telegram_server import fake
from telethon.tl import TLRequest

FAR = 30
"""Seconds by which a message may differ from the server's time."""


@contextmanager
def skewed_telegram(inhabited: World, skew: int, *, relents: bool = True) -> Iterator[FakeTelegram]:
    """A server whose clock is `skew` seconds ahead; one that does not relent refuses every message for ever."""
    module = fake()

    class SkewedConnection(Connection):
        async def _message(self, msg_id: int, obj: Any) -> None:
            ahead = (msg_id >> 32) - (time.time() + skew)
            if isinstance(obj, TLRequest) and (abs(ahead) > FAR or not relents):
                self.server.counts["refused"] += 1
                refusal = module.tl.BadMsgNotification(msg_id, 0, 17 if ahead > 0 else 16)
                await self.send(refusal, related=False)
                await asyncio.sleep(0.02)
            else:
                await super()._message(msg_id, obj)

    class Server(FakeTelegram):
        def new_msg_id(self) -> int:
            return super().new_msg_id() + (skew << 32)

        async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            conn = SkewedConnection(self, reader, writer)
            self.connections.add(conn)
            try:
                await conn.run()
            except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                self.counts["ended"] += 1
            finally:
                self.connections.discard(conn)
                writer.close()

    with Server(inhabited, check_salt=False) as server:
        yield server
    assert server.bugs == []
