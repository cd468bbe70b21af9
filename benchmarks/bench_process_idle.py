"""`process` with nothing to do: finding that out on 10,000 and on 100,000 processed messages, with the ratio."""

from __future__ import annotations

import asyncio
import time

from stored_channel import CHANNEL, stored_channel

from tg_parser.processing.claims import WorkClaims
from tg_parser.processing.local_analyzer import LocalAnalyzer
from tg_parser.processing.processor import ProcessOptions, Processor
from tg_parser.storage.stores.claims import ClaimStorage
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.raw import RawStorage

SIZES = (10_000, 100_000)
RUNS = 5


async def seconds_of(documents: int) -> float:
    async with stored_channel(documents) as databases:
        processed = ProcessingStorage(databases.processing)
        claims = WorkClaims(ClaimStorage(databases.processing), databases.locks)
        processor = Processor(processed, RawStorage(databases.raw), LocalAnalyzer(names=False), claims)
        times = []
        for _ in range(RUNS):
            started = time.perf_counter()
            report = await processor.run(CHANNEL, ProcessOptions())
            times.append(time.perf_counter() - started)
            assert report.waiting == 0
        return sorted(times)[RUNS // 2]


async def main() -> None:
    print(f"{'messages':>10}{'seconds':>10}{'per 100,000':>13}{'ratio':>8}   (aim: linear, below 1 s per 100,000)")
    first = None
    for size in SIZES:
        seconds = await seconds_of(size)
        first = first or seconds
        print(f"{size:>10,}{seconds:>10.3f}{seconds * 100_000 / size:>13.3f}{seconds / first:>8.1f}")


if __name__ == "__main__":
    asyncio.run(main())
