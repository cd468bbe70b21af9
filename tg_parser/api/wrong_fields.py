"""Describes invalid parts of a request in words for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tg_parser.api.problems import WrongField
from tg_parser.domain.date_parsing import FORMS, PATTERN
from tg_parser.domain.strict_fields import NO_NUL

_OWN_WORDS = "Value error, "
_FORMS = {PATTERN: f"a date must have one of these forms: {FORMS}", NO_NUL: "it contains a NUL character"}
"""Meaning of the patterns that people are likely to violate."""


def wrong_fields(errors: Sequence[Mapping[str, Any]], content_type: str) -> list[WrongField]:
    """Return where and why; `content_type` is that of the request."""
    return [WrongField(where=_where(each), problem=_problem(each, content_type)) for each in errors]


def _where(error: Mapping[str, Any]) -> str:
    # After the body comes the position of the character at which the JSON is invalid.
    return "body" if error["type"] == "json_invalid" else ".".join(str(part) for part in error["loc"])


def _problem(error: Mapping[str, Any], content_type: str) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "json_invalid":
        return f"it is not valid JSON: {context.get('error', 'it ends too soon')}, at character {error['loc'][-1]}"
    if tuple(error["loc"]) == ("body",) and "json" not in content_type.lower():
        return "send JSON, with the header Content-Type: application/json"
    if kind == "string_pattern_mismatch":
        pattern = str(context.get("pattern"))
        return _FORMS.get(pattern, f"it does not match the pattern {pattern}")
    return str(error["msg"]).removeprefix(_OWN_WORDS)
