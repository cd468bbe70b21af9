"""SQLite to PostgreSQL: our migration with and without --verify, beside pgloader and bare COPY of prepared rows.

All of them write into the same tables with the same indexes. Bare COPY neither reads SQLite nor checks anything.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import NamedTuple

import psycopg
from bench_storage import database, postgres, postgres_settings, sqlite_settings
from stored_channel import BATCH, BEGIN, document, message

from tg_parser.config.settings import Settings
from tg_parser.storage.engine.databases import open_databases
from tg_parser.storage.engine.sqlite_files import FILE_NAMES
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.raw import RawStorage

TABLES = {"raw": "raw_messages", "processing": "processed_documents"}
SIZES = ((50_000, 50_000), (1_000_000, 0))


class Measured(NamedTuple):
    seconds: float
    peak_megabytes: float | None = None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, help="Instead of the two usual sizes.")
    parser.add_argument("--documents", type=int, default=0)
    given = parser.parse_args()
    sizes = SIZES if given.messages is None else ((given.messages, given.documents),)
    with postgres() as admin:
        for messages, documents in sizes:
            compare(admin, messages, documents)


def compare(admin: str, messages: int, documents: int) -> None:
    print(f"\n{messages:,} messages + {documents:,} documents")
    print(f"{'':<24}{'seconds':>9}{'rows/s':>11}{'to bare COPY':>14}{'peak memory':>14}", flush=True)
    with TemporaryDirectory() as name:
        folder = Path(name)
        asyncio.run(fill(folder, messages, documents))
        rows = messages + documents
        bare = measure(admin, lambda url: bare_copy(folder, url))
        report("bare COPY", rows, bare, bare)
        report("migration", rows, measure(admin, lambda url: migrated(folder, url)), bare)
        report("migration --verify", rows, measure(admin, lambda url: migrated(folder, url, "--verify")), bare)
        if shutil.which("pgloader") is None:
            print("pgloader is not installed here (Debian package pgloader): not measured")
        else:
            report("pgloader", rows, measure(admin, lambda url: pgloaded(folder, url)), bare)


def report(name: str, rows: int, measured: Measured, bare: Measured) -> None:
    memory = "" if measured.peak_megabytes is None else f"{measured.peak_megabytes:,.0f} MB"
    ratio = measured.seconds / bare.seconds
    print(f"{name:<24}{measured.seconds:>9.1f}{rows / measured.seconds:>11,.0f}{ratio:>14.2f}{memory:>14}", flush=True)


def measure(admin: str, load) -> Measured:
    with database(admin) as url:
        asyncio.run(make_schema(postgres_settings(url)))
        return load(url)


async def make_schema(settings: Settings) -> None:
    async with open_databases(settings):
        pass


async def fill(folder: Path, messages: int, documents: int) -> None:
    settings = named_as_migrated(folder)
    async with open_databases(settings) as databases:
        raw, processed = RawStorage(databases.raw), ProcessingStorage(databases.processing)
        for first in range(1, messages + 1, BATCH):
            numbers = range(first, min(first + BATCH, messages + 1))
            payload = {"type": "message", "from": "Channel", "views": 1000, "text": "Сегодня вышла новая версия"}
            batch = [
                message(number).model_copy(update={"raw_payload": {"id": number, **payload}}) for number in numbers
            ]
            await raw.store(batch, BEGIN)
            await processed.store([document(number) for number in numbers if number <= documents])


def named_as_migrated(folder: Path) -> Settings:
    paths = {
        "ingestion_state_path": folder / FILE_NAMES["ingestion"],
        "raw_storage_path": folder / FILE_NAMES["raw"],
        "processing_storage_path": folder / FILE_NAMES["processing"],
    }
    settings = sqlite_settings(folder)
    return settings.model_copy(update={"database": settings.database.model_copy(update=paths)})


def bare_copy(folder: Path, url: str) -> Measured:
    """Rows are read in portions while the clock stands still."""
    spent = 0.0
    with psycopg.connect(url) as target:
        for name, table in TABLES.items():
            for names, rows in batches(folder / FILE_NAMES[name], table):
                started = time.perf_counter()
                with target.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
                spent += time.perf_counter() - started
        started = time.perf_counter()
        target.commit()
        return Measured(spent + time.perf_counter() - started)


def batches(path: Path, table: str) -> Iterator[tuple[str, list[tuple[object, ...]]]]:
    with sqlite3.connect(path) as source:
        cursor = source.execute(f"SELECT * FROM {table}")
        names = ", ".join(column[0] for column in cursor.description)
        while rows := cursor.fetchmany(50_000):
            yield names, rows
    source.close()


def migrated(folder: Path, url: str, *options: str) -> Measured:
    script = Path(__file__).resolve().parent.parent / "scripts" / "migrate_sqlite_to_postgres.py"
    return watched([sys.executable, str(script), "--sqlite-dir", str(folder), "--postgres-url", url, *options])


def pgloaded(folder: Path, url: str) -> Measured:
    """Into the tables that are there; pgloader reads one file at a time."""
    seconds, peak = 0.0, 0.0
    for name, table in TABLES.items():
        with load_file(folder / FILE_NAMES[name], url, table) as file:
            measured = watched(["pgloader", "--quiet", str(file)])
        seconds, peak = seconds + measured.seconds, max(peak, measured.peak_megabytes or 0)
    return Measured(seconds, peak)


@contextmanager
def load_file(path: Path, url: str, table: str) -> Iterator[Path]:
    file = path.with_suffix(".load")
    file.write_text(
        f"LOAD DATABASE FROM sqlite://{path} INTO {url}\n"
        "WITH data only, reset no sequences, prefetch rows = 5000\n"
        f"INCLUDING ONLY TABLE NAMES LIKE '{table}';\n"
    )
    yield file
    file.unlink()


def watched(command: list[str]) -> Measured:
    started, peak = time.perf_counter(), 0.0
    with TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        while process.poll() is None:
            peak = max(peak, peak_memory(process.pid))
            time.sleep(0.05)
        if process.returncode:
            errors.seek(0)
            raise RuntimeError(f"{command[0]} failed:\n{errors.read().decode()}")
    return Measured(time.perf_counter() - started, peak)


def peak_memory(pid: int) -> float:
    """Megabytes; the kernel's own figure for a finished child would count its parent's memory too."""
    with suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    main()
