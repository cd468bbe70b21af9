"""Describes in plain words what is wrong with a value in a file written by a person (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_WANTED = {
    "string": "expected text",
    "int": "expected a whole number",
    "float": "expected a number",
    "bool": "expected true or false",
    "list": "expected a list",
    "tuple": "expected a list",
    "dict": "expected named values",
    "model": "expected named values",
}
_LIMITS = {
    "greater_than_equal": ("ge", "expected {} or more"),
    "greater_than": ("gt", "expected more than {}"),
    "less_than_equal": ("le", "expected {} or less"),
    "less_than": ("lt", "expected less than {}"),
    "literal_error": ("expected", "expected {}"),
}
_OWN_WORDS = "Value error, "


def in_words(problem: Mapping[str, Any]) -> str:
    """Describe one problem from pydantic's list without pydantic's jargon and type names."""
    kind = str(problem["type"])
    if kind in _LIMITS:
        name, words = _LIMITS[kind]
        return words.format(problem["ctx"][name])
    if kind in {"string_too_short", "too_short"}:
        return "it must not be empty"
    wanted = _WANTED.get(kind.partition("_")[0])
    return wanted or str(problem["msg"]).removeprefix(_OWN_WORDS).rstrip(".")
