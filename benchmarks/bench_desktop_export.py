"""Reading a Telegram Desktop export: messages a second and peak memory, against bare ijson in the same run.

python benchmarks/bench_desktop_export.py [--mb 200 | --gb 2] [--file result.json]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import ijson

from tg_parser.ingestion.desktop_export import DesktopExport
from tg_parser.ingestion.source import Window

MB = 1 << 20
TEXT = "Сегодня вышла новая версия программы: быстрее, проще и на русском языке. See the release notes for details. "


def generate(path: Path, size: int) -> None:
    """Write a supergroup of about `size` bytes, shaped and indented as Telegram Desktop does it; half are replies."""
    with path.open("w", encoding="utf-8") as file:
        file.write('{\n "name": "Bench",\n "type": "public_supergroup",\n "id": 1234567890,\n "messages": [\n')
        number = 1
        while file.tell() < size:
            file.write((",\n" if number > 1 else "") + json.dumps(message(number), ensure_ascii=False, indent=1))
            number += 1
        file.write("\n ]\n}")


def message(number: int) -> dict[str, object]:
    text = TEXT * (1 + number % 5)
    reply = {"reply_to_message_id": number - 1 - number % 7} if number % 2 and number > 10 else {}
    return {
        "id": number,
        "type": "message",
        "date": "2024-09-12T12:50:11",
        "date_unixtime": str(1_726_134_611 + number),
        "from": f"Somebody {number % 500}",
        "from_id": f"user{1_000_000 + number % 500}",
        **reply,
        "text": [text, {"type": "text_link", "text": "Подробнее", "href": f"https://example.com/{number}"}, "\n#news"],
        "text_entities": [
            {"type": "plain", "text": text},
            {"type": "text_link", "text": "Подробнее", "href": f"https://example.com/{number}"},
            {"type": "plain", "text": "\n#news"},
        ],
    }


def bare_events(path: Path) -> int:
    """The parser alone: every event of the file, nothing built."""
    with path.open("rb") as file:
        return sum(event == "end_map" for event, _ in ijson.basic_parse(file))


def bare_items(path: Path) -> int:
    """What a script would do: ijson builds each message of the one chat, nobody maps it."""
    with path.open("rb") as file:
        return sum(1 for _ in ijson.items(file, "messages.item"))


def export_source(path: Path) -> int:
    """The product: repaired, threaded, mapped to RawMessage, in batches."""

    async def count() -> int:
        total = 0
        async for source in DesktopExport(path).chats():
            async for batch in source.batches(Window()):
                total += len(batch.messages)
        return total

    return asyncio.run(count())


def measured(work: Callable[[Path], int], path: Path) -> tuple[int, float, float]:
    """Result, seconds and peak MB of `work` in a fresh process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(in_process, (work, path))


def in_process(work: Callable[[Path], int], path: Path) -> tuple[int, float, float]:
    started = time.perf_counter()
    result = work(path)
    return result, time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--mb", type=int, default=200)
    options.add_argument("--gb", type=float)
    options.add_argument("--file", type=Path, help="measure this export instead of a generated one")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = chosen.file or Path(folder) / "result.json"
        if chosen.file is None:
            generate(path, int(chosen.gb * 1024 * MB) if chosen.gb else chosen.mb * MB)
        size = path.stat().st_size / MB
        print(f"{size:,.0f} MB, ijson backend {ijson.backend}")
        print(f"{'':14}{'seconds':>9}{'MB/s':>8}{'messages/s':>12}{'peak MB':>9}{'ratio':>7}")
        _, base, _ = items = measured(bare_items, path)
        for name, (_, seconds, peak) in (
            ("ijson events", measured(bare_events, path)),
            ("ijson items", items),
            ("DesktopExport", measured(export_source, path)),
        ):
            rate = items[0] / seconds
            print(f"{name:14}{seconds:9.1f}{size / seconds:8.1f}{rate:12,.0f}{peak:9.0f}{base / seconds:7.2f}")


if __name__ == "__main__":
    main()
