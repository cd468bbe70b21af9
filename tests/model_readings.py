"""How a model that works well describes the messages it is asked about; tests change what it should do badly."""

from __future__ import annotations

import re
from typing import Any

from llm_wire import Asked

_BLOCK = re.compile(
    r"<<<(?P<label>[A-Z ]+?)(?: (?P<number>\d+))? (?P<code>[0-9a-f]{8})\n(?P<text>.*?)\n(?P=label).*?>>>", re.DOTALL
)


def blocks(asked: Asked) -> list[tuple[str, int, str]]:
    """Label, number (0 where there is none) and text of every fenced block of the question."""
    question = asked.dialogue[0][1]
    return [(each["label"], int(each["number"] or 0), each["text"]) for each in _BLOCK.finditer(question)]


def message_text(asked: Asked) -> str:
    """The message of a question about one."""
    return next(text for label, _, text in blocks(asked) if label == "MESSAGE")


def reading(text: str, **changes: Any) -> dict[str, Any]:
    """A faithful description of `text`."""
    return {
        "text_clean": text,
        "summary": text.partition(".")[0][:100] if len(text) > 120 else None,
        "topics": text.split()[:1],
        "entities": [],
        "language": None,
        "sentiment": {"label": "neutral", "score": 0.9},
        "is_noise": False,
        **changes,
    }


def well_read(asked: Asked) -> dict[str, Any]:
    """The answer to a question about one message or several."""
    found = [(number, text) for label, number, text in blocks(asked) if label == "MESSAGE"]
    if found[0][0] == 0:
        return reading(found[0][1])
    return {"messages": [reading(text, number=number) for number, text in found]}
