"""Requests that came with an idempotency key, and what they were answered, in the processing database."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text

from tg_parser.storage.tables.columns import JsonDocument, Ref, UtcDateTime
from tg_parser.storage.tables.processing import metadata

# Without a status the request is under way, or the process that worked on it died.
keyed_requests = Table(
    "keyed_requests",
    metadata,
    Column("client", Ref, primary_key=True),
    Column("idempotency_key", Ref, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("begun_at", UtcDateTime, nullable=False),
    Column("status", Integer),
    Column("headers_json", JsonDocument),
    Column("body", Text),
    Index("idx_keyed_requests_begun", "begun_at"),
)
