"""Webhooks and their deliveries, in the processing database."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, Table, Text

from tg_parser.storage.tables.columns import JsonDocument, Ref, UtcDateTime
from tg_parser.storage.tables.processing import metadata

# Secrets are sealed with a key that is not in the database: a dump of this table lets nobody sign as this server.
webhooks = Table(
    "webhooks",
    metadata,
    Column("webhook_id", Ref, primary_key=True),
    Column("url", Text, nullable=False),
    Column("events_json", JsonDocument, nullable=False),
    Column("secret_sealed", Text, nullable=False),
    Column("previous_sealed", Text),
    Column("previous_until", UtcDateTime),
    Column("key_id", Ref),
    Column("job_id", Ref),
    Column("created_at", UtcDateTime, nullable=False),
    Column("disabled_at", UtcDateTime),
    Column("disabled_reason", Text),
    Index("idx_webhooks_job", "job_id"),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("delivery_id", Ref, primary_key=True),
    Column("webhook_id", Ref, ForeignKey("webhooks.webhook_id", ondelete="CASCADE"), nullable=False),
    Column("event", Text, nullable=False),
    Column("subject", Ref, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("job_id", Ref, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", UtcDateTime),
    Column("answered_at", UtcDateTime),
    Column("answer_seconds", Float),
    Column("answer_status", Integer),
    Column("answer_body", Text),
    Column("answer_error", Text),
    Index("idx_webhook_deliveries_webhook", "webhook_id", "delivery_id"),
    Index("idx_webhook_deliveries_created", "created_at"),
)
