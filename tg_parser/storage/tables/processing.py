"""The processing database: documents, failures and claims. Its topics and agents are in the files next to this one."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, Table, Text, false, text

from tg_parser.storage.tables.columns import BigNumber, JsonDocument, Ref, UtcDateTime

metadata = MetaData()

IS_NEW = text("NOT is_grouped")
IS_NOT_INDEXED = text("NOT is_indexed")
IS_TO_GROUP = text("NOT is_noise AND text_clean <> ''")
"""As indexes and queries say it: a database uses an index of part of a table only for the same words."""

# The unique index is the key, as in raw_messages. Permanent facts of the message are kept with its
# document, so that export and topics read one database.
processed_documents = Table(
    "processed_documents",
    metadata,
    Column("source_ref", Ref, nullable=False),
    Column("id", Ref, nullable=False),
    Column("source_message_id", Ref, nullable=False),
    Column("channel_id", Ref, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("message_date", UtcDateTime, nullable=False),
    Column("message_type", Text, nullable=False),
    Column("thread_id", Ref),
    Column("parent_message_id", Ref),
    Column("processed_at", UtcDateTime, nullable=False),
    Column("language", Text),
    Column("is_noise", Boolean, nullable=False),
    Column("sentiment_json", JsonDocument),
    Column("topics_json", JsonDocument, nullable=False),
    Column("entities_json", JsonDocument, nullable=False),
    Column("summary", Text),
    Column("text_clean", Text, nullable=False),
    Column("metadata_json", JsonDocument, nullable=False),
    Column("is_grouped", Boolean, nullable=False, server_default=false()),
    Column("is_indexed", Boolean, nullable=False, server_default=false()),
    Index("idx_processed_source", "source_ref", unique=True),
    Index("idx_processed_channel", "channel_id", "message_date", "source_ref"),
    Index("idx_processed_date", "message_date", "source_ref"),
    Index("idx_processed_new", "channel_id", "source_ref", sqlite_where=IS_NEW, postgresql_where=IS_NEW),
    Index("idx_processed_not_indexed", "source_ref", sqlite_where=IS_NOT_INDEXED, postgresql_where=IS_NOT_INDEXED),
    Index("idx_processed_to_group", "channel_id", sqlite_where=IS_TO_GROUP, postgresql_where=IS_TO_GROUP),
)

# How often documents of a channel were written or removed: see document_changes.py.
document_changes = Table(
    "document_changes",
    metadata,
    Column("channel_id", Ref, primary_key=True),
    Column("changes", BigNumber, nullable=False),
)
SEARCH_WORDS = "search_words"
"""The full-text table of SQLite, and the beginning of the names of the tables that SQLite makes for it."""
DERIVED = frozenset({document_changes.name, "search_entries"})
"""Tables that hold only derived or passing state: no migration copies or restores them."""
DERIVED_COLUMNS = frozenset({"is_indexed"})
"""Columns that say how far derived tables are: a copied row begins with the default."""

processing_failures = Table(
    "processing_failures",
    metadata,
    Column("source_ref", Ref, primary_key=True),
    Column("channel_id", Ref, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_attempt_at", UtcDateTime, nullable=False),
    Column("error_class", Text),
    Column("error_message", Text),
    Column("error_details_json", JsonDocument),
)

# Messages that a process is working on. The lock it holds tells whether it is still alive: see processing/claims.py.
processing_claims = Table(
    "processing_claims",
    metadata,
    Column("source_ref", Ref, primary_key=True),
    Column("holder", Ref, nullable=False),
    Column("claimed_at", UtcDateTime, nullable=False),
)
