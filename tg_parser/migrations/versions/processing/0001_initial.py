"""Documents, failures, topics, embeddings, agents and jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tg_parser.storage.tables.columns import JsonDocument, Ref, UtcDateTime

revision = "processing_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agent_registry",
        sa.Column("name", Ref, primary_key=True),
        sa.Column("agent_type", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("capabilities_json", JsonDocument(), nullable=False),
        sa.Column("model", sa.Text()),
        sa.Column("provider", sa.Text()),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("metadata_json", JsonDocument()),
        sa.Column("total_tasks_processed", sa.Integer(), nullable=False),
        sa.Column("total_errors", sa.Integer(), nullable=False),
        sa.Column("avg_processing_time_ms", sa.Float(), nullable=False),
        sa.Column("last_used_at", UtcDateTime()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
    )
    op.create_index("idx_agents_active", "agent_registry", ["is_active"])
    op.create_index("idx_agents_type", "agent_registry", ["agent_type"])
    op.create_table(
        "agent_stats",
        sa.Column("agent_name", Ref, primary_key=True),
        sa.Column("date", Ref, primary_key=True),
        sa.Column("task_type", Ref, primary_key=True),
        sa.Column("total_tasks", sa.Integer(), nullable=False),
        sa.Column("successful_tasks", sa.Integer(), nullable=False),
        sa.Column("failed_tasks", sa.Integer(), nullable=False),
        sa.Column("total_processing_time_ms", sa.Integer(), nullable=False),
        sa.Column("min_processing_time_ms", sa.Integer()),
        sa.Column("max_processing_time_ms", sa.Integer()),
    )
    op.create_table(
        "embeddings",
        sa.Column("text_hash", Ref, primary_key=True),
        sa.Column("model_id", Ref, primary_key=True),
        sa.Column("dimensions", sa.Integer(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "handoff_history",
        sa.Column("id", Ref, primary_key=True),
        sa.Column("source_agent", Ref, nullable=False),
        sa.Column("target_agent", Ref, nullable=False),
        sa.Column("task_type", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("payload_json", JsonDocument()),
        sa.Column("context_json", JsonDocument()),
        sa.Column("result_json", JsonDocument()),
        sa.Column("error", sa.Text()),
        sa.Column("processing_time_ms", sa.Integer()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("accepted_at", UtcDateTime()),
        sa.Column("completed_at", UtcDateTime()),
    )
    op.create_table(
        "jobs",
        sa.Column("job_id", Ref, primary_key=True),
        sa.Column("job_type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("channel_id", Ref),
        sa.Column("client", sa.Text()),
        sa.Column("started_at", UtcDateTime()),
        sa.Column("completed_at", UtcDateTime()),
        sa.Column("progress_json", JsonDocument()),
        sa.Column("result_json", JsonDocument()),
        sa.Column("error", sa.Text()),
        sa.Column("file_path", sa.Text()),
        sa.Column("download_url", sa.Text()),
        sa.Column("export_format", sa.Text()),
        sa.Column("webhook_url", sa.Text()),
        sa.Column("webhook_secret_sealed", sa.Text()),
    )
    op.create_table(
        "processed_documents",
        sa.Column("source_ref", Ref, nullable=False),
        sa.Column("id", Ref, nullable=False),
        sa.Column("source_message_id", Ref, nullable=False),
        sa.Column("channel_id", Ref, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("message_date", UtcDateTime(), nullable=False),
        sa.Column("message_type", sa.Text(), nullable=False),
        sa.Column("thread_id", Ref),
        sa.Column("parent_message_id", Ref),
        sa.Column("processed_at", UtcDateTime(), nullable=False),
        sa.Column("language", sa.Text()),
        sa.Column("is_noise", sa.Boolean(), nullable=False),
        sa.Column("sentiment_json", JsonDocument()),
        sa.Column("topics_json", JsonDocument(), nullable=False),
        sa.Column("entities_json", JsonDocument(), nullable=False),
        sa.Column("summary", sa.Text()),
        sa.Column("text_clean", sa.Text(), nullable=False),
        sa.Column("metadata_json", JsonDocument(), nullable=False),
    )
    op.create_index("idx_processed_channel", "processed_documents", ["channel_id"])
    op.create_index("idx_processed_source", "processed_documents", ["source_ref"], unique=True)
    op.create_table(
        "processing_failures",
        sa.Column("source_ref", Ref, primary_key=True),
        sa.Column("channel_id", Ref, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_attempt_at", UtcDateTime(), nullable=False),
        sa.Column("error_class", sa.Text()),
        sa.Column("error_message", sa.Text()),
        sa.Column("error_details_json", JsonDocument()),
    )
    op.create_table(
        "task_history",
        sa.Column("id", Ref, primary_key=True),
        sa.Column("agent_name", Ref, nullable=False),
        sa.Column("task_type", sa.Text(), nullable=False),
        sa.Column("source_ref", Ref),
        sa.Column("channel_id", Ref),
        sa.Column("input_json", JsonDocument(), nullable=False),
        sa.Column("output_json", JsonDocument()),
        sa.Column("success", sa.Boolean(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("processing_time_ms", sa.Integer()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime()),
    )
    op.create_table(
        "topic_runs",
        sa.Column("channels_key", Ref, primary_key=True),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=False),
        sa.Column("report_json", JsonDocument(), nullable=False),
    )
    op.create_table(
        "topics",
        sa.Column("id", Ref, primary_key=True),
        sa.Column("channel_id", Ref, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("scope_in_json", JsonDocument(), nullable=False),
        sa.Column("scope_out_json", JsonDocument(), nullable=False),
        sa.Column("anchors_json", JsonDocument(), nullable=False),
        sa.Column("sources_json", JsonDocument(), nullable=False),
        sa.Column("tags_json", JsonDocument(), nullable=False),
        sa.Column("related_topics_json", JsonDocument(), nullable=False),
        sa.Column("metadata_json", JsonDocument(), nullable=False),
        sa.Column("bundle_updated_at", UtcDateTime(), nullable=False),
        sa.Column("bundle_time_from", UtcDateTime()),
        sa.Column("bundle_time_to", UtcDateTime()),
        sa.Column("bundle_channels_json", JsonDocument(), nullable=False),
        sa.Column("bundle_metadata_json", JsonDocument(), nullable=False),
    )
    op.create_index("idx_topics_channel", "topics", ["channel_id"])
    op.create_table(
        "topic_items",
        sa.Column("topic_id", Ref, sa.ForeignKey("topics.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("source_ref", Ref, primary_key=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("channel_id", Ref, nullable=False),
        sa.Column("message_id", Ref, nullable=False),
        sa.Column("message_type", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("score", sa.Float()),
        sa.Column("justification", sa.Text()),
        sa.Column("thread_id", Ref),
        sa.Column("parent_message_id", Ref),
    )
    op.create_index("idx_topic_items_source_ref", "topic_items", ["source_ref"])


def downgrade() -> None:
    op.drop_table("topic_items")
    op.drop_table("topics")
    op.drop_table("topic_runs")
    op.drop_table("task_history")
    op.drop_table("processing_failures")
    op.drop_table("processed_documents")
    op.drop_table("jobs")
    op.drop_table("handoff_history")
    op.drop_table("embeddings")
    op.drop_table("agent_stats")
    op.drop_table("agent_registry")
