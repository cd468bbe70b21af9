"""Column types that mean the same on both backends: refs that sort bytewise, UTC times, JSON documents."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import TIMESTAMP, BigInteger, Dialect, Integer, Text, TypeDecorator
from sqlalchemy.types import TypeEngine

Encode = Callable[[Any], Any]
Decode = Callable[[Any], Any]

Ref = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that sorts bytewise, whatever the locale of the server."""

BigNumber = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit number; SQLite's own INTEGER, so that it can number rows there."""


class JsonText(str):
    """JSON that is already serialised; a bulk write passes it on unchanged."""

    __slots__ = ()


def json_bytes(value: Any) -> bytes:
    """`value` as JSON with sorted keys: equal values give equal bytes."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS, default=str)
    except TypeError:
        # orjson refuses numbers beyond 64 bits, lone surrogates, and keys that are not strings
        return json.dumps(value, sort_keys=True, default=str).encode()


def json_text(value: Any) -> str:
    """The same as text."""
    return value if isinstance(value, JsonText) else json_bytes(value).decode()


def time_text(moment: datetime) -> str:
    """`moment` in UTC as text that sorts by time: YYYY-MM-DDTHH:MM:SS.ffffffZ."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")[:-6] + "Z"


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: timestamptz on PostgreSQL, sortable text on SQLite, timezone-aware UTC in Python."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column's own type on `dialect`."""
        return dialect.type_descriptor(TIMESTAMP(timezone=True) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """The value as the database takes it."""
        return value if value is None or dialect.name == "postgresql" else time_text(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Decode:  # noqa: ARG002 - the method of the base
        """The value as Python knows it; called for every row, so without the layers of the base class."""
        return _utc_time if dialect.name == "postgresql" else _time_of_text


class JsonDocument(TypeDecorator[Any]):
    """A JSON value: jsonb on PostgreSQL, text with sorted keys on SQLite. None is NULL, never JSON's null."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column's own type on `dialect`."""
        if dialect.name != "postgresql":
            return dialect.type_descriptor(Text())
        # Loaded by then; where there is no server, its types are not needed and take a while to load.
        from sqlalchemy.dialects.postgresql import JSONB  # noqa: PLC0415

        return dialect.type_descriptor(JSONB(none_as_null=True))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """The value as the database takes it."""
        return value if value is None or dialect.name == "postgresql" else json_text(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Decode | None:  # noqa: ARG002 - the base's method
        """The value as Python knows it; called for every row, so without the layers of the base class."""
        return None if dialect.name == "postgresql" else _value_of_json


def _utc_time(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


def _time_of_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).astimezone(UTC)


def _value_of_json(value: str | None) -> Any:
    return None if value is None else orjson.loads(value)


def bulk_encoder(column_type: TypeEngine[Any], *, times_as_text: bool) -> Encode | None:
    """How a bulk write converts values (never None) for the driver; None if no conversion is needed."""
    if isinstance(column_type, JsonDocument):
        return json_text
    if isinstance(column_type, UtcDateTime) and times_as_text:
        return time_text
    return None
