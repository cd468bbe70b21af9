"""SQLite files as the earlier version left them: variant A made without Alembic, variant B by it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

CHANNEL = "-1001234567890"
TIME = "2024-11-27T09:00:00Z"
AGENT_TIME = "2024-11-27T09:00:00.123456+00:00"

# A column is text unless marked: # a number, ! a flag, * part of the key, + a key that numbers itself.
TABLES: dict[str, dict[str, str]] = {
    "ingestion_state": {
        "sources": "source_id* channel_id channel_username status include_comments! history_from history_to"
        " poll_interval_seconds# batch_size# last_post_id# backfill_completed_at last_attempt_at last_success_at"
        " fail_count# last_error rate_limit_until comments_unavailable! created_at updated_at",
        "comment_cursors": "source_id* thread_id* last_comment_id# updated_at",
        "source_attempts": "id+ source_id attempt_at success! error_class error_message details_json",
    },
    "raw_storage": {
        "raw_messages": "source_ref* id message_type channel_id date text thread_id parent_message_id language"
        " raw_payload_json raw_payload_truncated! raw_payload_original_size_bytes# inserted_at",
        "raw_conflicts": "id+ source_ref observed_at reason new_payload_json new_text new_date",
    },
    "processing_storage": {
        "processed_documents": "source_ref* id source_message_id channel_id processed_at text_clean summary"
        " topics_json entities_json language metadata_json",
        "processing_failures": "source_ref* channel_id attempts# last_attempt_at error_class error_message"
        " error_details_json",
        "topic_cards": "id* title summary scope_in_json scope_out_json type anchors_json sources_json updated_at"
        " tags_json related_topics_json status metadata_json",
        "topic_bundles": "topic_id updated_at time_from time_to items_json channels_json metadata_json",
        "agent_states": "name* agent_type version description capabilities_json model provider is_active!"
        " metadata_json total_tasks_processed# total_errors# avg_processing_time_ms# last_used_at created_at"
        " updated_at",
        "task_history": "id* agent_name task_type source_ref channel_id input_json output_json success! error"
        " processing_time_ms# created_at expires_at",
        "agent_stats": "agent_name* date* task_type* total_tasks# successful_tasks# failed_tasks#"
        " total_processing_time_ms# min_processing_time_ms# max_processing_time_ms#",
        "handoff_history": "id* source_agent target_agent task_type priority# status payload_json context_json"
        " result_json error processing_time_ms# created_at accepted_at completed_at",
        "api_jobs": "job_id* job_type status created_at channel_id client started_at completed_at progress_json"
        " result_json error file_path download_url export_format webhook_url webhook_secret",
    },
}
VERSIONS = {"ingestion_state": "ingestion", "raw_storage": "raw", "processing_storage": "processing"}


class LegacyFiles:
    """Three files in `folder`; the methods add rows that are good unless told otherwise."""

    def __init__(self, folder: Path, variant: str = "A") -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for file, tables in TABLES.items():
            with closing(sqlite3.connect(self.path(file))) as connection:
                for table, columns in tables.items():
                    connection.execute(_create(table, columns.split(), variant))
                if variant == "B":
                    name = f"alembic_version_{VERSIONS[file]}"
                    connection.execute(f"CREATE TABLE {name} (version_num VARCHAR(32) NOT NULL)")
                    connection.execute(f"INSERT INTO {name} VALUES ('0f00ba11')")
                connection.commit()

    def path(self, file: str) -> Path:
        return self.folder / f"{file}.sqlite"

    def add(self, table: str, row: dict[str, Any]) -> None:
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        self.run(table, f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values()))

    def run(self, table: str, statement: str, arguments: tuple[Any, ...] = ()) -> None:
        file = next(file for file, tables in TABLES.items() if table in tables)
        with closing(sqlite3.connect(self.path(file))) as connection:
            connection.execute(statement, arguments)
            connection.commit()

    def source(self, source_id: str = "news", channel: str = CHANNEL, **fields: Any) -> None:
        row = {"source_id": source_id, "channel_id": channel, "status": "active", "include_comments": 1}
        row |= {"fail_count": 0, "comments_unavailable": 0, "created_at": TIME, "updated_at": TIME}
        self.add("sources", row | fields)

    def message(self, number: Any, text: Any = "text", *, channel: str = CHANNEL, **fields: Any) -> str:
        kind = fields.get("message_type", "post")
        ref = f"tg:{channel}:{kind}:{number}"
        row = {"source_ref": ref, "id": str(number), "message_type": kind, "channel_id": channel, "date": TIME}
        row |= {"text": text, "raw_payload_json": '{"a": 1}', "raw_payload_truncated": 0, "inserted_at": TIME}
        self.add("raw_messages", row | fields)
        return ref

    def conflict(self, ref: str, text: str | None, **fields: Any) -> None:
        row = {"source_ref": ref, "observed_at": TIME, "reason": "text_changed", "new_text": text}
        self.add("raw_conflicts", row | fields)

    def document(self, number: Any, text: Any = "text", *, channel: str = CHANNEL, **fields: Any) -> str:
        ref = f"tg:{channel}:post:{number}"
        row = {"source_ref": ref, "id": f"doc:{ref}", "source_message_id": str(number), "channel_id": channel}
        row |= {"processed_at": TIME, "text_clean": text, "topics_json": '["a"]', "metadata_json": '{"model": "m"}'}
        self.add("processed_documents", row | fields)
        return ref

    def failure(self, ref: str, channel: str = CHANNEL, **fields: Any) -> None:
        row = {"source_ref": ref, "channel_id": channel, "attempts": 3, "last_attempt_at": TIME}
        self.add("processing_failures", row | {"error_class": "ValueError", "error_message": "no"} | fields)

    def topic(self, number: int, *, channel: str = CHANNEL, **fields: Any) -> str:
        topic, ref = f"topic:tg:{channel}:post:{number}", f"tg:{channel}:post:{number}"
        anchor = (
            f'[{{"channel_id": "{channel}", "message_id": "{number}", "message_type": "post", "anchor_ref": "{ref}"'
        )
        row = {"id": topic, "title": "Title", "summary": "Summary", "scope_in_json": '["in"]', "type": "singleton"}
        row |= {"scope_out_json": '["out"]', "anchors_json": anchor + ', "score": 0.9}]'}
        row |= {"sources_json": f'["{channel}"]', "updated_at": TIME}
        self.add("topic_cards", row | fields)
        return topic

    def bundle(self, topic: str, *numbers: int, channel: str = CHANNEL, **fields: Any) -> None:
        items = [
            f'{{"channel_id": "{channel}", "message_id": "{number}", "message_type": "post",'
            f' "source_ref": "tg:{channel}:post:{number}", "role": "anchor", "score": 0.9}}'
            for number in numbers
        ]
        row = {"topic_id": topic, "updated_at": TIME, "items_json": f"[{', '.join(items)}]"}
        self.add("topic_bundles", row | fields)

    def agents(self) -> None:
        """A row in each table of agents and jobs."""
        agent = {"name": "a", "agent_type": "processing", "version": "1", "is_active": 1, "capabilities_json": '["x"]'}
        agent |= {"total_tasks_processed": 2, "total_errors": 1, "avg_processing_time_ms": 1.5}
        self.add("agent_states", agent | {"created_at": AGENT_TIME, "updated_at": AGENT_TIME})
        task = {"id": "t", "agent_name": "a", "task_type": "process", "input_json": "{}", "success": 1}
        self.add("task_history", task | {"channel_id": CHANNEL, "created_at": AGENT_TIME})
        stats = {"agent_name": "a", "date": "2024-11-27", "task_type": "process", "total_tasks": 2}
        stats |= {"successful_tasks": 1, "failed_tasks": 1, "total_processing_time_ms": 3}
        self.add("agent_stats", stats)
        handoff = {"id": "h", "source_agent": "a", "target_agent": "b", "task_type": "process", "priority": 1}
        self.add("handoff_history", handoff | {"status": "completed", "created_at": AGENT_TIME})
        job = {"job_id": "j", "job_type": "export", "status": "completed", "created_at": AGENT_TIME}
        self.add("api_jobs", job | {"webhook_url": "https://example.org", "webhook_secret": "plain-secret"})


def full_files(folder: Path, variant: str = "A", messages: int = 5) -> LegacyFiles:
    """Files with good rows in every table."""
    files = LegacyFiles(folder, variant)
    files.source(channel_username="@news", last_post_id=1)
    files.add("comment_cursors", {"source_id": "news", "thread_id": "1", "last_comment_id": 7, "updated_at": TIME})
    files.add("source_attempts", {"source_id": "news", "attempt_at": TIME, "success": 1, "details_json": '{"new": 5}'})
    for number in range(1, messages + 1):
        files.document(number)
        ref = files.message(number, f"text {number}")
    files.conflict(ref, "edited")
    files.failure(ref)
    files.bundle(files.topic(1), 1, 2)
    files.agents()
    return files


def _create(table: str, columns: list[str], variant: str) -> str:
    text, number, flag = ("TEXT", "INTEGER", "INTEGER") if variant == "A" else ("VARCHAR", "INTEGER", "BOOLEAN")
    kinds = {"#": number, "!": flag, "+": "INTEGER PRIMARY KEY AUTOINCREMENT"}
    parts = [f"{column.rstrip('#!*+')} {kinds.get(column[-1], text)}" for column in columns]
    if variant == "A":
        parts += [f"CHECK ({column[:-1]} IN (0, 1))" for column in columns if column.endswith("!")]
    keys = [column[:-1] for column in columns if column.endswith("*")]
    if keys:
        parts.append(f"PRIMARY KEY ({', '.join(keys)})")
    return f"CREATE TABLE {table} ({', '.join(parts)})"
