"""API keys and the log of changes, in the processing database."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text

from tg_parser.storage.tables.columns import JsonDocument, Ref, UtcDateTime
from tg_parser.storage.tables.processing import metadata

# Hashes of random secrets: a dump of this table lets nobody in.
api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", Ref, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("sources_json", JsonDocument),
    Column("secret_hash", Text, nullable=False),
    Column("previous_hash", Text),
    Column("previous_until", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Column("rotated_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("entry_id", Ref, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", Ref, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Ref, nullable=False),
    Column("origin", Text, nullable=False),
    Column("details_json", JsonDocument, nullable=False),
    Index("idx_audit_log_actor", "actor", "entry_id"),
    Index("idx_audit_log_subject", "subject", "entry_id"),
)
