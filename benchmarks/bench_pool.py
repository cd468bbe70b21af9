"""What the pool costs: a connection taken out (with its ping) and given back, reads and writes, beside the bare driver.

python benchmarks/bench_pool.py [--rounds 3000]     (TEST_DATABASE_URL, else a server of its own)
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import text

from tg_parser.config.settings import DatabaseSettings, Settings
from tg_parser.storage.engine.databases import Databases, open_databases

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from postgres_server import PostgresServer  # the tests' own server, found by the line above

WARM_UP = 200
Operation = Callable[[], Awaitable[object]]


async def times(operations: dict[str, Operation], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each operation, taken in turn so that whatever disturbs the machine disturbs all alike."""
    found: dict[str, list[float]] = {name: [] for name in operations}
    for number in range(WARM_UP + rounds):
        for name, operation in operations.items():
            started = time.perf_counter()
            await operation()
            if number >= WARM_UP:
                found[name].append((time.perf_counter() - started) * 1000)
    return found


def bare_operations(reading: psycopg.AsyncConnection, writing: psycopg.AsyncConnection) -> dict[str, Operation]:
    async def write() -> None:
        await writing.execute("INSERT INTO bench_pool VALUES (1)")
        await writing.commit()

    return {"bare driver: SELECT 1": lambda: reading.execute("SELECT 1"), "bare driver: INSERT, COMMIT": write}


def pool_operations(databases: Databases) -> dict[str, Operation]:
    database = databases.raw

    async def check_out() -> None:
        async with database.pool.connection():
            pass

    return {
        "pool: checkout and return": check_out,
        "pool: read SELECT 1": lambda: database.read(lambda conn: conn.execute(text("SELECT 1"))),
        "pool: write INSERT": lambda: database.write(
            lambda conn: conn.execute(text("INSERT INTO bench_pool VALUES (1)"))
        ),
    }


def settings(url: str, *, pre_ping: bool) -> Settings:
    return Settings(database=DatabaseSettings(type="postgresql", url=url, pool_pre_ping=pre_ping))


async def measure(url: str, rounds: int) -> dict[str, list[float]]:
    """All operations, each by name; checkout with the ping and without."""
    async with (
        open_databases(settings(url, pre_ping=True), prepare=False) as pinged,
        open_databases(settings(url, pre_ping=False), prepare=False) as unpinged,
        await psycopg.AsyncConnection.connect(url, autocommit=True) as reading,
        await psycopg.AsyncConnection.connect(url) as writing,
    ):
        await reading.execute("CREATE TABLE bench_pool (id INTEGER)")
        try:
            operations = bare_operations(reading, writing) | pool_operations(pinged)
            operations["pool without ping: checkout and return"] = pool_operations(unpinged)[
                "pool: checkout and return"
            ]
            return await times(operations, rounds)
        finally:
            await reading.execute("DROP TABLE bench_pool")


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of a server."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        return
    server = PostgresServer()
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


def report(measured: dict[str, list[float]]) -> None:
    bare = percentiles(next(iter(measured.values())))
    print(f"{'milliseconds':<42}{'p50':>9}{'p99':>9}{'p50 over bare':>16}{'p99 over bare':>16}")
    for name, found in measured.items():
        p50, p99 = percentiles(found)
        print(f"{name:<42}{p50:>9.3f}{p99:>9.3f}{p50 - bare[0]:>16.3f}{p99 - bare[1]:>16.3f}")
    print("bare: one SELECT 1 of the driver on an open connection")


def percentiles(found: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(found, n=100)
    return cuts[49], cuts[98]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3000)
    given = parser.parse_args()
    with postgres() as url:
        report(asyncio.run(measure(url, given.rounds)))


if __name__ == "__main__":
    main()
