"""Hints in commands and options: errors themselves know nothing of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tg_parser.domain.agents import JsonObject
    from tg_parser.domain.errors import TgParserError
    from tg_parser.domain.jobs import JobError
    from tg_parser.services.doctor.finding import Finding

_BY_API = (
    "An account that can see it can read it through the Telegram API: tg-parser login, then "
    "tg-parser add-source --source-id {name} --via api"
)
HINTS: dict[str, str] = {
    "answer_refused": "Try another model, or LLM_OUTPUT_MODE where it does not keep to the shape; "
    "tg-parser process --retry-failed asks again.",
    "answers_unusable": "Try another model, or LLM_OUTPUT_MODE where it does not keep to the shape. These messages "
    "were not marked as failed: the next run takes them up.",
    "bad_backup": "Choose a good one: tg-parser backup list",
    "became_supergroup": "Collect that one: tg-parser run {number}; what the group holds from before is in a Telegram "
    "Desktop export.",
    "beyond_own_sources": "Use a key without a limit, or the command line of the installation: tg-parser keys create",
    "columns_missing": "Upgrade the file first: tg-parser db upgrade",
    "dead_session": "Log in anew with: tg-parser login",
    "delivery_not_found": "See which there are: tg-parser webhooks deliveries",
    "earlier_version": "Bring the data into new files: tg-parser db migrate-from-sqlite --sqlite-dir {folder} "
    "--to-sqlite {new_folder} (--postgres-url for PostgreSQL); or begin anew in another folder with --data-dir.",
    "files_missing": "Bring it back, from a backup (tg-parser backup list) or from where it was moved to; or name the "
    "place that holds all three: --data-dir, TG_PARSER_HOME. To begin anew, move the others away.",
    "filled_from_exports": "Give the file: tg-parser ingest --source {source_id} --from-export result.json; or let the "
    "channel itself be read: tg-parser add-source --source-id {source_id} --via web",
    "handoff": "Look at it with: tg-parser agents handoffs",
    "job_not_found": "See which there are: tg-parser jobs list",
    "job_state": "See where it stands: tg-parser jobs show {job_id}",
    "key_expired": "Make another: tg-parser keys create",
    "key_expires": "Replace each in time: tg-parser keys rotate KEY",
    "key_missing": "Make one with: tg-parser keys create",
    "key_not_found": "See which there are: tg-parser keys list",
    "key_replaced": "Use the key that tg-parser keys rotate has shown.",
    "key_revoked": "Make another: tg-parser keys create",
    "key_state": "Make another: tg-parser keys create",
    "key_unknown": "Check that it was copied whole; see which there are with: tg-parser keys list",
    "login_given_up": "Begin again: tg-parser login",
    "name_moved": "Give the channel's present name: tg-parser add-source --source-id {source_id} --channel-username "
    "NAME; or collect the other one by: tg-parser run @{username}",
    "no_agents": "Agents are registered by the first: tg-parser process --multi-agent",
    "no_backup": "See: tg-parser backup list",
    "no_databases": "Name the folder that holds them with --data-dir or TG_PARSER_HOME, or make them there: "
    "tg-parser init",
    "no_document": "See how many of each channel there are with: tg-parser status",
    "no_export_file": "See what came of it: tg-parser jobs show {job_id}",
    "no_export_files": "See what came of it: tg-parser jobs show {job_id}",
    "no_file_to_back_up": "Run tg-parser init, or check the *_DB_PATH variables.",
    "no_good_backup": "Make one with: tg-parser backup create",
    "no_key": "Use the file that tg-parser db encrypt-secret made.",
    "no_live_source": "Add one with: tg-parser add-source --source-id NAME; see all with: tg-parser sources list",
    "no_message": "See what is held with: tg-parser status",
    "no_public_channel": f"Check the spelling. It may have been renamed or turned private. {_BY_API}",
    "no_schema_to_back_up": "Check DB_NAME; tg-parser init makes the schemas.",
    "no_sealing_key": "Set {variable} to a path and run tg-parser db encrypt-secret, which makes the key there; "
    "workers and the API need the same one.",
    "no_session": "Log in once with: tg-parser login",
    "no_such_revision": "See: tg-parser db history",
    "no_topic": "See all with: tg-parser topics list",
    "no_worker": "Start one: tg-parser worker",
    "nobody_scanned": "Begin again: tg-parser login --qr",
    "nothing_yet": "Begin with: tg-parser run @name --out ./output, or make them empty: tg-parser init",
    "number_needs_api": "Set TELEGRAM_API_ID and TELEGRAM_API_HASH, then: tg-parser login. A public channel can also "
    "be given by its @name.",
    "old_backup": "Make one every day: tg-parser backup create",
    "other_chat": "Leave out --source to register that chat as a source of its own.",
    "preview_has_changed": f"Look for a newer TG_parser. {_BY_API}",
    "preview_needs_name": "Give the name: tg-parser add-source --source-id SOURCE --channel-username @name; or read "
    "the channel through the Telegram API: tg-parser login, then tg-parser add-source --source-id SOURCE --via api",
    "prompt_file": "`tg-parser prompts show NAME --packaged` prints the prompt that comes with the program.",
    "read_by_api": _BY_API,
    "refused_by_reviewer": "tg-parser process --retry-failed asks again; another model may read it better.",
    "role_too_low": "Use a key with that role: tg-parser keys create --role {needed}",
    "schema_behind": "Make a backup, then run: tg-parser db upgrade",
    "schema_lacks_parts": "Run: tg-parser db upgrade",
    "schema_missing": "Run: tg-parser init",
    "schema_newer": "Use the version of TG_parser that wrote it, or go back to a backup.",
    "schema_unknown": "Record its version: tg-parser db stamp; see which there are: tg-parser db history",
    "secret_of_another_key": "Use the key it was made with, or make it anew: tg-parser db encrypt-secret",
    "session_file_unreadable": "Name another file in TELEGRAM_SESSION, or move this one away and log in: "
    "tg-parser login",
    "session_in_use": "Telegram ends a session that is used from two places. Wait until the other run is done or "
    "stop it, or log in once more into another file: TELEGRAM_SESSION=second.session tg-parser login",
    "session_string_cut": "Copy it again, or name a session file instead and log in: tg-parser login",
    "source_id_taken": "Choose another id; see: tg-parser sources list",
    "source_without_chat": "Give --channel-id or --channel-username with it.",
    "unknown_chat": "See all with: tg-parser sources list",
    "unknown_source_id": "Known sources: {known}. Add one with: tg-parser add-source --source-id {source_id}",
    "webhook_not_found": "See which there are: tg-parser webhooks list",
    "webhook_refused": "See what it answered: tg-parser webhooks deliveries; once that is put right: "
    "tg-parser webhooks redeliver {delivery_id}",
    "wrong_answer": "Log in again: tg-parser login",
    "wrong_numbers": "Upgrade the files first, with their paths in the *_DB_PATH variables: tg-parser db upgrade",
}
"""By the case that an error states; what stands in braces are its facts."""

LOOKS = {
    "waiting": "tg-parser process",
    "few_in_topics": "TOPIC_LEVEL",
    "many_failures": "tg-parser status --failures",
    "much_noise": "is_noise in the documents",
    "same_title": "tg-parser agents history curator",
}
"""How to look at what the inspector of a run by agents found, by its case."""


def hint_of(error: TgParserError | JobError | Finding) -> str | None:
    """The error's own hint, or what this interface says in its case."""
    template = HINTS.get(str(error.data.get("case")))
    return error.hint or (template and template.format_map(_HintFacts(error.data))) or None


class _HintFacts(dict[str, Any]):
    """A fact that the error lacks leaves a gap in the hint instead of raising a second error."""

    def __missing__(self, name: str) -> str:
        return "…"


def with_looks(steps: dict[str, JsonObject] | None) -> dict[str, JsonObject]:
    """What each agent reports, with how to look at each finding."""
    quality = (steps or {}).get("quality")
    if not steps or not quality:
        return steps or {}
    findings = [{**each, "look": LOOKS[each["case"]]} for each in quality["findings"]]
    return {**steps, "quality": {**quality, "findings": findings}}
