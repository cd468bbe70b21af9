"""Posts with labelled events and stories: what topics are measured against."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

FOLDER = Path(__file__).parent / "labelled"


@dataclass(frozen=True)
class LabelledPost:
    """A post with the event it tells and the story that event belongs to."""

    channel: str
    channel_id: int
    message_id: int
    date: datetime
    text: str
    event: str
    story: str
    doubtful: bool
    attribution: str


def names() -> tuple[str, ...]:
    """Sets by name, in the order of their days."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.jsonl")))


def load(name: str) -> list[LabelledPost]:
    """Posts of one set by time; a name without a set raises FileNotFoundError."""
    lines = (FOLDER / f"{name}.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [LabelledPost(**{**row, "date": datetime.fromisoformat(row["date"])}) for row in rows]
