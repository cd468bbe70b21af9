"""Says in plain words what is wrong with a value that a person wrote into a file (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_WANTED = {
    "string": "text is expected",
    "int": "a whole number is expected",
    "float": "a number is expected",
    "bool": "true or false is expected",
    "list": "a list is expected",
    "tuple": "a list is expected",
    "dict": "named values are expected",
    "model": "named values are expected",
}
_LIMITS = {
    "greater_than_equal": ("ge", "{} or more is expected"),
    "greater_than": ("gt", "more than {} is expected"),
    "less_than_equal": ("le", "{} or less is expected"),
    "less_than": ("lt", "less than {} is expected"),
    "literal_error": ("expected", "it may be {}"),
}
_OWN_WORDS = "Value error, "


def in_words(problem: Mapping[str, Any]) -> str:
    """One problem from pydantic's list, without pydantic's jargon and type names."""
    kind = str(problem["type"])
    if kind in _LIMITS:
        name, words = _LIMITS[kind]
        return words.format(problem["ctx"][name])
    if kind in {"string_too_short", "too_short"}:
        return "it must not be empty"
    wanted = _WANTED.get(kind.partition("_")[0])
    return wanted or str(problem["msg"]).removeprefix(_OWN_WORDS).rstrip(".")
