"""Says in plain words what is wrong with a value that a person wrote into a file (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_WANTED = {
    "string": "text is wanted",
    "int": "a whole number is wanted",
    "float": "a number is wanted",
    "bool": "true or false is wanted",
    "list": "a list is wanted",
    "tuple": "a list is wanted",
    "dict": "named values are wanted",
    "model": "named values are wanted",
}
_LIMITS = {
    "greater_than_equal": ("ge", "{} or more is wanted"),
    "greater_than": ("gt", "more than {} is wanted"),
    "less_than_equal": ("le", "{} or less is wanted"),
    "less_than": ("lt", "less than {} is wanted"),
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
