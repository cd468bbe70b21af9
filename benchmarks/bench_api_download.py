"""Download of an export of many documents over HTTP: how long it takes, and what memory the API needs for it.

python benchmarks/bench_api_download.py [--messages 50000] [--clients 1]
"""

from __future__ import annotations

import argparse
import asyncio
import threading
import time
import urllib.request
from pathlib import Path

from api_load import api_of, application, load, peak_memory, present_memory, variables_of
from stored_channel import BATCH, BEGIN, CHANNEL, document, message

from tg_parser.domain.jobs import Job, new_job_id
from tg_parser.domain.utc_time import utc_now
from tg_parser.export.exporter import ExportRequest
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.jobs import JobStorage, nobody_is_told
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.wiring.app import App

AIM = 150.0
FILE = "kb_entries.ndjson"
PART = 1 << 16


async def exported(app: App, documents: int, folder: Path) -> str:
    """Store documents and export them as a job does; its id."""
    databases = app.shared.databases
    raw, processed = RawStorage(databases.raw), ProcessingStorage(databases.processing)
    for first in range(1, documents + 1, BATCH):
        numbers = range(first, min(first + BATCH, documents + 1))
        await raw.store([message(number) for number in numbers], BEGIN)
        await processed.store([document(number) for number in numbers])
    storage, now = JobStorage(databases.processing, nobody_is_told), utc_now()
    await storage.add(Job(new_job_id(now), "export", now, now))
    job = await storage.begin("bench", now, kinds=["export"])
    assert job is not None
    await app.exporter.export(ExportRequest(folder / job.job_id, [CHANNEL]))
    await storage.finish(job, "done", now, result={})
    return job.job_id


def downloaded(url: str, sizes: list[int]) -> None:
    size = 0
    with urllib.request.urlopen(url, timeout=600) as answer:
        while part := answer.read(PART):
            size += len(part)
    sizes.append(size)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=50_000)
    parser.add_argument("--clients", type=int, default=1, help="Downloads at the same time.")
    options = parser.parse_args()
    with variables_of("sqlite") as variables:
        exports = Path(variables["TG_PARSER_HOME"]) / "exports"
        variables |= {"EXPORTS_DIR": str(exports)}
        job = asyncio.run(_prepared(variables, options.messages, exports))
        with api_of(variables) as (port, pid):
            before, began = present_memory(pid), time.perf_counter()
            sizes: list[int] = []
            url = f"http://127.0.0.1:{port}/api/v1/exports/{job}/files/{FILE}"
            threads = [threading.Thread(target=downloaded, args=(url, sizes)) for _ in range(options.clients)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            seconds, more = time.perf_counter() - began, peak_memory(pid) - before
    assert len(sizes) == options.clients
    assert len(set(sizes)) == 1
    told = "" if more < AIM else f"   over {AIM:g} MB"
    print(f"export of {options.messages:,} documents, {options.clients} at a time; {load()}")
    print(f"{'MB a file':>12}{'s':>12}{'MB a second':>14}{'MB of memory more':>20}")
    size = sizes[0] / 1e6
    print(f"{size:>12.0f}{seconds:>12.2f}{size * options.clients / seconds:>14.0f}{more:>20.1f}{told}")


async def _prepared(variables: dict[str, str], documents: int, folder: Path) -> str:
    async with application(variables) as app:
        return await exported(app, documents, folder)


if __name__ == "__main__":
    main()
