"""Topics in the processing database: cards with the head of their bundle, bundle items, embeddings, runs."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    false,
    text,
)

from tg_parser.storage.tables.columns import BigNumber, JsonDocument, Ref, UtcDateTime
from tg_parser.storage.tables.processing import metadata

HAS_LOST = text("lost_messages > 0")
"""As indexes and queries say it: a database uses an index of part of a table only for the same words."""
IS_AWAKE = text("NOT dormant AND status = 'active' AND level <> 'wanted'")
IS_DORMANT = text("dormant AND status = 'active'")

topics = Table(
    "topics",
    metadata,
    Column("id", Ref, primary_key=True),
    Column("channel_id", Ref, nullable=False),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("level", Text, nullable=False, server_default="event"),
    Column("parent_id", Ref),
    Column("hidden", Boolean, nullable=False, server_default=false()),
    Column("pinned", Boolean, nullable=False, server_default=false()),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("scope_in_json", JsonDocument, nullable=False),
    Column("scope_out_json", JsonDocument, nullable=False),
    Column("anchors_json", JsonDocument, nullable=False),
    Column("sources_json", JsonDocument, nullable=False),
    Column("tags_json", JsonDocument, nullable=False),
    Column("related_topics_json", JsonDocument, nullable=False),
    Column("metadata_json", JsonDocument, nullable=False),
    Column("bundle_updated_at", UtcDateTime, nullable=False),
    Column("bundle_time_from", UtcDateTime),
    Column("bundle_time_to", UtcDateTime),
    Column("bundle_channels_json", JsonDocument, nullable=False),
    Column("bundle_metadata_json", JsonDocument, nullable=False),
    Column("lost_messages", Integer, nullable=False, server_default="0"),
    Column("dormant", Boolean, nullable=False, server_default=false()),
    Index("idx_topics_channel", "channel_id"),
    Index("idx_topics_time", "channel_id", "bundle_time_to", "bundle_time_from"),
    Index("idx_topics_title", "channel_id", "title"),
    Index("idx_topics_lost", "channel_id", sqlite_where=HAS_LOST, postgresql_where=HAS_LOST),
    Index("idx_topics_awake", "channel_id", "bundle_time_to", sqlite_where=IS_AWAKE, postgresql_where=IS_AWAKE),
)

topic_items = Table(
    "topic_items",
    metadata,
    Column("topic_id", Ref, ForeignKey("topics.id", ondelete="CASCADE"), primary_key=True),
    Column("source_ref", Ref, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("channel_id", Ref, nullable=False),
    Column("message_id", Ref, nullable=False),
    Column("message_type", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("score", Float),
    Column("justification", Text),
    Column("thread_id", Ref),
    Column("parent_message_id", Ref),
    Index("idx_topic_items_source_ref", "source_ref"),
)

topic_changes = Table(
    "topic_changes",
    metadata,
    Column("number", BigNumber, Identity(), primary_key=True),
    Column("topic_id", Ref, nullable=False),
    Column("channel_id", Ref, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("other_id", Ref),
    Column("messages_json", JsonDocument, nullable=False),
    Column("by", Text),
    Index("idx_topic_changes_topic", "topic_id", "number"),
    Index("idx_topic_changes_at", "channel_id", "at", "number"),
)

topic_edits = Table(
    "topic_edits",
    metadata,
    Column("number", BigNumber, Identity(), primary_key=True),
    Column("channel_id", Ref, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("by", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("topic_id", Ref, nullable=False),
    Column("other_id", Ref),
    Column("title", Text),
    Column("old_title", Text),
    Column("messages_json", JsonDocument, nullable=False),
    Column("before_json", JsonDocument, nullable=False),
    Column("undone_at", UtcDateTime),
    Column("undone_by", Text),
    Index("idx_topic_edits_channel", "channel_id", "number"),
)

embeddings = Table(
    "embeddings",
    metadata,
    Column("text_hash", Ref, primary_key=True),
    Column("model_id", Ref, primary_key=True),
    Column("dimensions", Integer, nullable=False),
    Column("vector", LargeBinary, nullable=False),
)

topic_runs = Table(
    "topic_runs",
    metadata,
    Column("channels_key", Ref, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("finished_at", UtcDateTime, nullable=False),
    Column("report_json", JsonDocument, nullable=False),
)
