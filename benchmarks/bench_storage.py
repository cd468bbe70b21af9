"""Storing raw messages of 1 KB: the raw storage against bare executemany and bare COPY of the same rows.

python benchmarks/bench_storage.py [--messages 20000] [--batch 1000]     (TEST_DATABASE_URL, else a server of its own)
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from tg_parser.config.settings import DatabaseSettings, Settings
from tg_parser.domain.messages import RawMessage, Reaction
from tg_parser.storage.engine.databases import open_databases
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.raw_rows import message_row
from tg_parser.storage.tables.columns import bulk_encoder
from tg_parser.storage.tables.raw import raw_messages

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from postgres_server import PostgresServer  # the tests' own server, found by the line above

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
TEXT = "Сегодня вышла новая версия: быстрее, проще и на русском языке. See the release notes for details. "
ROUNDS = 3


def messages(count: int) -> list[RawMessage]:
    """Posts with 1 KB of text and a payload like that of an export."""
    return [message(number) for number in range(1, count + 1)]


def message(number: int) -> RawMessage:
    text = (f"{number}. " + TEXT * 9)[:700]
    date = BEGIN + timedelta(minutes=number)
    payload = {"id": number, "type": "message", "date": date.isoformat(), "from": "Channel", "text": text}
    return RawMessage(
        id=str(number),
        message_type="post",
        source_ref=f"tg:-1001234567890:post:{number}",
        channel_id="-1001234567890",
        date=date,
        text=text,
        thread_id=str(number),
        via="export",
        views=number,
        reactions=(Reaction(emoji="👍", count=3),) if number % 4 == 0 else (),
        raw_payload=payload,
    )


def bare_rows(batch: list[RawMessage], *, times_as_text: bool) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The same rows, ready for the driver before the clock starts."""
    rows = [message_row(each, BEGIN) for each in batch]
    names = list(rows[0])
    encoders = {name: bulk_encoder(raw_messages.c[name].type, times_as_text=times_as_text) for name in names}

    def encoded(name: str, value: Any) -> Any:
        encode = encoders[name]
        return value if value is None or encode is None else encode(value)

    return names, [tuple(encoded(name, value) for name, value in row.items()) for row in rows]


async def store(settings: Settings, batch: list[RawMessage], size: int) -> tuple[float, float]:
    """Seconds to store everything once, and once more with nothing new."""
    async with open_databases(settings) as databases:
        raw = RawStorage(databases.raw)
        times = []
        for _ in range(2):
            started = time.perf_counter()
            for start in range(0, len(batch), size):
                await raw.store(batch[start : start + size], BEGIN)
            times.append(time.perf_counter() - started)
        return times[0], times[1]


async def make_schema(settings: Settings) -> None:
    async with open_databases(settings):
        pass


def bare_sqlite(path: str, batch: list[RawMessage]) -> float:
    names, rows = bare_rows(batch, times_as_text=True)
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        started = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            f"INSERT INTO raw_messages ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", rows
        )
        connection.execute("COMMIT")
        spent = time.perf_counter() - started
    connection.close()
    return spent


def bare_copy(url: str, batch: list[RawMessage]) -> float:
    names, rows = bare_rows(batch, times_as_text=False)
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        started = time.perf_counter()
        with cursor.copy(f"COPY raw_messages ({', '.join(names)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        connection.commit()
        return time.perf_counter() - started


def sqlite_settings(folder: Path) -> Settings:
    return Settings(
        database=DatabaseSettings(
            type="sqlite",
            ingestion_state_path=folder / "ingestion.sqlite",
            raw_storage_path=folder / "raw.sqlite",
            processing_storage_path=folder / "processing.sqlite",
        )
    )


@contextmanager
def postgres() -> Iterator[str]:
    """The administrator's URL of a server."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        return
    server = PostgresServer()
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


@contextmanager
def database(admin: str) -> Iterator[str]:
    """The URL of a fresh database."""
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("CREATE DATABASE bench_storage")
    try:
        yield make_url(admin).set(database="bench_storage").render_as_string(hide_password=False)
    finally:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute("DROP DATABASE bench_storage WITH (FORCE)")


def measure_sqlite(batch: list[RawMessage], size: int) -> tuple[float, float, float]:
    with tempfile.TemporaryDirectory() as ours, tempfile.TemporaryDirectory() as bare:
        stored, again = asyncio.run(store(sqlite_settings(Path(ours)), batch, size))
        asyncio.run(make_schema(sqlite_settings(Path(bare))))
        return bare_sqlite(f"{bare}/raw.sqlite", batch), stored, again


def measure_postgres(admin: str, batch: list[RawMessage], size: int) -> tuple[float, float, float]:
    with database(admin) as url:
        stored, again = asyncio.run(store(postgres_settings(url), batch, size))
    with database(admin) as url:
        asyncio.run(make_schema(postgres_settings(url)))
        return bare_copy(url, batch), stored, again


def postgres_settings(url: str) -> Settings:
    return Settings(database=DatabaseSettings(type="postgresql", url=url))


def report(name: str, count: int, rounds: list[tuple[float, float, float]]) -> None:
    bare, stored, again = (min(times) for times in zip(*rounds, strict=True))
    print(
        f"{name:<12}{count / bare:>14,.0f}{count / stored:>14,.0f}{bare / stored:>8.2f}{count / again:>20,.0f}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--batch", type=int, default=1000)
    given = parser.parse_args()
    batch = messages(given.messages)
    # A collector holds one batch, not all of them: the others must not burden the garbage collector.
    gc.freeze()
    print(f"{given.messages:,} messages in batches of {given.batch:,}; messages a second, best of {ROUNDS}")
    print(f"{'':<12}{'bare':>14}{'raw storage':>14}{'ratio':>8}{'again, no change':>20}")
    report("SQLite", given.messages, [measure_sqlite(batch, given.batch) for _ in range(ROUNDS)])
    with postgres() as admin:
        report("PostgreSQL", given.messages, [measure_postgres(admin, batch, given.batch) for _ in range(ROUNDS)])


if __name__ == "__main__":
    main()
