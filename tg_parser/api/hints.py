"""Hints for API clients: the errors themselves know nothing of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tg_parser.domain.errors import TgParserError
    from tg_parser.domain.jobs import JobError

HINTS: dict[str, str] = {
    "beyond_own_sources": "Use a key that is not limited to sources, or one that includes those of this request.",
    "dead_session": "An operator has to log the account in again, on the machine of the worker.",
    "filled_from_exports": "Import export files on the command line, or switch to reading the channel itself: "
    "PATCH /api/v1/sources/{source_id} with via.",
    "job_not_found": "List the jobs with: GET /api/v1/jobs",
    "job_state": "See its state with: GET /api/v1/jobs/{job_id}",
    "key_expired": "Ask the operator of this installation for another key.",
    "key_missing": "Send it in the header: Authorization: Bearer KEY",
    "key_replaced": "Use the new secret of this key.",
    "key_revoked": "Ask the operator of this installation for another key.",
    "key_unknown": "Send the complete key as it was shown when created: Authorization: Bearer KEY",
    "no_agents": "Agents are registered when they first run: start a job of the kind process with multi_agent.",
    "no_document": "The message may not be processed yet: GET /api/v1/sources shows what is waiting.",
    "no_export_file": "List the files with: GET /api/v1/exports/{job_id}",
    "no_export_files": "See the result of the job with: GET /api/v1/jobs/{job_id}",
    "no_live_source": "Add one with: POST /api/v1/sources",
    "no_message": "List the messages with: GET /api/v1/messages",
    "no_session": "An operator has to log an account in once, on the machine of the worker.",
    "no_edit": "List the edits with: GET /api/v1/topic-edits",
    "not_indexed": "The index is being built; an operator can complete it.",
    "no_topic": "List the topics with: GET /api/v1/topics",
    "no_sealing_key": "An operator has to set {variable}.",
    "role_too_low": "Use a key with the role {needed}.",
    "source_id_taken": "Choose another id; list the ids in use with: GET /api/v1/sources",
    "source_without_chat": "Give channel_id or channel_username too.",
    "unknown_chat": "List the sources with: GET /api/v1/sources",
    "unknown_source_id": "Known sources: {known}. Add one with: POST /api/v1/sources",
}
"""Hints by error case; placeholders in braces are filled from the error's data."""


def hint_of(error: TgParserError | JobError) -> str | None:
    """Return the error's own hint, or the API's hint for its case."""
    template = HINTS.get(str(error.data.get("case")))
    return error.hint or (template and template.format_map(_Facts(error.data))) or None


class _Facts(dict[str, Any]):
    """Data of an error in which a missing value leaves a gap in the hint instead of raising a second error."""

    def __missing__(self, name: str) -> str:
        return "…"
