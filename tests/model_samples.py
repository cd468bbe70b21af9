"""A model whose answers can be held, and a channel with messages that it is asked about."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

from llm_wire import Asked, Reply
from model_readings import message_text, reading

HELD_SECONDS = 60.0


class Model:
    """Answers one question after the other, until it is told to hold its answers."""

    def __init__(self, seconds: float = 0.03) -> None:
        self.asked: list[str] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        self._seconds = seconds

    def __call__(self, question: Asked) -> dict[str, Any] | Reply:
        """The answer to a question about one message."""
        self.asked.append(message_text(question))
        if not self.may_answer.is_set():
            return Reply(delay=HELD_SECONDS)
        time.sleep(self._seconds)
        return reading(self.asked[-1])


def export_of(folder: Path, number: int) -> Path:
    """An export of the channel Test with so many messages."""
    messages = [
        {
            "id": each,
            "type": "message",
            "date_unixtime": str(1_700_000_000 + each * 60),
            "text": f"Сегодня открыли новый завод номер {each} в городе Казани.",
        }
        for each in range(1, number + 1)
    ]
    chat = {"name": "Test", "type": "public_channel", "id": 1234567890, "messages": messages}
    path = folder / "result.json"
    path.write_text(json.dumps(chat), "utf-8")
    return path
