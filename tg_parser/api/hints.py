"""Hints in requests: errors themselves know nothing of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tg_parser.domain.errors import TgParserError
    from tg_parser.domain.jobs import JobError

HINTS: dict[str, str] = {
    "beyond_own_sources": "Use a key without a limit to sources, or one that covers what this request touches.",
    "dead_session": "An operator has to log the account in anew, on the machine of the worker.",
    "filled_from_exports": "Export files are read where the command line runs; or let the channel itself be read: "
    "PATCH /api/v1/sources/{source_id} with via.",
    "job_not_found": "See which there are: GET /api/v1/jobs",
    "job_state": "See where it stands: GET /api/v1/jobs/{job_id}",
    "key_expired": "Ask whoever runs this installation for another key.",
    "key_missing": "Send it in the header: Authorization: Bearer KEY",
    "key_replaced": "Use the new secret of this key.",
    "key_revoked": "Ask whoever runs this installation for another key.",
    "key_unknown": "Send the whole key, as it was shown once: Authorization: Bearer KEY",
    "no_agents": "Agents are registered by the first job of the kind process with multi_agent.",
    "no_document": "It may not be processed yet: GET /api/v1/sources says what waits.",
    "no_export_file": "See which there are: GET /api/v1/exports/{job_id}",
    "no_export_files": "See what came of the job: GET /api/v1/jobs/{job_id}",
    "no_live_source": "Add one: POST /api/v1/sources",
    "no_message": "See what is held: GET /api/v1/messages",
    "no_session": "An operator has to log an account in once, on the machine of the worker.",
    "no_topic": "See all: GET /api/v1/topics",
    "no_sealing_key": "An operator has to set {variable}.",
    "role_too_low": "Use a key with the role {needed}.",
    "source_id_taken": "Choose another id; see: GET /api/v1/sources",
    "source_without_chat": "Give channel_id or channel_username with it.",
    "unknown_chat": "See all: GET /api/v1/sources",
    "unknown_source_id": "Known sources: {known}. Add one: POST /api/v1/sources",
}
"""By the case that an error states; what stands in braces are its facts."""


def hint_of(error: TgParserError | JobError) -> str | None:
    """The error's own hint, or what this interface says in its case."""
    template = HINTS.get(str(error.data.get("case")))
    return error.hint or (template and template.format_map(_Facts(error.data))) or None


class _Facts(dict[str, Any]):
    """A fact that the error lacks leaves a gap in the hint instead of raising a second error."""

    def __missing__(self, name: str) -> str:
        return "…"
