"""The common form in which values of both sides are compared, and in which SQLite keeps them (pure)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from tg_parser.storage.tables.columns import time_text
from tg_parser.transfer.rows.fields import Field, FieldKind

Row = tuple[Any, ...]
Convert = Callable[[Any], Any]
Conversions = list[tuple[int, Convert]]
_MICROSECONDS = "2024-01-01T00:00:00.000000Z"


class JsonForm(str):
    """JSON with sorted keys, as a type of its own."""

    __slots__ = ()


def canonical_json(text: str) -> JsonForm:
    """JSON parsed and written with sorted keys."""
    try:
        return JsonForm(orjson.dumps(orjson.loads(text), option=orjson.OPT_SORT_KEYS), "utf-8")
    except orjson.JSONDecodeError:
        return JsonForm(json.dumps(json.loads(text), sort_keys=True))


def canonical_time(text: str) -> str:
    """A time in UTC, to microseconds."""
    if len(text) == len("2024-01-01T00:00:00Z"):
        return f"{text[:19]}.000000Z"
    return text if text.endswith("Z") and len(text) == len(_MICROSECONDS) else time_text(datetime.fromisoformat(text))


OF_SOURCE: dict[FieldKind, Convert] = {
    FieldKind.JSON: canonical_json,
    FieldKind.TIME: canonical_time,
    FieldKind.REAL: float,
}
OF_TARGET: dict[FieldKind, Convert] = {FieldKind.JSON: canonical_json}


def conversions(fields: Sequence[Field], by_kind: Mapping[FieldKind, Convert]) -> Conversions:
    """What to convert in a row, by position."""
    kinds = [field.kind for field in fields]
    return [(position, by_kind[kind]) for position, kind in enumerate(kinds) if kind in by_kind]


def converted(row: Sequence[Any], which: Conversions) -> Row:
    """A row in the common form."""
    values = list(row)
    for position, convert in which:
        value = values[position]
        if value is not None:
            values[position] = convert(value)
    return tuple(values)
