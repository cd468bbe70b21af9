"""A long run of mixed work while the server is restarted again and again; ends with what went wrong, if anything did.

python benchmarks/soak.py [--minutes 10] [--restarts 5] [--writers 8] [--readers 4]

Errors that reach a caller, messages that were acknowledged and are not there, messages that are there twice, counters
that missed a step, sessions left on the server: all of these have to be 0. It stops by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from bench_storage import message
from sqlalchemy import text

from tg_parser.config.logging import configure_logging
from tg_parser.config.settings import DatabaseSettings, LoggingSettings, RetrySettings, Settings
from tg_parser.domain.errors import StorageError
from tg_parser.domain.sources import Attempt, SourceChange
from tg_parser.storage.engine.databases import Databases, open_databases
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.sources import IngestionStorage

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from postgres_server import PostgresServer  # the tests' own server, found by the line above

CHANNEL = "-1001234567890"
BATCH = 20
OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@dataclass
class Soak:
    """One run and what it has counted."""

    server: PostgresServer
    end: float
    stored: int = 0
    attempts: int = 0
    reads: int = 0
    errors: Counter[str] = field(default_factory=Counter)

    @property
    def going_on(self) -> bool:
        return time.monotonic() < self.end

    async def write(self, databases: Databases, writer: int) -> None:
        """Store new messages and count attempts, which unlike messages would show a second time."""
        raw, sources = RawStorage(databases.raw), IngestionStorage(databases.ingestion)
        number = writer * 10_000_000
        while self.going_on:
            batch = [message(number + step) for step in range(BATCH)]
            number += BATCH
            try:
                await raw.store(batch, datetime.now(UTC))
                self.stored += BATCH
                now = datetime.now(UTC)
                await sources.record_attempt(Attempt(source_id="soak", started_at=now, finished_at=now, success=False))
                self.attempts += 1
            except StorageError as error:
                self.errors[f"write: {error.message}"] += 1

    async def read(self, databases: Databases) -> None:
        """Pages and summaries, and now and then a reader that loses patience."""
        raw = RawStorage(databases.raw)
        while self.going_on:
            self.reads += 1
            try:
                async with asyncio.timeout(0.005 if self.reads % 10 == 0 else None):
                    await raw.summary(CHANNEL)
            except TimeoutError:
                await asyncio.sleep(0)
            except StorageError as error:
                self.errors[f"read: {error.message}"] += 1
            await asyncio.sleep(0.01)

    async def restart(self, times: int) -> None:
        """Kill the server and start it, spread over the time there is."""
        pause = (self.end - time.monotonic()) / (times + 1)
        for number in range(times):
            await asyncio.sleep(pause)
            await asyncio.to_thread(self.server.halt)
            await asyncio.to_thread(self.server.launch)
            print(f"restart {number + 1} of {times}; {self.stored:,} messages stored, {memory():.0f} MB", flush=True)


def memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def run(server: PostgresServer, given: argparse.Namespace) -> bool:
    settings = Settings(
        database=DatabaseSettings(type="postgresql", url=server.url),
        retry=RetrySettings(max_attempts=10, backoff_base=0.2, backoff_max=5),
    )
    soak = Soak(server, time.monotonic() + given.minutes * 60)
    async with open_databases(settings) as databases:
        sources = IngestionStorage(databases.ingestion)
        await sources.save_source(SourceChange(source_id="soak", channel_id=CHANNEL), datetime.now(UTC))
        started = time.monotonic()
        await asyncio.gather(
            soak.restart(given.restarts),
            *(soak.write(databases, writer) for writer in range(1, given.writers + 1)),
            *(soak.read(databases) for _ in range(given.readers)),
        )
        spent = time.monotonic() - started
        rows = (await databases.raw.rows(text("SELECT count(*) AS rows FROM raw_messages")))[0]["rows"]
        source = await sources.get("soak")
        attempts = (await databases.ingestion.rows(text("SELECT count(*) AS rows FROM source_attempts")))[0]["rows"]
        figures = databases.raw.pool.figures()
    left = sessions_left(server.url)
    failed = source.fail_count if source else -1
    print(f"\n{soak.stored / spent:,.0f} messages/s, {soak.reads / spent:,.0f} reads/s, {memory():.0f} MB, {figures}")
    return verdict(
        {
            "errors that reached a caller": sum(soak.errors.values()),
            "messages acknowledged and not there (or there unasked)": abs(soak.stored - rows),
            "attempts lost or counted twice": abs(soak.attempts - attempts) + abs(soak.attempts - failed),
            "connections not given back": figures.checked_out,
            "sessions left on the server": left,
        },
        soak.errors,
    )


def verdict(found: dict[str, int], errors: Counter[str]) -> bool:
    for name, number in found.items():
        print(f"{name:<60}{number:>8}")
    for error, number in errors.items():
        print(f"  {number} times: {error}")
    return not any(found.values())


def sessions_left(url: str) -> int:
    """After closing, once the server has noticed."""
    for _ in range(50):
        with psycopg.connect(url) as admin:
            row = admin.execute(OTHERS).fetchone()
        if row is not None and row[0] == 0:
            return 0
        time.sleep(0.1)
    return int(row[0]) if row else -1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--restarts", type=int, default=5)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--readers", type=int, default=4)
    given = parser.parse_args()
    configure_logging(LoggingSettings(level="WARNING"))
    # A server that loses acknowledged work when it is killed would prove nothing.
    server = PostgresServer(synchronous_commit="on")
    server.start()
    try:
        good = asyncio.run(run(server, given))
    finally:
        server.stop()
    sys.exit(0 if good else "The soak has found something.")


if __name__ == "__main__":
    main()
