"""Jobs in the processing database, those of the earlier version among them."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text, text

from tg_parser.storage.tables.columns import JsonDocument, Ref, UtcDateTime
from tg_parser.storage.tables.processing import metadata

_QUEUED, _RUNNING = text("status = 'queued'"), text("status = 'running'")
_HELPING = text("helps IS NOT NULL")

# The webhook's secret is stored encrypted: a dump of this table must not let anybody sign as this server.
jobs = Table(
    "jobs",
    metadata,
    Column("job_id", Ref, primary_key=True),
    Column("job_type", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("channel_id", Ref),
    Column("client", Text),
    Column("started_at", UtcDateTime),
    Column("completed_at", UtcDateTime),
    Column("progress_json", JsonDocument),
    Column("result_json", JsonDocument),
    Column("error", Text),
    Column("file_path", Text),
    Column("download_url", Text),
    Column("export_format", Text),
    Column("webhook_url", Text),
    Column("webhook_secret_sealed", Text),
    Column("parameters_json", JsonDocument),
    Column("digest", Ref),
    Column("lock_name", Ref),
    Column("run_at", UtcDateTime),
    Column("attempt", Integer, nullable=False, server_default=text("0")),
    Column("takeovers", Integer, nullable=False, server_default=text("0")),
    Column("worker", Ref),
    Column("heartbeat_at", UtcDateTime),
    Column("cancel_requested_at", UtcDateTime),
    Column("request_id", Text),
    Column("idempotency_key", Text),
    Column("error_json", JsonDocument),
    Column("helps", Ref),
    Column("traceparent", Text),
    Index("idx_jobs_waiting", "run_at", "job_id", postgresql_where=_QUEUED, sqlite_where=_QUEUED),
    Index("idx_jobs_same_work", "digest", postgresql_where=_QUEUED, sqlite_where=_QUEUED),
    Index("idx_jobs_running", "worker", postgresql_where=_RUNNING, sqlite_where=_RUNNING),
    Index("idx_jobs_lock", "lock_name", unique=True, postgresql_where=_RUNNING, sqlite_where=_RUNNING),
    Index("idx_jobs_lock_waiting", "lock_name", "run_at", postgresql_where=_QUEUED, sqlite_where=_QUEUED),
    Index("idx_jobs_idempotency", "client", "idempotency_key", unique=True),
    Index("idx_jobs_helpers", "helps", postgresql_where=_HELPING, sqlite_where=_HELPING),
)

# What workers do for all of them, one row for each.
job_upkeep = Table(
    "job_upkeep",
    metadata,
    Column("name", Ref, primary_key=True),
    Column("last_at", UtcDateTime, nullable=False),
    Column("jobs", Integer, nullable=False),
)
