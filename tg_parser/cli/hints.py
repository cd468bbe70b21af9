"""Hints with commands and options: the errors themselves know nothing of the command line."""

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
    "answer_refused": "Try another model, or another LLM_OUTPUT_MODE if the model ignores the required format. Then: "
    "tg-parser process --retry-failed",
    "answers_unusable": "Try another model, or another LLM_OUTPUT_MODE if the model ignores the required format. These "
    "messages are not marked as failed: the next run retries them.",
    "asked_for": "Give the changed file: tg-parser topicize --known-topics FILE",
    "bad_backup": "Choose an intact one: tg-parser backup list",
    "became_supergroup": "Collect the supergroup: tg-parser run {number}; for earlier messages of the group, import "
    "a Telegram Desktop export.",
    "beyond_own_sources": "Use a key that is not limited to sources, or the command line: tg-parser keys create",
    "columns_missing": "Upgrade the file first: tg-parser db upgrade",
    "dead_session": "Log in again with: tg-parser login",
    "delivery_not_found": "List the deliveries with: tg-parser webhooks deliveries",
    "earlier_version": "Copy the data to new files: tg-parser db migrate-from-sqlite --sqlite-dir {folder} "
    "--to-sqlite {new_folder} (--postgres-url for PostgreSQL); or start in an empty folder with --data-dir.",
    "files_missing": "Restore it from a backup (tg-parser backup list) or from where it was moved to; or give the "
    "folder that contains all three: --data-dir, TG_PARSER_HOME. To start anew, move the others away.",
    "filled_from_exports": "Give the file: tg-parser ingest --source {source_id} --from-export result.json; or switch "
    "to reading the channel itself: tg-parser add-source --source-id {source_id} --via web",
    "handoff": "Look at it with: tg-parser agents handoffs",
    "hidden_already": "To show it again: tg-parser topics undo --topic {topic_id}",
    "in_no_topic": "Messages of topics are listed by: tg-parser topics show ID. To find topics of new messages: "
    "tg-parser topicize",
    "in_topic_already": "Its messages are listed by: tg-parser topics show {topic_id}",
    "job_not_found": "List the jobs with: tg-parser jobs list",
    "job_state": "See its state with: tg-parser jobs show {job_id}",
    "key_expired": "Create another: tg-parser keys create",
    "key_expires": "Replace each in time: tg-parser keys rotate KEY",
    "key_missing": "Create one with: tg-parser keys create",
    "key_not_found": "List the keys with: tg-parser keys list",
    "key_replaced": "Use the key that tg-parser keys rotate printed.",
    "key_revoked": "Create another: tg-parser keys create",
    "key_state": "Create another: tg-parser keys create",
    "key_unknown": "Check that it was copied completely; list the keys with: tg-parser keys list",
    "login_given_up": "Start again: tg-parser login",
    "name_moved": "Give the channel's current name: tg-parser add-source --source-id {source_id} --channel-username "
    "NAME; or collect the other channel: tg-parser run @{username}",
    "no_agents": "Agents are registered when they first run: tg-parser process --multi-agent",
    "no_answer": "Read its log, then restart it: tg-parser api, or tg-parser worker",
    "no_backup": "List the backups with: tg-parser backup list",
    "no_databases": "Give the folder that contains them with --data-dir or TG_PARSER_HOME, or create them there: "
    "tg-parser init",
    "no_document": "See the number of documents per channel with: tg-parser status",
    "no_export_file": "See the result with: tg-parser jobs show {job_id}",
    "no_export_files": "See the result with: tg-parser jobs show {job_id}",
    "no_file_to_back_up": "Run tg-parser init, or check the *_DB_PATH variables.",
    "no_good_backup": "Create one with: tg-parser backup create",
    "no_key": "Use the file created by tg-parser db encrypt-secret.",
    "no_live_source": "Add one with: tg-parser add-source --source-id NAME; list all with: tg-parser sources list",
    "no_message": "See what is stored with: tg-parser status",
    "no_public_channel": f"Check the spelling. It may have been renamed or made private. {_BY_API}",
    "no_schema_to_back_up": "Check DB_NAME; tg-parser init creates the schemas.",
    "no_sealing_key": "Set {variable} to a path and run tg-parser db encrypt-secret, which creates the key there; "
    "workers and the API need the same one.",
    "no_session": "Log in once with: tg-parser login",
    "no_such_revision": "List the revisions with: tg-parser db history",
    "no_edit": "List the edits with: tg-parser topics edits",
    "no_topic": "List the topics with: tg-parser topics list",
    "no_worker": "Start one: tg-parser worker",
    "nobody_scanned": "Start again: tg-parser login --qr",
    "not_indexed": "Index what is not indexed yet: tg-parser search index",
    "not_in_topic": "Its messages are listed by: tg-parser topics show {topic_id}",
    "not_ready": "Examine the installation: tg-parser doctor",
    "nothing_left": "Name fewer messages; to give the whole topic another title: "
    "tg-parser topics rename {topic_id} TITLE",
    "nothing_yet": "Start with: tg-parser run @name --out ./output; or create empty ones: tg-parser init",
    "number_needs_api": "Set TELEGRAM_API_ID and TELEGRAM_API_HASH, then: tg-parser login. A public channel can also "
    "be given by its @name.",
    "old_backup": "Create one every day: tg-parser backup create",
    "other_chat": "Leave out --source to add that chat as a new source.",
    "other_level": "Choose another of the same level: tg-parser topics list --level event, --level story",
    "part_of_event": "Name all messages of the event, or the event by its id: tg-parser topics show ID",
    "pinned_already": "To unpin it: tg-parser topics undo --topic {topic_id}",
    "preview_has_changed": f"Look for a newer version of TG_parser. {_BY_API}",
    "preview_needs_name": "Give the name: tg-parser add-source --source-id SOURCE --channel-username @name; or read "
    "the channel through the Telegram API: tg-parser login, then tg-parser add-source --source-id SOURCE --via api",
    "prompt_file": "`tg-parser prompts show NAME --packaged` prints the built-in prompt.",
    "read_by_api": _BY_API,
    "refused_by_reviewer": "To ask again: tg-parser process --retry-failed; another model may do better.",
    "role_too_low": "Use a key with that role: tg-parser keys create --role {needed}",
    "same_topic": "Choose another topic: tg-parser topics list",
    "schema_behind": "Make a backup, then run: tg-parser db upgrade",
    "schema_lacks_parts": "Run: tg-parser db upgrade",
    "schema_missing": "Run: tg-parser init",
    "schema_newer": "Use the version of TG_parser that wrote it, or restore a backup.",
    "schema_unknown": "Record its version: tg-parser db stamp; list the revisions with: tg-parser db history",
    "secret_of_another_key": "Use the key it was encrypted with, or encrypt it again: tg-parser db encrypt-secret",
    "session_file_unreadable": "Set TELEGRAM_SESSION to another file, or move this one away, and log in: "
    "tg-parser login",
    "session_in_use": "Telegram ends a session that is used in two places. Wait until the other run is done or "
    "stop it, or log in with another session file: TELEGRAM_SESSION=second.session tg-parser login",
    "session_string_cut": "Copy it again, or set a session file instead and log in: tg-parser login",
    "source_id_taken": "Choose another id; list the ids in use with: tg-parser sources list",
    "source_without_chat": "Give --channel-id or --channel-username with it.",
    "title_taken": "Choose another title, or make both one topic: tg-parser topics merge",
    "topic_over": "See what became of it: tg-parser topics history {topic_id}",
    "undone_already": "List the edits with: tg-parser topics edits",
    "unknown_chat": "List the sources with: tg-parser sources list",
    "unknown_source_id": "Known sources: {known}. Add one with: tg-parser add-source --source-id {source_id}",
    "webhook_not_found": "List the webhooks with: tg-parser webhooks list",
    "webhook_refused": "See the answer with: tg-parser webhooks deliveries; once the receiver is fixed: "
    "tg-parser webhooks redeliver {delivery_id}",
    "wrong_answer": "Log in again: tg-parser login",
    "wrong_numbers": "Set their paths in the *_DB_PATH variables and upgrade the files first: tg-parser db upgrade",
}
"""Hints by error case; placeholders in braces are filled from the error's data."""

LOOKS = {
    "waiting": "tg-parser process",
    "few_in_topics": "tg-parser topics list",
    "many_failures": "tg-parser status --failures",
    "much_noise": "is_noise in the documents",
    "same_title": "tg-parser agents history curator",
}
"""How to inspect what the inspector agent of a run found, by case."""


def hint_of(error: TgParserError | JobError | Finding) -> str | None:
    """Return the error's own hint, or the command line's hint for its case."""
    template = HINTS.get(str(error.data.get("case")))
    return error.hint or (template and template.format_map(_HintFacts(error.data))) or None


class _HintFacts(dict[str, Any]):
    """Data of an error in which a missing value leaves a gap in the hint instead of raising a second error."""

    def __missing__(self, name: str) -> str:
        return "…"


def with_looks(steps: dict[str, JsonObject] | None) -> dict[str, JsonObject]:
    """Return the reports of the agents, with a way to inspect each finding."""
    quality = (steps or {}).get("quality")
    if not steps or not quality:
        return steps or {}
    findings = [{**each, "look": LOOKS[each["case"]]} for each in quality["findings"]]
    return {**steps, "quality": {**quality, "findings": findings}}
