"""Reading a Telegram Desktop export: messages a second and peak memory, against bare ijson in the same run.

Then the first 20,000 of the same messages as an export in HTML, against the bare HTML parser.

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
from typing import Any

import ijson
from selectolax.lexbor import LexborHTMLParser

from tg_parser.ingestion.desktop.export import DesktopExport
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


def message(number: int) -> dict[str, Any]:
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


def generate_pages(folder: Path, pages: int) -> None:
    """The same messages as `pages` HTML pages of 1,000 each, laid out as Telegram Desktop does it."""
    for page in range(1, pages + 1):
        rows = "".join(html_message(message(number)) for number in range(page * 1000 - 999, page * 1000 + 1))
        link = f'<a class="pagination block_link" href="messages{page + 1}.html">\nNext messages\n</a>'
        content = (
            '<!DOCTYPE html>\n<html>\n<body>\n<div class="page_header"><div class="text bold">\nBench \n</div></div>\n'
            f'<div class="history">\n{rows}{link if page < pages else ""}\n</div>\n</body>\n</html>\n'
        )
        (folder / f"messages{page if page > 1 else ''}.html").write_text(content, "utf-8")


def html_message(fields: dict[str, Any]) -> str:
    number, reply = fields["id"], fields.get("reply_to_message_id")
    plain, link, tag = fields["text"]
    answer = f'<div class="reply_to details">\nIn reply to <a href="#go_to_message{reply}">this message</a>\n</div>\n'
    return (
        f'\n     <div class="message default clearfix" id="message{number}">\n\n      <div class="body">\n\n'
        '       <div class="pull_right date details" title="12.09.2024 12:50:11 UTC+03:00">\n12:50\n       </div>\n\n'
        f'       <div class="from_name">\n{fields["from"]} \n       </div>\n\n{answer if reply else ""}'
        f'       <div class="text">\n{plain}<a href="{link["href"]}">{link["text"]}</a>{tag.replace(chr(10), "<br>")}\n'
        "       </div>\n\n      </div>\n\n     </div>\n"
    )


def bare_pages(folder: Path) -> int:
    """The HTML parser alone: a tree of each page, and its messages counted."""
    pages = (LexborHTMLParser(path.read_bytes()) for path in folder.glob("messages*.html"))
    return sum(len(page.css("div.message")) for page in pages)


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
        table(
            path, size, (("ijson items", bare_items), ("ijson events", bare_events), ("DesktopExport", export_source))
        )
        pages = Path(folder) / "pages"
        pages.mkdir()
        generate_pages(pages, 20)
        size = sum(page.stat().st_size for page in pages.iterdir()) / MB
        print(f"{size:,.0f} MB of HTML in 20 pages")
        table(pages, size, (("lexbor", bare_pages), ("DesktopExport", export_source)))


def table(path: Path, size: float, works: tuple[tuple[str, Callable[[Path], int]], ...]) -> None:
    """A line for each work; `ratio` is its speed against the first."""
    print(f"{'':14}{'seconds':>9}{'MB/s':>8}{'messages/s':>12}{'peak MB':>9}{'ratio':>7}")
    results = [(name, *measured(work, path)) for name, work in works]
    _, messages, base, _ = results[0]
    for name, _, seconds, peak in results:
        rate = messages / seconds
        print(f"{name:14}{seconds:9.1f}{size / seconds:8.1f}{rate:12,.0f}{peak:9.0f}{base / seconds:7.2f}")


if __name__ == "__main__":
    main()
