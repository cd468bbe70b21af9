"""A batch that grows message by message and counts what was skipped, repeated or repaired."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tg_parser.domain.messages import RawMessage
from tg_parser.ingestion.desktop.mapping import Mapped
from tg_parser.ingestion.elements import SkippedElement
from tg_parser.ingestion.source import Batch, Window


@dataclass(slots=True)
class GrowingBatch:
    """Collects messages by id and turns them into a Batch."""

    messages: dict[int, RawMessage] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Mapped | SkippedElement, window: Window) -> bool:
        """Add one element. False if it must wait for the next batch, being another version of a message in this one."""
        if isinstance(outcome, SkippedElement):
            self.skipped[outcome.reason] += 1
            return True
        message = outcome.message
        if not _wanted(message, window):
            return True
        known = self.messages.setdefault(int(message.id), message)
        if known is message:
            self.notes.update(outcome.notes)
        elif known == message:
            self.skipped["duplicate_id"] += 1
        return known is message or known == message

    def is_empty(self) -> bool:
        """Whether there is nothing to report."""
        return not (self.messages or self.skipped or self.notes)

    def finished(self) -> Batch:
        """The batch, with its messages in id order."""
        in_order = [self.messages[message_id] for message_id in sorted(self.messages)]
        return Batch(in_order, dict(sorted(self.skipped.items())), dict(sorted(self.notes.items())))


def _wanted(message: RawMessage, window: Window) -> bool:
    after_start = window.date_from is None or message.date >= window.date_from
    return after_start and (window.date_to is None or message.date < window.date_to)
