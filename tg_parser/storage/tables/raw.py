"""The raw database: messages as they were first seen, and the log of later changes."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, Table, Text

from tg_parser.storage.tables.columns import BigNumber, JsonDocument, Ref, UtcDateTime

metadata = MetaData()

# The unique index is the key: the channel follows from the ref, so the pair is unique if the ref is.
# Small columns come first: SQLite reads a row from its beginning, so scans need not touch text and payload.
raw_messages = Table(
    "raw_messages",
    metadata,
    Column("source_ref", Ref, nullable=False),
    Column("channel_id", Ref, nullable=False),
    Column("message_type", Text, nullable=False),
    Column("id", Ref, nullable=False),
    Column("id_number", BigNumber),
    Column("date", UtcDateTime, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("deleted_at", UtcDateTime),
    Column("service_action", Text),
    Column("thread_id", Ref),
    Column("parent_message_id", Ref),
    Column("reply_to_message_id", Ref),
    Column("language", Text),
    Column("author_id", Ref),
    Column("author_name", Text),
    Column("views", BigNumber),
    Column("forwards", BigNumber),
    Column("album_id", Ref),
    Column("forum_topic", Text),
    Column("edited_at", UtcDateTime),
    Column("via", Text),
    Column("inserted_at", UtcDateTime, nullable=False),
    Column("text_sanitized", Boolean, nullable=False),
    Column("raw_payload_truncated", Boolean, nullable=False),
    Column("raw_payload_original_size_bytes", BigNumber),
    Column("reactions_json", JsonDocument),
    Column("media_json", JsonDocument),
    Column("links_json", JsonDocument),
    Column("forward_json", JsonDocument),
    Column("text", Text, nullable=False),
    Column("raw_payload_json", JsonDocument),
    Index("idx_raw_source_channel", "source_ref", "channel_id", unique=True),
    Index("idx_raw_date", "date", "source_ref"),
    Index("idx_raw_channel_date", "channel_id", "date", "source_ref"),
    Index("idx_raw_thread", "channel_id", "thread_id", "date", "source_ref"),
)

raw_revisions = Table(
    "raw_revisions",
    metadata,
    Column("source_ref", Ref, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("observed_at", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False),
    Column("via", Text),
    Column("edited_at", UtcDateTime),
    Column("text_sanitized", Boolean, nullable=False),
    Column("raw_payload_truncated", Boolean, nullable=False),
    Column("raw_payload_original_size_bytes", BigNumber),
    Column("text", Text, nullable=False),
    Column("raw_payload_json", JsonDocument),
)
