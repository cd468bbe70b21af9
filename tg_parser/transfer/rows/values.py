"""Makes one value of a SQLite row fit its column (pure): changes are recorded, what cannot fit is refused.

SQLite accepts any value in any column, so each is checked against what the column should hold.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson

from tg_parser.domain.storable import storable, storable_json
from tg_parser.storage.tables.columns import json_text, time_text
from tg_parser.transfer.rows.fields import Field, FieldKind, InvalidRowError, Note, Shape, shown

_YES, _NO = frozenset({"1", "true", "t", "yes"}), frozenset({"0", "false", "f", "no"})


def fitted(value: Any, field: Field, notes: list[Note]) -> Any:
    """`value` as COPY takes it; None if it may be left out. Raises InvalidRowError."""
    if value is None:
        return None
    try:
        fit, change = _FIT[field.kind](value, field)
    except InvalidRowError as invalid:
        if field.required and field.fallback is None and field.default is None:
            raise InvalidRowError(f"{field.name}: {invalid}") from None
        fit, change = field.default, f"left out, {invalid}"
    if change:
        notes.append(Note(field.name, change, shown(value)))
    return fit


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
        raise InvalidRowError("bytes that are not text") from None


def _json(value: Any, field: Field) -> Fit:
    text = _decoded(value) if isinstance(value, bytes) else str(value)
    try:
        parsed, change = _parsed(text)
    except ValueError:
        if field.shape is not Shape.FREE:
            raise InvalidRowError("broken JSON") from None
        return json_text({"broken_json": storable(text)}), "broken JSON kept as text"
    if not _has_shape(parsed, field.shape):
        raise InvalidRowError(f"its JSON is not {field.shape}")
    return (text, None) if change is None else (json_text(parsed), change)


def _parsed(text: str) -> tuple[Any, str | None]:
    """The value of a JSON text, made storable, and what that changed."""
    try:
        value, change = orjson.loads(text), None
    except orjson.JSONDecodeError:
        # Python's parser also accepts NaN, lone surrogates, long numbers and control characters.
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
        raise InvalidRowError("an impossible time") from None


def _integer(value: Any, field: Field) -> Fit:
    number = _number(value)
    if number != int(number):
        raise InvalidRowError("not a whole number")
    if not -field.most - 1 <= number <= field.most:
        raise InvalidRowError("a number too large")
    return int(number), None if isinstance(value, int) else "number read from text"


def _real(value: Any, _: Field) -> Fit:
    return float(_number(value)), None if isinstance(value, int | float) else "number read from text"


def _number(value: Any) -> int | float:
    if isinstance(value, int):
        return value
    try:
        number = float(value)
    except ValueError:
        raise InvalidRowError("not a number") from None
    if not math.isfinite(number):
        raise InvalidRowError("not a number")
    return int(value) if isinstance(value, str) and value.strip().lstrip("-").isdecimal() else number


def _boolean(value: Any, _: Field) -> Fit:
    if isinstance(value, int) and value in (0, 1):
        return int(value), None
    word = str(value).strip().lower()
    if word in _YES or word in _NO:
        return int(word in _YES), "flag read from text"
    raise InvalidRowError("neither true nor false")


def _bytes(value: Any, _: Field) -> Fit:
    if isinstance(value, bytes):
        return value, None
    raise InvalidRowError("not bytes")


_FIT: dict[FieldKind, Callable[[Any, Field], Fit]] = {
    FieldKind.TEXT: _text,
    FieldKind.JSON: _json,
    FieldKind.TIME: _time,
    FieldKind.INTEGER: _integer,
    FieldKind.REAL: _real,
    FieldKind.BOOLEAN: _boolean,
    FieldKind.BYTES: _bytes,
}
