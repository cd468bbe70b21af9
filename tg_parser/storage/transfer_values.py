"""One value of a SQLite row made to fit its PostgreSQL column, pure: a change is noted, what cannot fit is refused.

SQLite lets any value stand in any column, so each is looked at by what the column is meant to hold.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

import orjson
from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, LargeBinary

from tg_parser.domain.storable import storable, storable_json
from tg_parser.storage.columns import JsonDocument, UtcDateTime, json_text, time_text


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    JSON = "JSON"
    TIME = "time"
    INTEGER = "number"
    BOOLEAN = "flag"
    REAL = "decimal number"
    BYTES = "bytes"


class Shape(StrEnum):
    """What the JSON of a column must be; FREE may be anything, also broken text kept as such."""

    FREE = "anything"
    LIST = "a list"
    OBJECT = "an object"


@dataclass(frozen=True, slots=True)
class Field:
    """A column of the target. `fallback` names the column whose value stands in where this one has none."""

    name: str
    kind: Kind
    required: bool
    most: int = 2**63 - 1
    shape: Shape = Shape.FREE
    fallback: str | None = None
    default: Any = None


class Note(NamedTuple):
    """A change made so that a value fits; `original` is None where the change says it all."""

    column: str
    change: str
    original: str | None = None


def kind_of(words: str) -> str:
    """A change or reason without its particulars, which stand in brackets at its end: there are few of them."""
    return words.partition(" (")[0]


class Unfit(Exception):  # noqa: N818 - it is caught and becomes the reason in the quarantine, never an error
    """Why a row cannot be taken."""


SANITIZED = frozenset({"NUL removed", "lone surrogate replaced"})
NOTED_CHARS = 2000

_LISTS = frozenset({
    "topics_json", "entities_json", "scope_in_json", "scope_out_json", "anchors_json", "sources_json", "tags_json",
    "related_topics_json", "bundle_channels_json", "reactions_json", "media_json", "links_json", "open_ranges",
})  # fmt: skip
_OBJECTS = frozenset({"sentiment_json", "forward_json", "counts_json"})
_COUNTED = frozenset({
    "fail_count", "include_comments", "comments_unavailable", "text_sanitized", "raw_payload_truncated", "is_noise",
    "attempts", "total_tasks_processed", "total_errors", "avg_processing_time_ms", "total_tasks", "successful_tasks",
    "failed_tasks", "total_processing_time_ms",
})  # fmt: skip
"""Counters and flags that begin at 0: there an unreadable value is no reason to refuse the row."""
_FALLBACKS = {
    ("ingestion_state", "created_at"): "updated_at",
    ("ingestion_state", "updated_at"): "created_at",
    ("agent_registry", "created_at"): "updated_at",
    ("agent_registry", "updated_at"): "created_at",
    ("source_attempts", "finished_at"): "started_at",
    ("raw_messages", "inserted_at"): "date",
    ("topics", "bundle_updated_at"): "updated_at",
}
_YES, _NO = frozenset({"1", "true", "t", "yes"}), frozenset({"0", "false", "f", "no"})


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


def fitted(value: Any, field: Field, notes: list[Note]) -> Any:
    """`value` as COPY takes it; None where it may be left out. Raises Unfit."""
    if value is None:
        return None
    try:
        fit, change = _FIT[field.kind](value, field)
    except Unfit as unfit:
        if field.required and field.fallback is None and field.default is None:
            raise Unfit(f"{field.name}: {unfit}") from None
        fit, change = field.default, f"left out, {unfit}"
    if change:
        notes.append(Note(field.name, change, shown(value)))
    return fit


def shown(value: Any) -> str:
    """A value for the list of changes."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= NOTED_CHARS else f"{text[:NOTED_CHARS]}… ({len(text)} characters)"


Fit = tuple[Any, str | None]


def _text(value: Any, _: Field) -> Fit:
    if isinstance(value, bytes):
        text = _decoded(value)
        return _clean(text)[0], "bytes read as text"
    if not isinstance(value, str):
        return str(value), "number written as text"
    return _clean(value)


def _clean(text: str) -> Fit:
    clean = storable(text)
    if clean is text:
        return text, None
    return clean, "NUL removed" if "\x00" in text else "lone surrogate replaced"


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise Unfit("bytes that are no text") from None


def _json(value: Any, field: Field) -> Fit:
    text = _decoded(value) if isinstance(value, bytes) else str(value)
    try:
        parsed, change = _parsed(text)
    except ValueError:
        if field.shape is not Shape.FREE:
            raise Unfit("broken JSON") from None
        return json_text({"broken_json": storable(text)}), "broken JSON kept as text"
    if not _has_shape(parsed, field.shape):
        raise Unfit(f"its JSON is not {field.shape}")
    return (text, None) if change is None else (json_text(parsed), change)


def _parsed(text: str) -> tuple[Any, str | None]:
    """The value of a JSON text, made storable, and what that changed."""
    try:
        value, change = orjson.loads(text), None
    except orjson.JSONDecodeError:
        # Python's parser also takes NaN, lone surrogates, long numbers and control characters.
        try:
            value, change = json.loads(text, parse_constant=lambda _: None, strict=False), "JSON written anew"
        except RecursionError:
            raise ValueError("too deep") from None
    clean = storable_json(value)
    if clean == value:
        return value, change
    return clean, "NUL removed" if "\\u0000" in text or "\x00" in text else "lone surrogate replaced"


def _has_shape(value: Any, shape: Shape) -> bool:
    return shape is Shape.FREE or isinstance(value, list if shape is Shape.LIST else dict)


def _time(value: Any, _: Field) -> Fit:
    try:
        text = (_decoded(value) if isinstance(value, bytes) else str(value)).strip()
        if isinstance(value, int | float) or (text.isdecimal() and len(text) > len("20241127")):
            return time_text(datetime.fromtimestamp(float(text), UTC)), "number of seconds read as a time"
        moment = datetime.fromisoformat(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        usual = moment.tzinfo is not None and text is value and text[10] == "T"
        return time_text(aware), None if usual else "time normalised"
    except (ValueError, OverflowError, OSError, IndexError):
        raise Unfit("a time that no calendar knows") from None


def _integer(value: Any, field: Field) -> Fit:
    number = _number(value)
    if number != int(number):
        raise Unfit("not a whole number")
    if not -field.most - 1 <= number <= field.most:
        raise Unfit("a number too large")
    return int(number), None if isinstance(value, int) else "number read from text"


def _real(value: Any, _: Field) -> Fit:
    return float(_number(value)), None if isinstance(value, int | float) else "number read from text"


def _number(value: Any) -> int | float:
    if isinstance(value, int):
        return value
    try:
        number = float(value)
    except ValueError:
        raise Unfit("not a number") from None
    if not math.isfinite(number):
        raise Unfit("not a number")
    return int(value) if isinstance(value, str) and value.strip().lstrip("-").isdecimal() else number


def _boolean(value: Any, _: Field) -> Fit:
    if isinstance(value, int) and value in (0, 1):
        return int(value), None
    word = str(value).strip().lower()
    if word in _YES or word in _NO:
        return int(word in _YES), "flag read from text"
    raise Unfit("neither yes nor no")


def _bytes(value: Any, _: Field) -> Fit:
    if isinstance(value, bytes):
        return value, None
    raise Unfit("no bytes")


_FIT: dict[Kind, Callable[[Any, Field], Fit]] = {
    Kind.TEXT: _text,
    Kind.JSON: _json,
    Kind.TIME: _time,
    Kind.INTEGER: _integer,
    Kind.REAL: _real,
    Kind.BOOLEAN: _boolean,
    Kind.BYTES: _bytes,
}


def _kind(column: Column[Any]) -> Kind:
    kinds: tuple[tuple[type, Kind], ...] = (
        (JsonDocument, Kind.JSON),
        (UtcDateTime, Kind.TIME),
        (Boolean, Kind.BOOLEAN),
        (Integer, Kind.INTEGER),
        (Float, Kind.REAL),
        (LargeBinary, Kind.BYTES),
    )
    return next((kind for known, kind in kinds if isinstance(column.type, known)), Kind.TEXT)


def _shape(name: str) -> Shape:
    if name in _LISTS:
        return Shape.LIST
    return Shape.OBJECT if name in _OBJECTS else Shape.FREE
