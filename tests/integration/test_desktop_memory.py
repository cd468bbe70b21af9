"""Memory does not grow with the export."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

from html_export_files import page, post, time_of, write_pages

from tg_parser.ingestion.desktop.html.files import find_html_export
from tg_parser.ingestion.desktop.html.reader import HtmlExportReader
from tg_parser.ingestion.desktop.json_reader import JsonExportReader
from tg_parser.ingestion.source import Window

MB = 1 << 20


def test_a_file_eight_times_as_large_needs_the_same_memory(tmp_path: Path) -> None:
    """The peak of reading a group of 24 MB is that of reading its first 3 MB, and a fraction of the file."""
    small, large = _peak(tmp_path, 3 * MB), _peak(tmp_path, 24 * MB)
    assert large < small * 1.25
    assert large < 8 * MB


def _peak(folder: Path, size: int) -> int:
    path = folder / f"{size}.json"
    with path.open("w", encoding="utf-8") as file:
        file.write('{"name": "Talk", "type": "private_supergroup", "id": 1, "messages": [\n')
        number = 0
        while file.tell() < size:
            number += 1
            text = f"{number} " + "слово " * 150
            message = {"id": number, "type": "message", "date_unixtime": "1726099200", "text": text}
            reply = {"reply_to_message_id": number // 2} if number % 2 else {}
            file.write(json.dumps(message | reply, ensure_ascii=False) + ",\n")
        file.write("null]}")
    tracemalloc.start()
    reader = JsonExportReader(path, batch_size=1000, batch_bytes=8 * MB)
    assert reader.next_chat() is not None
    while reader.next_batch(Window()):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_is_that_of_one_page_however_many_there_are(tmp_path: Path) -> None:
    """Twelve pages of an export in HTML need no more than two do."""
    small, large = _peak_of_pages(tmp_path / "small", 2), _peak_of_pages(tmp_path / "large", 12)
    assert large < small * 1.25


def _peak_of_pages(folder: Path, number: int) -> int:
    for first in range(0, number * 300, 300):
        posts = [post(first + at, "слово " * 150, title=time_of(0)) for at in range(300)]
        write_pages(folder, page(*posts), numbers=[first // 300 + 1])
    found = find_html_export(folder)
    tracemalloc.start()
    reader = HtmlExportReader(found, batch_size=100, batch_bytes=8 * MB)
    assert reader.next_chat() is not None
    messages = 0
    while batch := reader.next_batch(Window()):
        messages += len(batch.messages)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert messages == number * 300
    return peak
