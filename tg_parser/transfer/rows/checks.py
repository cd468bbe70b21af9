"""Whether a chunk of rows fits unchanged (pure): one check per column, so that clean rows cost next to nothing.

"No" only means that each row must be checked alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import starmap
from math import isfinite
from typing import Any

import orjson

from tg_parser.transfer.rows.fields import Field, FieldKind, Shape

_OPENING = {Shape.LIST: "[", Shape.OBJECT: "{"}
_TIME_LENGTHS = frozenset({20, 27, 25, 32})
"""YYYY-MM-DDTHH:MM:SS with Z or +00:00, with or without microseconds: PostgreSQL reads it the same way."""

Values = Sequence[Any]


def fit_as_they_are(columns: Iterable[Values], fields: Iterable[Field]) -> bool:
    """Whether every value of `columns` may go to its field unchanged."""
    return all(starmap(_fits, zip(columns, fields, strict=False)))


def _fits(values: Values, field: Field) -> bool:
    there = [value for value in values if value is not None]
    if len(there) < len(values) and field.required:
        return False
    return not there or _CHECKS[field.kind](there, field)


def _texts(there: Values, _: Field) -> bool:
    return set(map(type, there)) == {str} and _storable("".join(there))


def _storable(joined: str) -> bool:
    if "\x00" in joined:
        return False
    if joined.isascii():
        return True
    try:
        joined.encode()
    except UnicodeEncodeError:
        return False
    return True


def _json(there: Values, field: Field) -> bool:
    if set(map(type, there)) != {str} or any("\\u0000" in value for value in there):
        return False
    opening = _OPENING.get(field.shape)
    if opening and {value[:1] for value in there} != {opening}:
        return False
    try:
        deque(map(orjson.loads, there), maxlen=0)
    except orjson.JSONDecodeError:
        return False
    return True


def _times(there: Values, _: Field) -> bool:
    if set(map(type, there)) != {str} or not set(map(len, there)) <= _TIME_LENGTHS:
        return False
    joined = "".join(there)
    if joined.count("T") != len(there) or joined.count("Z") + joined.count("+00:00") != len(there):
        return False
    try:
        deque(map(datetime.fromisoformat, there), maxlen=0)
    except ValueError:
        return False
    return True


def _integers(there: Values, field: Field) -> bool:
    return set(map(type, there)) == {int} and max(there) <= field.most and min(there) >= -field.most - 1


def _booleans(there: Values, _: Field) -> bool:
    return set(map(type, there)) == {int} and set(there) <= {0, 1}


def _reals(there: Values, _: Field) -> bool:
    if not (set(map(type, there)) <= {int, float} and all(map(isfinite, there))):
        return False
    # A larger whole number is not always one that a decimal number can be.
    return bool(max(there) <= _EXACT and min(there) >= -_EXACT)


def _bytes(there: Values, _: Field) -> bool:
    return set(map(type, there)) == {bytes}


_EXACT = 2**53
_CHECKS: dict[FieldKind, Callable[[Values, Field], bool]] = {
    FieldKind.TEXT: _texts,
    FieldKind.JSON: _json,
    FieldKind.TIME: _times,
    FieldKind.INTEGER: _integers,
    FieldKind.REAL: _reals,
    FieldKind.BOOLEAN: _booleans,
    FieldKind.BYTES: _bytes,
}
