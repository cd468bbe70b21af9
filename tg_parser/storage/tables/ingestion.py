"""The ingestion database: sources, how far each got, and every attempt."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Identity, Index, Integer, MetaData, Table, Text, text

from tg_parser.storage.tables.columns import BigNumber, JsonDocument, Ref, UtcDateTime

metadata = MetaData()
_ACTIVE = text("status = 'active'")

# The unique index is the key: its name is fixed, and SQLite cannot name a primary key.
ingestion_state = Table(
    "ingestion_state",
    metadata,
    Column("source_id", Ref, nullable=False),
    Column("channel_id", Ref, nullable=False),
    Column("channel_username", Text),
    Column("channel_title", Text),
    Column("channel_kind", Text, nullable=False),
    Column("via", Text),
    Column("status", Text, nullable=False),
    Column("include_comments", Boolean, nullable=False),
    Column("history_from", UtcDateTime),
    Column("history_to", UtcDateTime),
    Column("poll_interval_seconds", Integer),
    Column("batch_size", Integer),
    Column("last_post_id", BigNumber),
    Column("backfill_completed_at", UtcDateTime),
    Column("last_attempt_at", UtcDateTime),
    Column("last_success_at", UtcDateTime),
    Column("fail_count", Integer, nullable=False),
    Column("last_error", Text),
    Column("rate_limit_until", UtcDateTime),
    Column("comments_unavailable", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("peer_id", Ref),
    Column("newest_post_id", BigNumber),
    Column("open_ranges", JsonDocument),
    Column("comments_swept_to", BigNumber),
    Column("comments_turn", BigNumber),
    Column("discussion_groups", JsonDocument),
    Column("channel_names", JsonDocument),
    Column("steps", Text),
    Column("next_poll_at", UtcDateTime),
    Index("idx_ingestion_source_id", "source_id", unique=True),
    Index("idx_ingestion_due", "next_poll_at", "source_id", postgresql_where=_ACTIVE, sqlite_where=_ACTIVE),
)

comment_cursors = Table(
    "comment_cursors",
    metadata,
    Column("source_id", Ref, ForeignKey("ingestion_state.source_id", ondelete="CASCADE"), primary_key=True),
    Column("thread_id", Ref, primary_key=True),
    Column("last_comment_id", BigNumber),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("reply_count", BigNumber),
    Column("walked_count", BigNumber),
)

source_attempts = Table(
    "source_attempts",
    metadata,
    Column("id", BigNumber, Identity(), primary_key=True),
    Column("source_id", Ref, ForeignKey("ingestion_state.source_id", ondelete="CASCADE"), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime, nullable=False),
    Column("success", Boolean, nullable=False),
    Column("error_class", Text),
    Column("error_message", Text),
    Column("counts_json", JsonDocument, nullable=False),
    Index("idx_attempts_source", "source_id", "id"),
)

# Written when a source fails, deleted once its webhooks wait in the other database.
source_failures = Table(
    "source_failures",
    metadata,
    Column("source_id", Ref, ForeignKey("ingestion_state.source_id", ondelete="CASCADE"), primary_key=True),
    Column("failed_at", UtcDateTime, primary_key=True),
    Column("error_class", Text, nullable=False),
    Column("error_message", Text, nullable=False),
)

# What must be remembered about an account. A session is known by a digest of its key: a new login is a new row.
telegram_sessions = Table(
    "telegram_sessions",
    metadata,
    Column("session_id", Ref, primary_key=True),
    Column("blocked_reason", Text, nullable=False),
    Column("blocked_at", UtcDateTime, nullable=False),
)

telegram_limits = Table(
    "telegram_limits",
    metadata,
    Column("session_id", Ref, primary_key=True),
    Column("request", Ref, primary_key=True),
    Column("wait_until", UtcDateTime, nullable=False),
)

telegram_access = Table(
    "telegram_access",
    metadata,
    Column("session_id", Ref, primary_key=True),
    Column("channel_id", Ref, primary_key=True),
    Column("access_hash", BigNumber, nullable=False),
)
