"""Agents in the processing database: registry, task history, statistics, handoffs."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, Table, Text

from tg_parser.storage.tables.columns import JsonDocument, Ref, UtcDateTime
from tg_parser.storage.tables.processing import metadata

agent_registry = Table(
    "agent_registry",
    metadata,
    Column("name", Ref, primary_key=True),
    Column("agent_type", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("description", Text),
    Column("capabilities_json", JsonDocument, nullable=False),
    Column("model", Text),
    Column("provider", Text),
    Column("is_active", Boolean, nullable=False),
    Column("metadata_json", JsonDocument),
    Column("total_tasks_processed", Integer, nullable=False),
    Column("total_errors", Integer, nullable=False),
    Column("avg_processing_time_ms", Float, nullable=False),
    Column("last_used_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Index("idx_agents_type", "agent_type"),
    Index("idx_agents_active", "is_active"),
)

task_history = Table(
    "task_history",
    metadata,
    Column("id", Ref, primary_key=True),
    Column("agent_name", Ref, nullable=False),
    Column("task_type", Text, nullable=False),
    Column("source_ref", Ref),
    Column("channel_id", Ref),
    Column("input_json", JsonDocument, nullable=False),
    Column("output_json", JsonDocument),
    Column("success", Boolean, nullable=False),
    Column("error", Text),
    Column("processing_time_ms", Integer),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Index("idx_tasks_agent", "agent_name", "created_at"),
)

agent_stats = Table(
    "agent_stats",
    metadata,
    Column("agent_name", Ref, primary_key=True),
    Column("date", Ref, primary_key=True),
    Column("task_type", Ref, primary_key=True),
    Column("total_tasks", Integer, nullable=False),
    Column("successful_tasks", Integer, nullable=False),
    Column("failed_tasks", Integer, nullable=False),
    Column("total_processing_time_ms", Integer, nullable=False),
    Column("min_processing_time_ms", Integer),
    Column("max_processing_time_ms", Integer),
)

handoff_history = Table(
    "handoff_history",
    metadata,
    Column("id", Ref, primary_key=True),
    Column("source_agent", Ref, nullable=False),
    Column("target_agent", Ref, nullable=False),
    Column("task_type", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("payload_json", JsonDocument),
    Column("context_json", JsonDocument),
    Column("result_json", JsonDocument),
    Column("error", Text),
    Column("processing_time_ms", Integer),
    Column("created_at", UtcDateTime, nullable=False),
    Column("accepted_at", UtcDateTime),
    Column("completed_at", UtcDateTime),
    Index("idx_handoffs_status", "status"),
)
