"""Export of 50,000 documents: documents/s and peak memory, against bare reading of the same rows with sqlite3."""

from __future__ import annotations

import argparse
import asyncio
import resource
import sqlite3
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from stored_channel import CHANNEL, stored_channel

from tg_parser.export.exporter import Exporter, ExportRequest
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.topics import TopicStorage
from tg_parser.wiring.garbage_collection import spare_what_the_app_loaded


def bare_read(path: str) -> int:
    with sqlite3.connect(path) as connection:
        return sum(1 for _ in connection.execute("SELECT * FROM processed_documents ORDER BY source_ref"))


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--documents", type=int, default=50_000)
    count = parser.parse_args().documents
    async with stored_channel(count) as databases:
        spare_what_the_app_loaded()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        started = time.perf_counter()
        assert bare_read(str(databases.processing.engine.url.database)) == count
        bare = time.perf_counter() - started
        exporter = Exporter(ProcessingStorage(databases.processing), TopicStorage(databases.processing))
        with TemporaryDirectory() as out:
            started = time.perf_counter()
            report = await exporter.export(ExportRequest(out=Path(out), channel_ids=[CHANNEL]))
            ours = time.perf_counter() - started
        assert report.message_entries == count
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{'':<14}{'documents/s':>14}{'ratio':>8}{'peak MB':>10}   (aim: 30,000 documents/s, below 150 MB)")
    print(f"{'bare sqlite3':<14}{count / bare:>14,.0f}{1:>8.2f}{before:>10.0f}")
    print(f"{'export':<14}{count / ours:>14,.0f}{bare / ours:>8.2f}{after:>10.0f}")


if __name__ == "__main__":
    asyncio.run(main())
