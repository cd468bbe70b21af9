"""Collecting through the API: messages a second stored, against bare iter_messages of Telethon in the same run.

python benchmarks/bench_telegram_ingest.py [--messages 10000] [--rounds 3]

Telegram is the tests' local server. PostgreSQL: TEST_DATABASE_URL, else a server of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from telethon import TelegramClient
from telethon.sessions import StringSession

from tg_parser.config.settings import Settings, TelegramSettings
from tg_parser.domain.sources import SourceChange
from tg_parser.services.ingestion import IngestRequest
from tg_parser.wiring.app import open_app
from tg_parser.wiring.context import RunContext

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from bench_storage import database, postgres, postgres_settings, sqlite_settings
from fake_telegram_server import fake_telegram, telegram_variables, world

NAME = "news"
SMALL = 1000


@contextmanager
def telegram_process(messages: int) -> Iterator[dict[str, Any]]:
    """A server in a process of its own with a channel of mixed messages; how to reach it."""
    with tempfile.TemporaryDirectory() as folder:
        channels = Path(folder) / "channels.json"
        filled = {"username": NAME, "title": "News", "fill": {"n": messages, "seed": 3}}
        channels.write_text(json.dumps({"channels": [filled]}))
        process = subprocess.Popen(
            [sys.executable, "-m", "fake_telegram", "--channels", str(channels)],
            cwd=Path(__file__).resolve().parent.parent / "tests",
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()
            process.communicate()


async def bare(server: dict[str, Any], messages: int) -> float:
    """Seconds of Telethon alone, which keeps nothing."""
    started = time.perf_counter()
    client = TelegramClient(StringSession(server["session"]), server["api_id"], server["api_hash"])
    async with client:
        seen = [message.id async for message in client.iter_messages(NAME, wait_time=0)]
    assert len(seen) == messages
    return time.perf_counter() - started


async def ingest(settings: Settings, server: dict[str, Any], messages: int) -> float:
    """Seconds to connect, fetch and store everything; schemas are made before."""
    variables = {
        "TELEGRAM_SESSION": server["session"],
        "TELEGRAM_API_ID": str(server["api_id"]),
        "TELEGRAM_API_HASH": server["api_hash"],
        "TELEGRAM_WAIT_TIME": "0",
    }
    async with open_app(with_account(settings, variables)) as app, app.new_run(RunContext()) as run:
        source = await app.sources.add(SourceChange(source_id=NAME, via="api"))
        started = time.perf_counter()
        outcome = await run.collect.collect(source, IngestRequest())
        spent = time.perf_counter() - started
    assert (outcome.error, outcome.counts["new"]) == (None, messages)
    return spent


async def requests_of_nothing_new(messages: int) -> int:
    """Requests of a second run, comments included, of a channel of so many messages."""
    channel = world().channel(NAME, "News", discussion=True).fill(messages, seed=3)
    with tempfile.TemporaryDirectory() as folder, fake_telegram(channel.world) as server:
        settings = with_account(sqlite_settings(Path(folder)), telegram_variables(server))
        async with open_app(settings) as app, app.new_run(RunContext()) as run:
            await app.sources.add(SourceChange(source_id=NAME, via="api", include_comments=True))
            await run.collect.collect(await app.sources.get(NAME), IngestRequest())
        server.reset_log()
        async with open_app(settings) as app, app.new_run(RunContext()) as run:
            outcome = await run.collect.collect(await app.sources.get(NAME), IngestRequest())
        assert (outcome.error, outcome.counts) == (None, {})
        return len(server.log)


def with_account(settings: Settings, variables: dict[str, str]) -> Settings:
    return settings.model_copy(update={"telegram": TelegramSettings(_env_file=None, **variables)})


def measure(server: dict[str, Any], messages: int, admin: str) -> tuple[float, float, float]:
    """One round: bare, on SQLite, on PostgreSQL."""
    alone = asyncio.run(bare(server, messages))
    with tempfile.TemporaryDirectory() as folder:
        on_sqlite = asyncio.run(ingest(sqlite_settings(Path(folder)), server, messages))
    with database(admin) as url:
        on_postgres = asyncio.run(ingest(postgres_settings(url), server, messages))
    return alone, on_sqlite, on_postgres


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with telegram_process(given.messages) as server, postgres() as admin:
        rounds = [measure(server, given.messages, admin) for _ in range(given.rounds)]
    alone, on_sqlite, on_postgres = (min(times) for times in zip(*rounds, strict=True))
    print(f"{given.messages:,} messages; messages a second, best of {given.rounds}; the aim is a ratio of 0.5")
    print(f"{'iter_messages':<16}{given.messages / alone:>10,.0f}")
    for name, seconds in (("SQLite", on_sqlite), ("PostgreSQL", on_postgres)):
        print(f"{name:<16}{given.messages / seconds:>10,.0f}   ratio {alone / seconds:.2f}")
    for messages in (SMALL, given.messages):
        requests = asyncio.run(requests_of_nothing_new(messages))
        print(f"nothing new on {messages:,} messages: {requests} requests")


if __name__ == "__main__":
    main()
