"""What a column of the target can hold, and the words for what does not fit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, LargeBinary

from tg_parser.storage.tables.columns import JsonDocument, UtcDateTime


class FieldKind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    JSON = "JSON"
    TIME = "time"
    INTEGER = "number"
    BOOLEAN = "flag"
    REAL = "decimal number"
    BYTES = "bytes"


class Shape(StrEnum):
    """What the JSON of a column must be; FREE may be anything, even broken text kept as such."""

    FREE = "anything"
    LIST = "a list"
    OBJECT = "an object"


@dataclass(frozen=True, slots=True)
class Field:
    """A column of the target. `fallback` names the column whose value is used if this one has none."""

    name: str
    kind: FieldKind
    required: bool
    most: int = 2**63 - 1
    shape: Shape = Shape.FREE
    fallback: str | None = None
    default: Any = None


class Note(NamedTuple):
    """A change made so that a value fits; `original` is None if the change says it all."""

    column: str
    change: str
    original: str | None = None


def kind_of(words: str) -> str:
    """A change or reason without the details in brackets at its end, so that there are only a few kinds."""
    return words.partition(" (")[0]


class InvalidRowError(Exception):
    """Why a row is refused."""


SANITIZED = frozenset({"NUL removed", "lone surrogate replaced"})
NOTED_CHARS = 2000

_LISTS = frozenset({
    "topics_json", "entities_json", "scope_in_json", "scope_out_json", "anchors_json", "sources_json", "tags_json",
    "related_topics_json", "bundle_channels_json", "reactions_json", "media_json", "links_json", "open_ranges",
    "discussion_groups", "channel_names",
})  # fmt: skip
_OBJECTS = frozenset({"sentiment_json", "forward_json", "counts_json"})
_COUNTED = frozenset({
    "fail_count", "include_comments", "comments_unavailable", "text_sanitized", "raw_payload_truncated", "is_noise",
    "attempts", "total_tasks_processed", "total_errors", "avg_processing_time_ms", "total_tasks", "successful_tasks",
    "failed_tasks", "total_processing_time_ms",
})  # fmt: skip
"""Counters and flags that begin at 0: an unreadable value there is not a reason to refuse the row."""
_FALLBACKS = {
    ("ingestion_state", "created_at"): "updated_at",
    ("ingestion_state", "updated_at"): "created_at",
    ("agent_registry", "created_at"): "updated_at",
    ("agent_registry", "updated_at"): "created_at",
    ("source_attempts", "finished_at"): "started_at",
    ("raw_messages", "inserted_at"): "date",
    ("topics", "bundle_updated_at"): "updated_at",
}


def field_of(column: Column[Any]) -> Field:
    """The field of a table's column."""
    return Field(
        name=column.name,
        kind=_kind(column),
        required=not column.nullable,
        most=2**63 - 1 if isinstance(column.type, BigInteger) else 2**31 - 1,
        shape=_shape(column.name),
        fallback=_FALLBACKS.get((column.table.name, column.name)),
        default=0 if column.name in _COUNTED else None,
    )


def shown(value: Any) -> str:
    """A value for the list of changes."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= NOTED_CHARS else f"{text[:NOTED_CHARS]}… ({len(text)} characters)"


def _kind(column: Column[Any]) -> FieldKind:
    kinds: tuple[tuple[type, FieldKind], ...] = (
        (JsonDocument, FieldKind.JSON),
        (UtcDateTime, FieldKind.TIME),
        (Boolean, FieldKind.BOOLEAN),
        (Integer, FieldKind.INTEGER),
        (Float, FieldKind.REAL),
        (LargeBinary, FieldKind.BYTES),
    )
    return next((kind for known, kind in kinds if isinstance(column.type, known)), FieldKind.TEXT)


def _shape(name: str) -> Shape:
    if name in _LISTS:
        return Shape.LIST
    return Shape.OBJECT if name in _OBJECTS else Shape.FREE
