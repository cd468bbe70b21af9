"""Processes for the tests of concurrent access, on the databases of the environment: store, hold or claim something."""

from __future__ import annotations

import asyncio
import sys

from samples import NOW, message

from tg_parser.config.settings import load_settings
from tg_parser.domain.sources import Attempt
from tg_parser.processing.claims import WorkClaims
from tg_parser.storage.engine.databases import open_databases
from tg_parser.storage.stores.claims import ClaimStorage
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.sources import IngestionStorage


async def store(writer: str) -> None:
    """Store messages that every writer stores, and some of its own; count attempts; move the cursor."""
    async with open_databases(load_settings(None)) as databases:
        raw, sources = RawStorage(databases.raw), IngestionStorage(databases.ingestion)
        own = 10_000 * (int(writer) + 1)
        for start in range(1, 401, 40):
            shared = [message(number, f"text of {number}") for number in range(start, start + 40)]
            await raw.store([*shared, *(message(own + start + step, "own") for step in range(10))], NOW)
            await sources.cover("s", 1, start + 39, NOW)
            await sources.record_attempt(Attempt(source_id="s", started_at=NOW, finished_at=NOW, success=False))


async def hold(name: str) -> None:
    """Hold a lock, say so, and wait to be killed."""
    async with open_databases(load_settings(None)) as databases, databases.locks.exclusive(name):
        sys.stdout.write("held\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


async def claim(channel: str) -> None:
    """Claim messages as a worker, say how many, and wait to be killed."""
    async with open_databases(load_settings(None)) as databases:
        claims = ClaimStorage(databases.processing)
        async with WorkClaims(claims, databases.locks).worker() as worker:
            found = await claims.take_waiting(channel, worker, after_ref=None, limit=8)
            sys.stdout.write(f"claimed {len(found)}\n")
            sys.stdout.flush()
            await asyncio.Event().wait()


if __name__ == "__main__":
    what, argument = sys.argv[1:]
    asyncio.run({"store": store, "hold": hold, "claim": claim}[what](argument))
