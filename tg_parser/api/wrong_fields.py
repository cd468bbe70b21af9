"""What is wrong with parts of a request, in words for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tg_parser.api.problems import WrongField
from tg_parser.domain.date_parsing import FORMS, PATTERN
from tg_parser.domain.strict_fields import NO_NUL

_OWN_WORDS = "Value error, "
_FORMS = {PATTERN: f"a date is written as {FORMS}", NO_NUL: "it has a character that no text has"}
"""What a pattern means, for those that people meet."""


def wrong_fields(errors: Sequence[Mapping[str, Any]], content_type: str) -> list[WrongField]:
    """Where and why; `content_type` is that of the request."""
    return [WrongField(where=_where(each), problem=_problem(each, content_type)) for each in errors]


def _where(error: Mapping[str, Any]) -> str:
    # Behind the body comes the place of a character where it is no JSON.
    return "body" if error["type"] == "json_invalid" else ".".join(str(part) for part in error["loc"])


def _problem(error: Mapping[str, Any], content_type: str) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "json_invalid":
        return f"it is not valid JSON: {context.get('error', 'it ends too soon')}, at character {error['loc'][-1]}"
    if tuple(error["loc"]) == ("body",) and "json" not in content_type.lower():
        return "send JSON, with the header Content-Type: application/json"
    if kind == "string_pattern_mismatch":
        pattern = str(context.get("pattern"))
        return _FORMS.get(pattern, f"it does not have the form {pattern}")
    return str(error["msg"]).removeprefix(_OWN_WORDS)
