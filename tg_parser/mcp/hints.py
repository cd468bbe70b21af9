"""Hints for assistants: the errors themselves know nothing of the tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tg_parser.domain.errors import TgParserError

HINTS: dict[str, str] = {
    "no_message": "Find messages with search or timeline.",
    "no_topic": "Find topics with list_topics.",
    "unknown_source_id": "Find sources with list_sources.",
    "job_not_found": "Start a run with start_run.",
    "role_too_low": "The key of this connection may only read.",
}
"""Hints by error case."""


def hint_of(error: TgParserError) -> str | None:
    """Return the hint for the error's case, or the error's own."""
    return HINTS.get(str(error.data.get("case"))) or error.hint or None
