"""Both backends beside each other: many processes that write at once, and the steps of the main job.

python benchmarks/bench_backends.py [--rows 2000] [--copies 5]     (TEST_DATABASE_URL, else a server of its own)
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench_storage import database, message, postgres

from tg_parser.config.settings import load_settings
from tg_parser.export.exporter import ExportRequest
from tg_parser.processing.processor import ProcessOptions
from tg_parser.sample import SAMPLE_EXPORT
from tg_parser.services.ingestion import IngestRequest
from tg_parser.storage.engine.databases import open_databases
from tg_parser.storage.stores.document_reading import DocumentFilter
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.wiring.app import open_app
from tg_parser.wiring.context import RunContext

WRITERS = (1, 2, 5, 10, 16)
BATCH = 200
Environment = dict[str, str]


async def write(writer: int, rows: int) -> None:
    """Store `rows` messages of the writer's own, in batches, as a collector does."""
    async with open_databases(load_settings(None)) as databases:
        raw = RawStorage(databases.raw)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        for first in range(1, rows + 1, BATCH):
            batch = [message(number) for number in range(first, min(first + BATCH, rows + 1))]
            channel = f"-100{writer + 1}"
            own = [
                each.model_copy(update={"channel_id": channel, "source_ref": f"tg:{channel}:post:{each.id}"})
                for each in batch
            ]
            await raw.store(own, own[0].date)


def crowd(environment: Environment, writers: int, rows: int) -> float:
    """Rows a second of `writers` processes that begin together."""
    command = [sys.executable, __file__, "--rows", str(rows), "--writer"]
    started = [
        subprocess.Popen(
            [*command, str(writer)], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for writer in range(writers)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    begun = time.perf_counter()
    for process in started:
        process.communicate("go\n", timeout=600)
    assert all(process.returncode == 0 for process in started)
    return writers * rows / (time.perf_counter() - begun)


async def steps(environment: Environment, export: Path, out: Path) -> dict[str, float]:
    """Seconds of each step of the main job on one backend."""
    os.environ.update(environment)
    seconds: dict[str, float] = {}

    @contextmanager
    def timed(step: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        seconds[step] = time.perf_counter() - began

    settings = load_settings(None)
    async with open_app(settings) as app, app.new_run(RunContext()) as run, open_databases(settings) as databases:
        with timed("ingest"):
            outcomes = await run.ingest.from_export(export, IngestRequest())
        channels = [outcome.source.channel_id for outcome in outcomes]
        with timed("ingest again"):
            await run.ingest.from_export(export, IngestRequest())
        with timed("process"):
            await run.documents.process(channels, ProcessOptions())
        with timed("export"):
            await app.exporter.export(ExportRequest(out, channels))
        documents = ProcessingStorage(databases.processing)
        with timed("list, pages of 50"):
            async for _ in documents.pages(DocumentFilter(channel_ids=tuple(channels)), 50):
                pass
    return seconds


def copied_sample(folder: Path, copies: int) -> Path:
    """The bundled sample `copies` times over, each copy with channels of its own."""
    account: dict[str, Any] = json.loads(SAMPLE_EXPORT.read_text("utf-8"))
    chats = [chat for chat in account["chats"]["list"] if "id" in chat]  # a deleted account's chat has none
    account["chats"]["list"] = [
        {**chat, "id": chat["id"] + copy * 1_000_000_000} for copy in range(copies) for chat in chats
    ]
    path = folder / "result.json"
    path.write_text(json.dumps(account, ensure_ascii=False), "utf-8")
    return path


@contextmanager
def fresh(backend: str, admin: str) -> Iterator[Environment]:
    """The environment of a process on empty databases with their schemas."""
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
        names = ("INGESTION_STATE_DB_PATH", "RAW_STORAGE_DB_PATH", "PROCESSING_STORAGE_DB_PATH")
        variables = {name: str(folder / f"{name.lower()}.sqlite") for name in names} | {"DB_TYPE": "sqlite"}
        if backend == "PostgreSQL":
            variables = {"DB_TYPE": "postgresql", "DB_URL": held.enter_context(database(admin))}
        environment = {**os.environ, **variables}
        subprocess.run([sys.executable, "-m", "tg_parser", "init"], env=environment, check=True, capture_output=True)
        yield environment


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2000, help="messages of each writer")
    parser.add_argument("--copies", type=int, default=5, help="how often the sample is taken for the steps")
    parser.add_argument("--writer", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.writer is not None:
        asyncio.run(write(given.writer, given.rows))
        return
    with postgres() as admin, tempfile.TemporaryDirectory() as folder:
        print(f"messages a second, {given.rows:,} of 1 KB by each process in batches of {BATCH}")
        print(f"{'writers':>8}{'SQLite':>12}{'PostgreSQL':>12}")
        for writers in WRITERS:
            speeds = []
            for backend in ("SQLite", "PostgreSQL"):
                with fresh(backend, admin) as environment:
                    speeds.append(crowd(environment, writers, given.rows))
            print(f"{writers:>8}{speeds[0]:>12,.0f}{speeds[1]:>12,.0f}", flush=True)
        export = copied_sample(Path(folder), given.copies)
        found = []
        for backend in ("SQLite", "PostgreSQL"):
            with fresh(backend, admin) as environment:
                found.append(asyncio.run(steps(environment, export, Path(folder) / backend)))
        print(f"\n{'step':<20}{'SQLite, s':>12}{'PostgreSQL, s':>15}{'ratio':>8}")
        for step, seconds in found[0].items():
            print(f"{step:<20}{seconds:>12.2f}{found[1][step]:>15.2f}{found[1][step] / seconds:>8.2f}")


if __name__ == "__main__":
    main()
