"""The tables of the earlier version as SQL: which column of this version each value goes to.

Where a value must be checked in Python, the rule beside the table does so; see legacy/rules.py.
"""

from __future__ import annotations

from tg_parser.storage.tables import DatabaseName
from tg_parser.storage.tables.agents import agent_registry, agent_stats, handoff_history, task_history
from tg_parser.storage.tables.ingestion import comment_cursors, ingestion_state, source_attempts
from tg_parser.storage.tables.jobs import jobs
from tg_parser.storage.tables.processing import processed_documents, processing_failures
from tg_parser.storage.tables.raw import raw_messages, raw_revisions
from tg_parser.storage.tables.topics import topic_items, topics
from tg_parser.transfer.legacy.mapped import LegacyTable
from tg_parser.transfer.legacy.rules import (
    attempt_rule,
    channel_rule,
    cursor_rule,
    document_rule,
    failure_rule,
    is_plain_ref,
    job_rule,
    message_rule,
    revision_rule,
    source_rule,
)
from tg_parser.transfer.legacy.topics import bundle_rule, card_rule


def _same(names: str) -> dict[str, str]:
    return {name: f"t.{name}" for name in names.split()}


_COUNTS = "LEFT JOIN temp.conflict_counts AS k ON k.source_ref = t.source_ref"
_MESSAGE = "LEFT JOIN raw.raw_messages AS m ON m.source_ref = t.source_ref"
_THREAD = "coalesce({0}.thread_id, CASE {0}.message_type WHEN 'post' THEN {0}.id END)"
_PARENT = {"parent": "EXISTS (SELECT 1 FROM ingestion.sources AS p WHERE p.source_id = t.source_id)"}
_EARLIER_TEXT = (
    "coalesce((SELECT c.new_text FROM temp.conflict_log AS e JOIN raw.raw_conflicts AS c ON c.rowid = e.at"
    " WHERE e.source_ref = t.source_ref AND e.revision < g.revision AND c.new_text IS NOT NULL"
    " ORDER BY e.revision DESC LIMIT 1), m.text)"
)
_BUNDLE = (
    "LEFT JOIN temp.current_bundles AS n ON n.topic_id = t.id LEFT JOIN processing.topic_bundles AS b ON b.rowid = n.at"
)

INGESTION = (
    LegacyTable(
        "ingestion", "sources", ingestion_state,
        {
            **_same("source_id channel_id channel_username"),
            "channel_kind": "'channel'",
            **_same(
                "status include_comments history_from history_to poll_interval_seconds batch_size last_post_id"
                " backfill_completed_at last_attempt_at last_success_at fail_count last_error rate_limit_until"
                " comments_unavailable created_at updated_at"
            ),
        },
        rule=source_rule,
    ),
    LegacyTable(
        "ingestion", "comment_cursors", comment_cursors,
        _same("source_id thread_id last_comment_id updated_at"), helpers=_PARENT, rule=cursor_rule,
    ),
    LegacyTable(
        "ingestion", "source_attempts", source_attempts,
        {
            "id": "t.id", "source_id": "t.source_id", "started_at": "t.attempt_at", "finished_at": "t.attempt_at",
            **_same("success error_class error_message"), "counts_json": "t.details_json",
        },
        helpers=_PARENT, rule=attempt_rule,
    ),
)  # fmt: skip

RAW = (
    LegacyTable(
        "raw", "raw_messages", raw_messages,
        {
            **_same("source_ref channel_id message_type id"),
            "id_number": "CAST(t.id AS INTEGER)",
            "date": "t.date",
            "revision": "coalesce(k.newest, 0)",
            "thread_id": _THREAD.format("t"),
            **_same("parent_message_id language inserted_at"),
            "text_sanitized": "0",
            **_same("raw_payload_truncated raw_payload_original_size_bytes text raw_payload_json"),
        },
        joins=_COUNTS,
        helpers={"agree": "t.source_ref = 'tg:' || t.channel_id || ':' || t.message_type || ':' || t.id"},
        rule=message_rule, plain=is_plain_ref,
    ),
    LegacyTable(
        "raw", "raw_conflicts", raw_revisions,
        {
            "source_ref": "t.source_ref",
            "revision": "g.revision",
            "observed_at": "t.observed_at",
            "reason": "t.reason",
            "text_sanitized": "0",
            "raw_payload_truncated": "0",
            "text": "coalesce(t.new_text, " + _EARLIER_TEXT + ")",
            "raw_payload_json": "t.new_payload_json",
        },
        joins=f"JOIN temp.conflict_log AS g ON g.at = t.rowid {_MESSAGE}",
        helpers={
            "earlier_text": _EARLIER_TEXT, "new_date": "t.new_date", "message_date": "m.date",
            "inserted_at": "m.inserted_at", "message": "m.source_ref",
        },
        rule=revision_rule, ignored=frozenset({"id"}),
    ),
)  # fmt: skip

PROCESSING = (
    LegacyTable(
        "processing", "processed_documents", processed_documents,
        {
            **_same("source_ref id source_message_id channel_id"),
            "revision": "coalesce(k.same, 0)",
            "message_date": "m.date",
            "message_type": "m.message_type",
            "thread_id": _THREAD.format("m"),
            "parent_message_id": "m.parent_message_id",
            **_same("processed_at language"),
            "is_noise": "0",
            "topics_json": "coalesce(t.topics_json, '[]')",
            "entities_json": "coalesce(t.entities_json, '[]')",
            **_same("summary text_clean"),
            "metadata_json": "coalesce(t.metadata_json, '{}')",
        },
        joins=f"{_MESSAGE} {_COUNTS}",
        helpers={
            "agree": "m.source_ref IS NOT NULL AND t.id = 'doc:' || t.source_ref AND t.source_ref ="
            " 'tg:' || t.channel_id || ':' || m.message_type || ':' || t.source_message_id",
        },
        rule=document_rule, plain=is_plain_ref,
    ),
    LegacyTable(
        "processing", "processing_failures", processing_failures,
        {
            **_same("source_ref channel_id"),
            "revision": "coalesce(k.newest, 0)",
            **_same("attempts last_attempt_at error_class error_message error_details_json"),
        },
        joins=_COUNTS, rule=failure_rule,
    ),
    LegacyTable(
        "processing", "topic_cards", topics,
        {
            "id": "t.id",
            "channel_id": "NULL",
            **_same("title summary type"),
            "status": "coalesce(t.status, 'active')",
            **_same("updated_at scope_in_json scope_out_json anchors_json sources_json"),
            "tags_json": "coalesce(t.tags_json, '[]')",
            "related_topics_json": "coalesce(t.related_topics_json, '[]')",
            "metadata_json": "coalesce(t.metadata_json, '{}')",
            "bundle_updated_at": "coalesce(b.updated_at, t.updated_at)",
            "bundle_channels_json": "coalesce(b.channels_json, '[]')",
            "bundle_metadata_json": "coalesce(b.metadata_json, '{}')",
        },
        joins=_BUNDLE, rule=card_rule,
    ),
    LegacyTable(
        "processing", "topic_bundles", topic_items,
        dict.fromkeys(
            ("topic_id", "source_ref", "position", "channel_id", "message_id", "message_type", "role", "score",
             "justification", "thread_id", "parent_message_id"),
            "NULL",
        ),
        helpers={
            "topic": "t.topic_id", "items_json": "t.items_json", "time_from": "t.time_from", "time_to": "t.time_to",
            "parent": "EXISTS (SELECT 1 FROM processing.topic_cards AS p WHERE p.id = t.topic_id)",
            "current": "t.rowid = (SELECT n.at FROM temp.current_bundles AS n WHERE n.topic_id = t.topic_id)",
        },
        rule=bundle_rule, ignored=frozenset({"updated_at", "channels_json", "metadata_json"}),
    ),
    LegacyTable(
        "processing", "agent_states", agent_registry,
        {
            **_same("name agent_type version description"),
            "capabilities_json": "coalesce(t.capabilities_json, '[]')",
            **_same(
                "model provider is_active metadata_json total_tasks_processed total_errors avg_processing_time_ms"
                " last_used_at created_at updated_at"
            ),
        },
    ),
    LegacyTable(
        "processing", "task_history", task_history,
        _same(
            "id agent_name task_type source_ref channel_id input_json output_json success error processing_time_ms"
            " created_at expires_at"
        ),
        rule=channel_rule,
    ),
    LegacyTable(
        "processing", "agent_stats", agent_stats,
        _same(
            "agent_name date task_type total_tasks successful_tasks failed_tasks total_processing_time_ms"
            " min_processing_time_ms max_processing_time_ms"
        ),
    ),
    LegacyTable(
        "processing", "handoff_history", handoff_history,
        _same(
            "id source_agent target_agent task_type priority status payload_json context_json result_json error"
            " processing_time_ms created_at accepted_at completed_at"
        ),
    ),
    LegacyTable(
        "processing", "api_jobs", jobs,
        _same(
            "job_id job_type status created_at channel_id client started_at completed_at progress_json result_json"
            " error file_path download_url export_format webhook_url"
        ),
        helpers={"has_secret": "t.webhook_secret IS NOT NULL"}, rule=job_rule,
    ),
)  # fmt: skip

LEGACY: dict[DatabaseName, tuple[LegacyTable, ...]] = {"ingestion": INGESTION, "raw": RAW, "processing": PROCESSING}
SECRETS = {"api_jobs": frozenset({"webhook_secret"})}
"""Columns that are never copied, not even into quarantine."""
