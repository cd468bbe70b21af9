"""Memory does not grow with the export."""

import json
import tracemalloc

from tg_parser.ingestion.desktop_walk import ExportWalk
from tg_parser.ingestion.source import Window

MB = 1 << 20


def test_a_file_eight_times_as_large_needs_the_same_memory(tmp_path):
    """The peak of reading a group of 24 MB is that of reading its first 3 MB, and a fraction of the file."""
    small, large = _peak(tmp_path, 3 * MB), _peak(tmp_path, 24 * MB)
    assert large < small * 1.25
    assert large < 8 * MB


def _peak(folder, size):
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
    walk = ExportWalk(path, batch_size=1000, batch_bytes=8 * MB)
    assert walk.next_chat() is not None
    while walk.next_batch(Window()):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak
